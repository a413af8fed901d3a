//! The files of a slot in version 2 (`Documentation/admin-guide/cgroup-v2.rst` of the kernel).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::control_file::ControlFile;
use super::error::CgroupError;
use super::slot::{Counters, SlotLimits, processor_quota};

#[derive(Debug)]
pub(super) struct Controls {
    memory_limit: ControlFile,
    memory_events: ControlFile,
    peak: Peak,
    processes_limit: ControlFile,
    processes_events: ControlFile,
    processor_quota: Option<ControlFile>,
    processor_usage: ControlFile,
}

impl Controls {
    /// Opens a new group's files and sets what never changes.
    pub(super) fn open(group: &Path, limits_processor: bool) -> Result<Self, CgroupError> {
        ControlFile::for_writing(group, "memory.oom.group")?.write("1")?;
        // Missing where the kernel has no swap.
        if group.join("memory.swap.max").exists() {
            ControlFile::for_writing(group, "memory.swap.max")?.write("0")?;
        }
        Ok(Self {
            memory_limit: ControlFile::for_writing(group, "memory.max")?,
            memory_events: ControlFile::for_reading(group, "memory.events")?,
            peak: Peak::open(group)?,
            processes_limit: ControlFile::for_writing(group, "pids.max")?,
            processes_events: ControlFile::for_reading(group, "pids.events")?,
            processor_quota: limits_processor.then(|| ControlFile::for_writing(group, "cpu.max")).transpose()?,
            processor_usage: ControlFile::for_reading(group, "cpu.stat")?,
        })
    }

    pub(super) fn set_limits(&self, old: Option<&SlotLimits>, new: &SlotLimits) -> Result<(), CgroupError> {
        if old.is_none_or(|old| old.memory_bytes != new.memory_bytes) {
            self.memory_limit.write(&new.memory_bytes.to_string())?;
        }
        if old.is_none_or(|old| old.processes != new.processes) {
            self.processes_limit.write(&new.processes.to_string())?;
        }
        if let Some(file) = &self.processor_quota
            && old.is_none_or(|old| old.cpu_percent != new.cpu_percent)
        {
            let (quota, period) = processor_quota(new.cpu_percent);
            file.write(&format!("{quota} {period}"))?;
        }
        Ok(())
    }

    /// Lets the peak begin at what is used now.
    pub(super) fn reset(&self) -> Result<(), CgroupError> {
        self.peak.reset()
    }

    pub(super) fn peak(&self) -> Result<u64, CgroupError> {
        self.peak.read()
    }

    pub(super) fn counters(&self) -> Result<Counters, CgroupError> {
        Ok(Counters {
            cpu_microseconds: self.processor_usage.keyed("usage_usec")?,
            memory_kills: self.memory_events.keyed("oom_kill")?,
            memory_refusals: Some(self.memory_events.keyed("oom")?),
            process_limit_hits: self.processes_events.keyed("max")?,
        })
    }
}

/// The most memory that was used at one time.
#[derive(Debug)]
struct Peak {
    current: ControlFile,
    /// Since Linux 5.19 the most that the group has ever used; since 6.12 the most since something was written to this
    /// open file.
    peak: Option<ControlFile>,
    sampled: Mutex<Sampled>,
}

/// What stands in for a peak that cannot be reset.
#[derive(Debug, Default)]
struct Sampled {
    /// The kernel's peak at the last reset, which later peaks must exceed to be told from it.
    before: Option<u64>,
    /// The most that was seen since.
    most: u64,
}

impl Peak {
    fn open(group: &Path) -> Result<Self, CgroupError> {
        const PEAK: &str = "memory.peak";
        // Before 6.12 the file cannot be opened for writing.
        let peak = ControlFile::for_both(group, PEAK).or_else(|_| ControlFile::for_reading(group, PEAK));
        Ok(Self {
            current: ControlFile::for_reading(group, "memory.current")?,
            peak: peak.ok(),
            sampled: Mutex::default(),
        })
    }

    fn reset(&self) -> Result<(), CgroupError> {
        let before = match &self.peak {
            Some(file) if file.write("reset").is_ok() => None,
            Some(file) => Some(file.number()?),
            None => Some(u64::MAX),
        };
        *self.sampled.lock().unwrap_or_else(PoisonError::into_inner) = Sampled { before, most: self.current.number()? };
        Ok(())
    }

    fn read(&self) -> Result<u64, CgroupError> {
        let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.peak {
            let peak = file.number()?;
            if sampled.before.is_none_or(|before| peak > before) {
                return Ok(peak);
            }
        }
        sampled.most = sampled.most.max(self.current.number()?);
        Ok(sampled.most)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A group with a peak file that takes no reset, as before Linux 6.12, or with none, as before 5.19.
    fn check(with_file: bool, steps: &[(u64, u64, u64)]) {
        let group = tempfile::tempdir().unwrap();
        let set = |name: &str, value: u64| fs::write(group.path().join(name), format!("{value}\n")).unwrap();
        set("memory.current", 100);
        set("memory.peak", 9000);
        let peak = Peak {
            current: ControlFile::for_reading(group.path(), "memory.current").unwrap(),
            peak: with_file.then(|| ControlFile::for_reading(group.path(), "memory.peak").unwrap()),
            sampled: Mutex::default(),
        };
        peak.reset().unwrap();
        for (current, most, expected) in steps {
            set("memory.current", *current);
            set("memory.peak", *most);
            assert_eq!(peak.read().unwrap(), *expected);
        }
    }

    #[test]
    fn a_peak_that_cannot_be_reset_is_sampled_until_it_is_exceeded() {
        check(true, &[(50, 9000, 100), (300, 9000, 300), (200, 9000, 300), (200, 9500, 9500)]);
    }

    #[test]
    fn without_a_peak_there_are_samples() {
        check(false, &[(50, 9000, 100), (300, 9500, 300), (200, 9500, 300)]);
    }
}
