//! Runs classic BPF as the kernel does, so that tests judge the compiled program and not its source.

use libc::sock_filter;

/// What a filter is asked: `struct seccomp_data` of `seccomp(2)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) architecture: u32,
    pub(super) number: u32,
    pub(super) arguments: [u64; 6],
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The value that the filter returned.
    pub(super) value: u32,
    /// The filter has looked at an argument.
    pub(super) by_argument: bool,
    /// Instructions that were carried out.
    pub(super) steps: usize,
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[((offset - 16) / 8) as usize];
                if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
            }
            _ => panic!("a filter may not read at offset {offset}"),
        }
    }
}

/// Runs the filter; panics where the kernel would refuse to install it.
pub(super) fn run(program: &[sock_filter], call: &Call) -> Verdict {
    let (mut accumulator, mut index, mut position, mut by_argument, mut steps) = (0_u32, 0_u32, 0, false, 0);
    loop {
        let instruction = program[position];
        let (code, operand) = (u32::from(instruction.code), instruction.k);
        position += 1;
        steps += 1;
        let jump = |condition: bool| usize::from(if condition { instruction.jt } else { instruction.jf });
        const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
        const LOAD_CONSTANT: u32 = libc::BPF_LD | libc::BPF_IMM;
        const TO_INDEX: u32 = libc::BPF_MISC | libc::BPF_TAX;
        const FROM_INDEX: u32 = libc::BPF_MISC | libc::BPF_TXA;
        const SHIFT_BY_INDEX: u32 = libc::BPF_ALU | libc::BPF_LSH | libc::BPF_X;
        const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
        const ALWAYS: u32 = libc::BPF_JMP | libc::BPF_JA;
        const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        const AT_LEAST: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
        const ANY_BIT: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
        const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
        match code {
            LOAD => {
                by_argument |= operand >= 16;
                accumulator = call.word(operand);
            }
            LOAD_CONSTANT => accumulator = operand,
            TO_INDEX => index = accumulator,
            FROM_INDEX => accumulator = index,
            // Shifting by 32 or more is not defined, so that the filter must not do it.
            SHIFT_BY_INDEX => accumulator = accumulator.checked_shl(index).expect("a shift by less than 32"),
            AND => accumulator &= operand,
            ALWAYS => position += operand as usize,
            EQUAL => position += jump(accumulator == operand),
            AT_LEAST => position += jump(accumulator >= operand),
            ANY_BIT => position += jump(accumulator & operand != 0),
            RETURN => return Verdict { value: operand, by_argument, steps },
            _ => panic!("no instruction of ours has the code {code:#x}"),
        }
    }
}
