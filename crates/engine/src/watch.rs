//! Limits that the kernel does not end a task for by itself.
//!
//! With a cgroup: the kernel kills *a* process of the task when memory runs out and refuses processes beyond the limit,
//! and both are noticed here. Without one, memory is what the task's processes hold in sum, looked up in `/proc`.

use std::sync::Arc;
use std::time::Duration;

use stockade_protocol::Limits;

use crate::memory;
use crate::slot::SlotLease;
use crate::verdict::End;
use crate::worker::Worker;

/// How often a running task is looked at; half of what a reached limit may take to be noticed.
const INTERVAL: Duration = Duration::from_millis(50);
/// Refused processes from which on a task is taken for a fork bomb, whatever its limit. A program that meets the limit
/// now and then may go on with the processes that it has.
const REFUSED_PROCESSES: u64 = 100;

/// Looks at a running task from time to time.
#[derive(Debug)]
pub(crate) struct Watch {
    timer: tokio::time::Interval,
    slot: Arc<SlotLease>,
    memory_limit: u64,
    process_limit: u32,
    /// Without a cgroup: the worker's process on the host, and what it held before its task.
    process: Option<(i32, u64)>,
}

impl Watch {
    pub(crate) fn new(worker: &Worker, limits: &Limits) -> Self {
        let process = match worker.slot.group {
            Some(_) => None,
            None => memory::process_of(&worker.process.0).map(|process| (process, memory::resident_bytes(process))),
        };
        Self {
            timer: tokio::time::interval_at(tokio::time::Instant::now() + INTERVAL, INTERVAL),
            slot: Arc::clone(&worker.slot),
            memory_limit: limits.memory_bytes,
            process_limit: limits.processes,
            process,
        }
    }

    /// Waits until the task has to be ended. Safe to cancel.
    pub(crate) async fn next(&mut self) -> End {
        loop {
            self.timer.tick().await;
            if let Some(usage) = self.slot.usage() {
                if usage.memory_limit_hits > 0 {
                    return End::Memory;
                }
                if usage.killed_for_others > 0 {
                    return End::KilledForOthers;
                }
                if usage.process_limit_hits >= refusals_of_a_bomb(self.process_limit) {
                    return End::Processes;
                }
            }
            if let Some((process, before)) = self.process {
                let tree = memory::tree(process, before);
                if tree.bytes > self.memory_limit {
                    return End::Memory;
                }
                if tree.threads > u64::from(self.process_limit) {
                    return End::Processes;
                }
            }
        }
    }
}

/// A bomb whose processes each try once more and then wait is refused as often as it has processes, and one that was
/// refused half as often is not held by the limit now and then.
fn refusals_of_a_bomb(process_limit: u32) -> u64 {
    u64::from(process_limit / 2).clamp(1, REFUSED_PROCESSES)
}

#[cfg(test)]
mod tests {
    use super::refusals_of_a_bomb;

    #[test]
    fn small_limits_are_met_by_small_bombs() {
        assert_eq!([1, 2, 48, 512].map(refusals_of_a_bomb), [1, 1, 24, 100]);
    }
}
