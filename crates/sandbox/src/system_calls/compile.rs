//! From the policy to a program in classic BPF.
//!
//! The program sees a `struct seccomp_data` (`seccomp(2)`): the call's number, the architecture and the arguments. It
//! goes to its answer in three steps: the architecture; then one bit for each number, which tells what is always
//! allowed; then, for the other numbers, a search tree over ranges with the same rule.

use libc::sock_filter;

use super::action::{Action, Rule};
use super::program::{Label, Program, offset};
use super::{arguments, policy};

/// What becomes of a call that the policy denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// It waits for the supervisor, which holds the listener and answers (`seccomp_unotify(2)`). Once the listener is
    /// closed the kernel answers `ENOSYS`.
    Notify,
    /// The kernel answers `EPERM`; nobody learns of it.
    Errno,
}

/// `AUDIT_ARCH_X86_64` of `linux/audit.h`.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
/// `AUDIT_ARCH_AARCH64` of `linux/audit.h`.
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// Numbers with this bit and without the sign belong to the x32 interface of `x86_64` (`__X32_SYSCALL_BIT` of
/// `asm/unistd.h`), which numbers some calls differently.
const X32_BIT: u32 = 0x4000_0000;

/// The filter of a worker, to be installed with `seccomp(2)` after `PR_SET_NO_NEW_PRIVS`.
///
/// With [`Denial::Notify`] it must be installed with `SECCOMP_FILTER_FLAG_NEW_LISTENER`: without a listener the kernel
/// answers denied calls with `ENOSYS`.
pub fn worker_filter(denial: Denial) -> Vec<sock_filter> {
    compile(denial, rules())
}

/// The same where no control group counts memory: files in memory and shared memory, whose pages may belong to no
/// process that could be looked at, are denied.
pub fn uncounted_worker_filter(denial: Denial) -> Vec<sock_filter> {
    let mut rules = rules();
    rules[libc::SYS_memfd_create as usize] = policy::DENY;
    rules[libc::SYS_mmap as usize] = arguments::MAP_PRIVATE_MEMORY;
    compile(denial, rules)
}

fn compile(denial: Denial, rules: Vec<Rule>) -> Vec<sock_filter> {
    let mut program = Program::new(denial);

    let mut leaves: Vec<(u32, Label)> = Vec::new();
    for (first, rule) in ranges(&rules) {
        leaves.push((first, program.rule(rule)));
    }
    let search = program.tree(&leaves);
    let search = program.load(offset::NUMBER, search);

    let allow = program.answer(Action::Allow);
    let mut leaves: Vec<(u32, Label)> = Vec::new();
    for (first, allowed) in words(&rules) {
        leaves.push((first, program.jump_if_index_bit(allowed, allow, search)));
    }
    let lookup = program.tree(&leaves);
    let lookup = program.load_number_with_index_bit(lookup);

    let kill = program.answer(Action::Kill);
    let lookup = program.branch(libc::BPF_JEQ, ARCHITECTURE, lookup, kill);
    let lookup = program.load(offset::ARCHITECTURE, lookup);
    program.end_emulation(lookup);
    program.finish()
}

/// The rule of every number from 0 to the last that the policy lists.
fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for group in policy::groups() {
        for (number, _) in group.calls {
            let index = *number as usize;
            rules.resize(rules.len().max(index + 1), policy::ABSENT);
            rules[index] = group.rule;
        }
    }
    rules
}

/// The numbers in steps of 32, each with the bits of those that are always allowed; neighbours without any are one.
fn words(rules: &[Rule]) -> Vec<(u32, u32)> {
    let bits = |rules: &[Rule]| {
        let allowed = rules.iter().enumerate().filter(|(_, rule)| **rule == policy::ALLOW);
        allowed.fold(0, |bits, (index, _)| bits | 1 << index)
    };
    let mut words: Vec<(u32, u32)> =
        rules.chunks(32).map(bits).chain([0]).zip(0..).map(|(bits, word)| (word * 32, bits)).collect();
    words.dedup_by(|later, earlier| later.1 == 0 && earlier.1 == 0);
    words
}

/// Neighbouring numbers with the same rule, each range by its first number; what is always allowed was answered before
/// and may fall into any range.
fn ranges(rules: &[Rule]) -> Vec<(u32, Rule)> {
    let decided = (0..).zip(rules.iter().copied()).filter(|(_, rule)| *rule != policy::ALLOW);
    let beyond =
        [(rules.len() as u32, policy::ABSENT), (X32_BIT, Rule::Always(Action::Kill)), (X32_BIT << 1, policy::ABSENT)];
    let mut ranges: Vec<(u32, Rule)> = decided.chain(beyond).collect();
    ranges.dedup_by_key(|(_, rule)| *rule);
    ranges
}
