//! Which system calls a task may make, as a program for `seccomp(2)`.
//!
//! The policy gives every call one rule; [`worker_filter`] compiles the rules to classic BPF. Numbers that stand in no
//! list are answered with `ENOSYS`, as an older kernel would, so that a call which is newer than this crate is refused
//! without harm to a runtime that probes for it.
//!
//! # Why not `seccompiler`
//!
//! Every worker gets its own filter, so what counts is the time that installing it takes. Its filters compare the
//! number with one allowed call after the other, and the kernel
//!
//! - runs a new filter once for each number it knows, to remember which calls are always allowed
//!   (`seccomp_cache_prepare` in `kernel/seccomp.c`): 250 comparisons in a row take 0.9 ms;
//! - translates it to machine code: a third of a microsecond for each instruction.
//!
//! The filter that is compiled here has about 170 instructions and ends the kernel's run at the first. Installing
//! it takes 60 to 70 µs, 20 to 30 of which any filter takes (two cores, Linux 6.18); a search tree over ranges alone had
//! 240 instructions and took 115 µs. The price is that the kernel remembers nothing and runs the filter for each call,
//! which adds 30 ns to the 800 ns that a call takes there.

mod action;
mod arguments;
mod compile;
#[cfg(test)]
mod interpreter;
mod policy;
mod program;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use compile::{Denial, uncounted_worker_filter, worker_filter};
pub use policy::name;
