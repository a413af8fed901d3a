//! What the benchmarks share.
//!
//! - [`process`]: what a process and those below it hold and have used.
//! - [`section`]: the place of a benchmark in BENCHMARKS.md.

pub mod process;
pub mod section;
