//! The files of a slot in version 1 (`Documentation/admin-guide/cgroup-v1/memory.rst` of the kernel).

use super::control_file::ControlFile;
use super::error::CgroupError;
use super::hierarchies::Groups;
use super::slot::{Counters, SlotLimits, processor_quota};

#[derive(Debug)]
pub(super) struct Controls {
    memory_limit: ControlFile,
    /// Memory and swap together; only where the kernel counts swap.
    memory_and_swap_limit: Option<ControlFile>,
    memory_peak: ControlFile,
    memory_events: ControlFile,
    processes_limit: ControlFile,
    processes_events: ControlFile,
    processor_quota: Option<ControlFile>,
    processor_usage: Option<ControlFile>,
}

impl Controls {
    pub(super) fn open(groups: &Groups<'_>) -> Result<Self, CgroupError> {
        const SWAP: &str = "memory.memsw.limit_in_bytes";
        let counts_swap = groups.memory.join(SWAP).exists();
        Ok(Self {
            memory_limit: ControlFile::for_writing(groups.memory, "memory.limit_in_bytes")?,
            memory_and_swap_limit: counts_swap.then(|| ControlFile::for_writing(groups.memory, SWAP)).transpose()?,
            memory_peak: ControlFile::for_both(groups.memory, "memory.max_usage_in_bytes")?,
            memory_events: ControlFile::for_reading(groups.memory, "memory.oom_control")?,
            processes_limit: ControlFile::for_writing(groups.processes, "pids.max")?,
            processes_events: ControlFile::for_reading(groups.processes, "pids.events")?,
            processor_quota: groups
                .processor
                .map(|group| ControlFile::for_writing(group, "cpu.cfs_quota_us"))
                .transpose()?,
            processor_usage: groups
                .accounting
                .map(|group| ControlFile::for_reading(group, "cpuacct.usage"))
                .transpose()?,
        })
    }

    pub(super) fn set_limits(&self, old: Option<&SlotLimits>, new: &SlotLimits) -> Result<(), CgroupError> {
        if old.is_none_or(|old| old.memory_bytes != new.memory_bytes) {
            let value = new.memory_bytes.to_string();
            let swap = |value: &str| self.memory_and_swap_limit.as_ref().map_or(Ok(()), |file| file.write(value));
            // The limit with swap must never be below the one without.
            if old.is_some_and(|old| old.memory_bytes < new.memory_bytes) {
                swap(&value)?;
                self.memory_limit.write(&value)?;
            } else {
                if old.is_none() {
                    swap("-1")?;
                }
                self.memory_limit.write(&value)?;
                swap(&value)?;
            }
        }
        if old.is_none_or(|old| old.processes != new.processes) {
            self.processes_limit.write(&new.processes.to_string())?;
        }
        if let Some(file) = &self.processor_quota
            && old.is_none_or(|old| old.cpu_percent != new.cpu_percent)
        {
            // The period stays the kernel's default, which is the one that the quota is meant for.
            let (quota, _period) = processor_quota(new.cpu_percent);
            file.write(&quota.to_string())?;
        }
        Ok(())
    }

    /// Lets the peak begin at what is used now.
    pub(super) fn reset(&self) -> Result<(), CgroupError> {
        self.memory_peak.write("0")
    }

    pub(super) fn peak(&self) -> Result<u64, CgroupError> {
        self.memory_peak.number()
    }

    pub(super) fn counters(&self) -> Result<Counters, CgroupError> {
        let nanoseconds = self.processor_usage.as_ref().map_or(Ok(0), ControlFile::number)?;
        Ok(Counters {
            cpu_microseconds: nanoseconds / 1000,
            memory_kills: self.memory_events.keyed("oom_kill")?,
            // `memory.memsw.failcnt` counts nothing where both limits are the same (seen on Linux 6.18).
            memory_refusals: None,
            process_limit_hits: self.processes_events.keyed("max")?,
        })
    }
}
