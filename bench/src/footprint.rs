//! Memory and processor time of a runner and all its processes, from `/proc`.

use std::fs;

/// What a runner and its processes hold and have used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Footprint {
    /// Proportional memory: shared pages are shared out among those that have them.
    pub(crate) mebibytes: f64,
    /// Processor time so far, that of ended processes included.
    pub(crate) processor_milliseconds: f64,
}

impl Footprint {
    pub(crate) fn of(process: u32) -> Self {
        let mut sum = Self::default();
        let mut next = vec![process];
        while let Some(process) = next.pop() {
            sum.mebibytes += kibibytes(process, "smaps_rollup", "Pss:") / 1024.0;
            sum.processor_milliseconds += processor_milliseconds(process);
            next.extend(children(process));
        }
        sum
    }
}

/// The most memory that one process has held at a time, in MiB.
pub(crate) fn peak_mebibytes(process: u32) -> f64 {
    kibibytes(process, "status", "VmHWM:") / 1024.0
}

fn kibibytes(process: u32, file: &str, field: &str) -> f64 {
    // A process that has ended meanwhile holds nothing.
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB")?.trim().parse().ok());
    value.unwrap_or(0.0)
}

/// User and system time, also of children that were waited for. The kernel counts in hundredths of a second.
fn processor_milliseconds(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let Some((_, fields)) = text.rsplit_once(") ") else { return 0.0 };
    fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10.0
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}
