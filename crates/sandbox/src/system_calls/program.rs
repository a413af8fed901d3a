//! A writer of classic BPF.
//!
//! A program may only jump forwards, at most 255 instructions at once when the jump depends on a comparison
//! (`Documentation/networking/filter.rst` of the kernel). It is therefore written from its end: what an instruction
//! jumps to is always there already.

use libc::sock_filter;

use super::Denial;
use super::action::{Action, Check, Condition, Rule, Test};

/// Offsets in `struct seccomp_data`, in bytes.
pub(super) mod offset {
    pub(crate) const NUMBER: u32 = 0;
    pub(crate) const ARCHITECTURE: u32 = 4;
    /// The low half of argument 0 on a little-endian machine; each argument has eight bytes.
    pub(crate) const ARGUMENTS: u32 = 16;
}

/// How far behind an answer may lie to be jumped to again, in instructions: so far that what is written until the jump
/// stays within 255.
const REACH: usize = 200;

/// A program being written.
pub(super) struct Program {
    denial: Denial,
    /// The last instruction first.
    instructions: Vec<sock_filter>,
    /// Where each answer was written last.
    answers: Vec<(Action, Label)>,
}

/// An instruction, by its distance from the end of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

impl Program {
    pub(super) fn new(denial: Denial) -> Self {
        Self { denial, instructions: Vec::new(), answers: Vec::new() }
    }

    /// The program in its own order.
    pub(super) fn finish(mut self) -> Vec<sock_filter> {
        self.instructions.reverse();
        self.instructions
    }

    /// Goes to the last leaf whose first number is not greater than the accumulator; the first leaf begins at 0.
    pub(super) fn tree(&mut self, leaves: &[(u32, Label)]) -> Label {
        match leaves {
            [] => self.answer(Action::ABSENT),
            [(_, label)] => *label,
            _ => {
                let (low, high) = leaves.split_at(leaves.len() / 2);
                let first = high.first().map_or(0, |(first, _)| *first);
                let high = self.tree(high);
                let low = self.tree(low);
                self.branch(libc::BPF_JGE, first, high, low)
            }
        }
    }

    /// Makes the kernel give up at once when it works out which numbers are always allowed: it does not follow the index
    /// register (`seccomp_is_const_allow` in `kernel/seccomp.c`). Otherwise it would run the program for each number
    /// it knows, of this architecture and of the 32-bit one.
    pub(super) fn end_emulation(&mut self, next: Label) -> Label {
        self.step(libc::BPF_MISC | libc::BPF_TAX, 0, next)
    }

    /// Loads the call's number, and into the index register the bit that it has in a word of 32 numbers.
    pub(super) fn load_number_with_index_bit(&mut self, next: Label) -> Label {
        let next = self.load(offset::NUMBER, next);
        let next = self.step(libc::BPF_MISC | libc::BPF_TAX, 0, next);
        let next = self.step(libc::BPF_ALU | libc::BPF_LSH | libc::BPF_X, 0, next);
        let next = self.step(libc::BPF_LD | libc::BPF_IMM, 1, next);
        let next = self.step(libc::BPF_MISC | libc::BPF_TAX, 0, next);
        let next = self.step(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 31, next);
        self.load(offset::NUMBER, next)
    }

    /// Goes to `hit` if the index register shares a bit with `bits`.
    pub(super) fn jump_if_index_bit(&mut self, bits: u32, hit: Label, miss: Label) -> Label {
        match bits {
            0 => miss,
            u32::MAX => hit,
            _ => {
                let test = self.branch(libc::BPF_JSET, bits, hit, miss);
                self.step(libc::BPF_MISC | libc::BPF_TXA, 0, test)
            }
        }
    }

    /// What ends the way of one call through the program.
    pub(super) fn rule(&mut self, rule: Rule) -> Label {
        match rule {
            Rule::Always(action) => self.answer(action),
            Rule::Checked { checks, otherwise } => {
                let otherwise = self.answer(otherwise);
                checks.iter().rev().fold(otherwise, |otherwise, check| self.check(check, otherwise))
            }
        }
    }

