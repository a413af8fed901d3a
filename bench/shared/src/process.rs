//! What a process and those below it hold and have used, from `/proc` (`proc(5)`).
//!
//! A process that has ended meanwhile holds nothing and has used nothing.

use std::fs;

/// A process and all below it.
pub fn tree(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = vec![process];
    while let Some(process) = next.pop() {
        found.push(process);
        next.extend(children(process));
    }
    found
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// Proportional memory in MiB: shared pages are shared out among those that have them.
pub fn proportional_mebibytes(process: u32) -> f64 {
    mebibytes(process, "smaps_rollup", "Pss:")
}

/// Resident memory in MiB.
pub fn resident_mebibytes(process: u32) -> f64 {
    mebibytes(process, "status", "VmRSS:")
}

/// The most memory in MiB that was resident at a time.
pub fn peak_mebibytes(process: u32) -> f64 {
    mebibytes(process, "status", "VmHWM:")
}

fn mebibytes(process: u32, file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let value: Option<f64> =
        text.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB")?.trim().parse().ok());
    value.unwrap_or(0.0) / 1024.0
}

/// Seconds of processor time, user and system, also of children that were waited for. The kernel counts in hundredths.
pub fn processor_seconds(process: u32) -> f64 {
    // Fields 14 to 17, counted behind the name, which may have spaces.
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let Some((_, fields)) = text.rsplit_once(") ") else { return 0.0 };
    fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
