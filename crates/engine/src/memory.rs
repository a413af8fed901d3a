//! Memory of a task without a cgroup, from `/proc` (`proc(5)`): what its processes hold in sum.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

const PAGE_BYTES: u64 = 4096;
/// Processes that are counted; the process limit is far below.
const MAXIMUM_PROCESSES: usize = 4096;

/// Process id on the host of a pidfd, which `/proc/self/fdinfo` tells.
pub(crate) fn process_of(descriptor: &OwnedFd) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", descriptor.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok()).filter(|process| *process > 0)
}

/// Bytes that one process has in memory; 0 when it is gone.
pub(crate) fn resident_bytes(process: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE_BYTES
}

/// Bytes that a process and all its descendants have in memory beyond the `inherited` ones that each shares with the
/// zygote it was forked from.
pub(crate) fn tree_bytes(process: i32, inherited: u64) -> u64 {
    let mut found = vec![process];
    let mut index = 0;
    while index < found.len() && found.len() < MAXIMUM_PROCESSES {
        found.extend(children(found[index]));
        index += 1;
    }
    found.into_iter().map(|process| resident_bytes(process).saturating_sub(inherited)).sum()
}

fn children(process: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<i32>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_this_process() {
        let process = std::process::id().cast_signed();
        assert!(resident_bytes(process) > PAGE_BYTES);
        assert!(tree_bytes(process, 0) >= resident_bytes(process) / 2);
        assert_eq!(resident_bytes(-1), 0);
    }
}
