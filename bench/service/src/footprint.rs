//! What the service and its processes hold, from `/proc`.

use std::fs;

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
        let mut processes = 0;
        let mut next = vec![process];
        while let Some(process) = next.pop() {
            processes += 1;
            next.extend(children(process));
        }
        Self {
            resident_mebibytes: resident_mebibytes(process),
            descriptors: fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count),
            processes,
        }
    }
}

/// Resident memory of one process, in MiB.
pub(crate) fn resident_mebibytes(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes: Option<f64> =
        text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

pub(crate) fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}
