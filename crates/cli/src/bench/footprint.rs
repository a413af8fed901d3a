//! What the engine holds at one moment, from `/proc` and the cgroup file systems.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// What the engine holds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Footprint {
    /// Proportional memory of supervisor, launchers, zygotes and waiting workers, in mebibytes.
    pub(crate) proportional_mebibytes: f64,
    /// Proportional memory of the supervisor alone, in mebibytes.
    pub(crate) supervisor_mebibytes: f64,
    /// Proportional memory of each process below the supervisor: name and mebibytes.
    pub(crate) processes: Vec<(String, f64)>,
    /// Open descriptors of the supervisor.
    pub(crate) descriptors: usize,
    /// Mounts that the supervisor sees.
    pub(crate) mounts: usize,
    /// Cgroups below the supervisor's own.
    pub(crate) cgroups: usize,
}

/// Looks.
pub(crate) fn take() -> Footprint {
    let own = std::process::id();
    let supervisor = proportional(own);
    let processes: Vec<(String, f64)> =
        descendants(own).into_iter().map(|process| (name(process), proportional(process))).collect();
    Footprint {
        proportional_mebibytes: supervisor + processes.iter().map(|(_, mebibytes)| mebibytes).sum::<f64>(),
        supervisor_mebibytes: supervisor,
        processes,
        descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        mounts: fs::read_to_string("/proc/self/mountinfo").map_or(0, |text| text.lines().count()),
        cgroups: cgroups(Path::new("/sys/fs/cgroup"), &format!("stockade-{own}")),
    }
}

/// `Pss` of `/proc/PID/smaps_rollup` in mebibytes.
fn proportional(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let kibibytes =
        text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn name(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default().trim().to_owned()
}

fn descendants(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = vec![process];
    while let Some(process) = next.pop() {
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                found.push(child);
                next.push(child);
            }
        }
    }
    found
}

/// Directories below the one whose name starts with `prefix`.
fn cgroups(directory: &Path, prefix: &str) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| {
            let is_ours = entry.file_name().to_string_lossy().starts_with(prefix);
            usize::from(is_ours) + cgroups(&entry.path(), if is_ours { "" } else { prefix })
        })
        .sum()
}
