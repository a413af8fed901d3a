//! Memory and processor time of a runner and all its processes.

use stockade_bench_shared::process;

/// What a runner and its processes hold and have used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Proportional memory: shared pages are shared out among those that have them.
    pub(crate) mebibytes: f64,
    /// Processor time so far, that of ended processes included.
    pub(crate) processor_milliseconds: f64,
}

impl Footprint {
    pub(crate) fn of(process: u32) -> Self {
        let processes = process::tree(process);
        Self {
            mebibytes: processes.iter().copied().map(process::proportional_mebibytes).sum(),
            processor_milliseconds: processes.into_iter().map(process::processor_seconds).sum::<f64>() * 1_000.0,
        }
    }
}