    /// Answers if all conditions hold.
    fn check(&mut self, check: &Check, otherwise: Label) -> Label {
        let hit = self.answer(check.action);
        check.conditions.iter().rev().fold(hit, |hit, condition| self.condition(condition, hit, otherwise))
    }

    fn condition(&mut self, condition: &Condition, hit: Label, miss: Label) -> Label {
        let test = match condition.test {
            Test::AnyBit(bits) => self.branch(libc::BPF_JSET, bits, hit, miss),
            Test::OneOf { mask, values } => {
                let compare =
                    values.iter().rev().fold(miss, |miss, value| self.branch(libc::BPF_JEQ, *value, hit, miss));
                if mask == u32::MAX {
                    compare
                } else {
                    self.step(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask, compare)
                }
            }
        };
        self.load(offset::ARGUMENTS + 8 * condition.argument, test)
    }

    /// Returns an action to the kernel.
    pub(super) fn answer(&mut self, action: Action) -> Label {
        let known = self.answers.iter().find(|(known, _)| *known == action).map(|(_, label)| *label);
        if let Some(label) = known.filter(|label| self.distance(*label) < REACH) {
            return label;
        }
        let value = match (action, self.denial) {
            (Action::Allow, _) => libc::SECCOMP_RET_ALLOW,
            (Action::Deny, Denial::Notify) => libc::SECCOMP_RET_USER_NOTIF,
            (Action::Deny, Denial::Errno) => errno(libc::EPERM),
            (Action::Answer(number), _) => errno(number),
            (Action::Kill, _) => libc::SECCOMP_RET_KILL_PROCESS,
        };
        let label = self.place(libc::BPF_RET | libc::BPF_K, value, 0, 0);
        self.answers.retain(|(known, _)| *known != action);
        self.answers.push((action, label));
        label
    }

    /// Loads a word of `struct seccomp_data`.
    pub(super) fn load(&mut self, offset: u32, next: Label) -> Label {
        self.step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, next)
    }

    /// Compares the accumulator with a constant.
    pub(super) fn branch(&mut self, comparator: u32, value: u32, hit: Label, miss: Label) -> Label {
        // A jump that is placed for the second moves the first one further away by one instruction.
        let hit = self.within_reach(hit, 1);
        let miss = self.within_reach(miss, 0);
        let (if_true, if_false) = (self.distance(hit) as u8, self.distance(miss) as u8);
        self.place(libc::BPF_JMP | comparator | libc::BPF_K, value, if_true, if_false)
    }

    /// One instruction without a choice.
    fn step(&mut self, code: u32, operand: u32, next: Label) -> Label {
        if self.distance(next) > 0 {
            self.go_to(next);
        }
        self.place(code, operand, 0, 0)
    }

    /// `label`, or a jump to it where a comparison `margin` instructions further on could not reach it.
    fn within_reach(&mut self, label: Label, margin: usize) -> Label {
        if self.distance(label) + margin <= u8::MAX.into() { label } else { self.go_to(label) }
    }

    /// Jumps over any distance.
    fn go_to(&mut self, label: Label) -> Label {
        let distance = self.distance(label);
        self.place(libc::BPF_JMP | libc::BPF_JA, distance as u32, 0, 0)
    }

    /// How many instructions lie between the one that is placed next and `label`.
    fn distance(&self, label: Label) -> usize {
        self.instructions.len() - label.0
    }

    fn place(&mut self, code: u32, operand: u32, if_true: u8, if_false: u8) -> Label {
        self.instructions.push(sock_filter { code: code as u16, jt: if_true, jf: if_false, k: operand });
        Label(self.instructions.len())
    }
}

fn errno(number: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | (number as u32 & libc::SECCOMP_RET_DATA)
}
