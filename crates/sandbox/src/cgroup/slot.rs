//! A group that serves one worker after the other.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::control_file::{ControlFile, PROCESSES};
use super::detection::Tree;
use super::directory::Directory;
use super::error::CgroupError;
use super::{version1, version2};

/// What all processes of a worker together may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLimits {
    /// Memory in bytes, without swap. When it is reached and nothing can be reclaimed, the kernel kills.
    pub memory_bytes: u64,
    /// Processes and threads. Beyond it `fork(2)` fails with `EAGAIN`.
    pub processes: u32,
    /// Processor time as percent of one processor; 150 is one and a half. At least 1.
    pub cpu_percent: u32,
}

/// What the processes of a worker have used since [`Slot::reset`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotUsage {
    /// Processor time of all processes, in microseconds. Zero where version 1 has no `cpuacct` controller.
    pub cpu_microseconds: u64,
    /// Most memory at one time, in bytes. What [`Slot::usage`] has seen on version 2 before Linux 6.12, if an earlier
    /// worker had more.
    pub peak_memory_bytes: u64,
    /// Processes that the kernel has killed because the limit was reached.
    pub memory_limit_hits: u64,
    /// Processes that the kernel has killed because memory ran out around the slot, which was within its limit: on the
    /// whole machine, or in a group that the supervisor is in.
    pub killed_for_others: u64,
    /// Processes and threads that were refused.
    pub process_limit_hits: u64,
}

/// Numbers that only grow while a group exists.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) cpu_microseconds: u64,
    /// Processes killed because memory ran out, wherever.
    pub(super) memory_kills: u64,
    /// How often the slot's limit was in the way of an allocation, where the kernel counts it.
    pub(super) memory_refusals: Option<u64>,
    pub(super) process_limit_hits: u64,
}

/// The files of one version.
#[derive(Debug)]
pub(super) enum Controls {
    Version1(version1::Controls),
    Version2(version2::Controls),
}

#[derive(Debug, Default)]
struct State {
    limits: Option<SlotLimits>,
    /// The counters at the last reset.
    before: Counters,
}

/// A group for one worker at a time. Dropping it kills what is left in it and removes it.
///
/// When memory runs out, version 2 kills all processes of the group (`memory.oom.group`), version 1 only one. Whoever
/// runs a task therefore looks at [`SlotUsage::memory_limit_hits`] from time to time and ends the task when it is not
/// zero; a few microseconds each 50 ms are cheaper than an event descriptor for each slot and as good.
#[derive(Debug)]
pub struct Slot {
    controls: Controls,
    join: Vec<OwnedFd>,
    state: Mutex<State>,
    // Dropped after the open files, and before what keeps the supervisor's groups around them.
    _directories: Vec<Directory>,
    _tree: Arc<Tree>,
}

impl Slot {
    /// A slot of directories that were made for it.
    pub(super) fn new(controls: Controls, directories: Vec<Directory>, tree: Arc<Tree>) -> Result<Self, CgroupError> {
        let open = |path: &Path| ControlFile::for_writing(path, PROCESSES).map(|file| file.into_file().into());
        let join = directories.iter().map(|directory| open(directory.path())).collect::<Result<_, _>>()?;
        Ok(Self { controls, join, state: Mutex::default(), _directories: directories, _tree: tree })
    }

    /// The files through which a process joins, with all its threads: it writes `0` to each. The kernel checks who
    /// opened them and not who writes (Linux 5.16), so that an unprivileged process to which they are sent can join.
    pub fn join_files(&self) -> &[OwnedFd] {
        &self.join
    }

    /// Sets limits; only what has changed is written.
    ///
    /// # Errors
    /// [`CgroupError::Write`], with `EBUSY` on version 1 when more memory is used than the new limit allows.
    pub fn set_limits(&self, limits: &SlotLimits) -> Result<(), CgroupError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Unknown until all is written.
        let old = state.limits.take();
        match &self.controls {
            Controls::Version1(controls) => controls.set_limits(old.as_ref(), limits)?,
            Controls::Version2(controls) => controls.set_limits(old.as_ref(), limits)?,
        }
        state.limits = Some(*limits);
        Ok(())
    }

    /// Counts from zero again, for a new worker. The last one must be gone.
    ///
    /// # Errors
    /// [`CgroupError::Read`] and [`CgroupError::Write`].
    pub fn reset(&self) -> Result<(), CgroupError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.before = match &self.controls {
            Controls::Version1(controls) => controls.reset().and_then(|()| controls.counters())?,
            Controls::Version2(controls) => controls.reset().and_then(|()| controls.counters())?,
        };
        Ok(())
    }

    /// What was used since the last reset.
    ///
    /// # Errors
    /// [`CgroupError::Read`].
    pub fn usage(&self) -> Result<SlotUsage, CgroupError> {
        let (now, peak_memory_bytes) = match &self.controls {
            Controls::Version1(controls) => (controls.counters()?, controls.peak()?),
            Controls::Version2(controls) => (controls.counters()?, controls.peak()?),
        };
        let (before, limits) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.before, state.limits)
        };
        let kills = now.memory_kills.saturating_sub(before.memory_kills);
        let is_full = match now.memory_refusals {
            Some(_) => now.memory_refusals > before.memory_refusals,
            None => limits.is_none_or(|limits| peak_memory_bytes + LARGEST_CHARGE >= limits.memory_bytes),
        };
        Ok(SlotUsage {
            cpu_microseconds: now.cpu_microseconds.saturating_sub(before.cpu_microseconds),
            peak_memory_bytes,
            memory_limit_hits: if is_full { kills } else { 0 },
            killed_for_others: if is_full { 0 } else { kills },
            process_limit_hits: now.process_limit_hits.saturating_sub(before.process_limit_hits),
        })
    }
}

/// More than the kernel charges a group for at a time, in bytes: with a peak this close the limit was in the way.
const LARGEST_CHARGE: u64 = 1 << 20;

/// How long the kernel counts processor time before it gives a new share, in microseconds; its own default.
const PERIOD: u64 = 100_000;

/// The share of each period in microseconds, and the period.
pub(super) fn processor_quota(percent: u32) -> (u64, u64) {
    (u64::from(percent.max(1)) * PERIOD / 100, PERIOD)
}
