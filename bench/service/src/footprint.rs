//! What the service and its processes hold, from `/proc`.

use std::fs;

use stockade_bench_shared::process;

/// What there is at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Resident memory of the service itself.
    pub(crate) resident_mebibytes: f64,
    /// Its open descriptors.
    pub(crate) descriptors: usize,
    /// Its processes, itself included.
    pub(crate) processes: usize,
}

impl Footprint {
    pub(crate) fn of(process: u32) -> Self {
        Self {
            resident_mebibytes: process::resident_mebibytes(process),
            descriptors: fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count),
            processes: process::tree(process).len(),
        }
    }
}
