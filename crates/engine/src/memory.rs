//! What a task without a cgroup holds, from `/proc` (`proc(5)`): the memory and the number of its processes.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

/// Processes that are counted; the process limit is far below.
const MAXIMUM_PROCESSES: usize = 4096;

/// Process id on the host of a pidfd, which `/proc/self/fdinfo` tells.
pub(crate) fn process_of(descriptor: &OwnedFd) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", descriptor.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok()).filter(|process| *process > 0)
}

/// Bytes that one process has in memory, the tables that the kernel needs to find them included; 0 when it is gone.
pub(crate) fn resident_bytes(process: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0)
    };
    (kibibytes("VmRSS") + kibibytes("VmPTE")) * 1024
}

/// What a process and all its descendants hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tree {
    /// In memory, beyond what each shares with the zygote it was forked from.
    pub(crate) bytes: u64,
    /// Processes and threads.
    pub(crate) threads: u64,
}

/// Adds up a process and all its descendants, each of which shares `inherited` bytes with the zygote.
pub(crate) fn tree(process: i32, inherited: u64) -> Tree {
    let mut found = vec![process];
    let mut tree = Tree { bytes: 0, threads: 0 };
    let mut index = 0;
    while index < found.len() && found.len() < MAXIMUM_PROCESSES {
        tree.bytes += resident_bytes(found[index]).saturating_sub(inherited);
        for thread in fs::read_dir(format!("/proc/{}/task", found[index])).into_iter().flatten().flatten() {
            tree.threads += 1;
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<i32>().ok()));
        }
        index += 1;
    }
    tree
}

/// Proportional memory of a process and all its descendants in bytes: each page they share with others counts in parts.
pub(crate) fn proportional_bytes(process: i32) -> u64 {
    let mut found = vec![process];
    let mut bytes = 0;
    let mut index = 0;
    while index < found.len() && found.len() < MAXIMUM_PROCESSES {
        bytes += proportional_bytes_of_one(found[index]);
        found.extend(children(found[index]));
        index += 1;
    }
    bytes
}

/// What is resident where the kernel does not tell the parts.
fn proportional_bytes_of_one(process: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map_or_else(|| resident_bytes(process), |kibibytes| kibibytes * 1024)
}

fn children(process: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let children = threads.map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    children
        .flat_map(|text| text.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<i32>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_this_process() {
        let process = std::process::id().cast_signed();
        assert!(resident_bytes(process) > 1 << 16);
        let tree = tree(process, 0);
        assert!(tree.bytes >= resident_bytes(process) / 2);
        assert!(tree.threads >= 1);
        assert_eq!(resident_bytes(-1), 0);
        assert!((1 << 16..=resident_bytes(process)).contains(&proportional_bytes_of_one(process)));
    }
}
