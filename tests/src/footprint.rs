//! What this process holds of the machine: the same before and after a task, or the task has left something behind.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stockade_engine::{Engine, EngineConfiguration};

use crate::engine::start;
use crate::processes::descendants;

/// How long a killed worker may take to be gone altogether. Generous, because other tests use the processor too.
const PATIENCE: Duration = Duration::from_secs(10);
/// Memory that may grow without being a leak: caches of the allocator.
const SLACK_OF_MEMORY: u64 = 48 << 20;

/// What this process and everything below it hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Processes below this one, those that nobody has reaped included.
    processes: usize,
    /// Mounts of this process's namespace.
    mounts: usize,
    /// Open descriptors of this process; those of control groups are counted by `groups`.
    descriptors: usize,
    /// System V shared memory, semaphores and message queues of the namespace.
    objects: usize,
    /// Control groups of engines of this process.
    groups: usize,
    /// Bytes of files in memory file systems that the groups are charged for.
    files_in_memory: u64,
    /// Resident memory of this process.
    memory: u64,
}

impl Footprint {
    /// What is held now.
    pub fn now() -> Self {
        let groups = groups();
        Self {
            processes: descendants(std::process::id()).len(),
            mounts: lines("/proc/self/mountinfo"),
            descriptors: descriptors(),
            objects: ["msg", "sem", "shm"].map(|kind| lines(&format!("/proc/sysvipc/{kind}"))).iter().sum(),
            files_in_memory: groups.iter().map(|group| files_in_memory(group)).sum(),
            groups: groups.len(),
            memory: memory(),
        }
    }

    /// What is held once an engine has been there and is gone: the launcher's memory file stays for the next one.
    ///
    /// # Panics
    /// When no engine starts.
    pub async fn after_an_engine(configuration: EngineConfiguration) -> Self {
        let engine = start(configuration).await.unwrap();
        engine.stop().await;
        drop(engine);
        loop {
            let now = Self::now();
            if now.processes == 0 && now.groups == 0 {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Resident memory of this process in bytes.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Whether there are as many processes below as in the other.
    pub fn has_as_many_processes(&self, other: &Self) -> bool {
        self.processes == other.processes
    }

    /// Whether nothing is held beyond what was held `before`. An engine keeps the groups of its workers until it
    /// stops, so their number may grow up to a bound.
    fn has_returned_to(&self, before: &Self, most_groups: usize) -> bool {
        self.processes == before.processes
            && self.mounts == before.mounts
            && self.descriptors == before.descriptors
            && self.objects == before.objects
            && self.groups <= before.groups.max(most_groups)
            && self.files_in_memory <= before.files_in_memory
            && self.memory <= before.memory + SLACK_OF_MEMORY
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} processes, {} mounts, {} descriptors, {} System V objects, {} groups, {} bytes in memory file systems, {} KiB resident",
            self.processes,
            self.mounts,
            self.descriptors,
            self.objects,
            self.groups,
            self.files_in_memory,
            self.memory >> 10
        )
    }
}

/// Waits until the engine, if it has not been dropped, is idle, and nothing is held beyond `before`.
///
/// # Errors
/// What is left.
pub async fn settle(engine: Option<&Engine>, before: &Footprint, most_groups: usize) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let status = engine.map(Engine::status);
        let is_idle = status.as_ref().is_none_or(|status| status.running == 0);
        let problem = status.and_then(|status| status.runtimes.into_iter().find_map(|runtime| runtime.problem));
        let now = Footprint::now();
        if is_idle && problem.is_none() && now.has_returned_to(before, most_groups) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let below: Vec<String> =
                descendants(std::process::id()).into_iter().map(|process| process.command).collect();
            return Err(format!(
                "not as before after {PATIENCE:?}:\nbefore: {before}\nnow:    {now}\n{problem:?}\n{}",
                below.join("\n")
            ));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn lines(path: &str) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

fn descriptors() -> usize {
    let entries = fs::read_dir("/proc/self/fd").unwrap().flatten();
    entries
        .filter(|entry| fs::read_link(entry.path()).is_ok_and(|target| !target.starts_with("/sys/fs/cgroup")))
        .count()
}

fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// The control groups that engines of this process have made, in every hierarchy.
fn groups() -> Vec<PathBuf> {
    let prefix = format!("stockade-{}-", std::process::id());
    let mut found = Vec::new();
    for top in own_groups() {
        for group in directories(&top).into_iter().filter(|path| has_prefix(path, &prefix)) {
            found.extend(directories(&group));
            found.push(group);
        }
    }
    found
}

/// Every directory of the control group file systems, which are few and small.
fn own_groups() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut index = 0;
    while index < found.len() {
        found.extend(directories(&found[index]).into_iter().filter(|path| !has_prefix(path, "stockade-")));
        index += 1;
    }
    found
}

fn has_prefix(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

fn directories(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// Version 1 counts the groups below with `total_`; here each group is counted alone.
fn files_in_memory(group: &Path) -> u64 {
    let text = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("shmem ")?.parse().ok()).unwrap_or(0)
}
