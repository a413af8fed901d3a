//! Processes of this machine, from `/proc`.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id here.
    pub id: u32,
    /// The id of the process that it is a child of.
    pub parent: u32,
    /// Its command line, or its name when it has none.
    pub command: String,
}

/// Everything that descends from the process `ancestor`.
pub fn descendants(ancestor: u32) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for process in fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| read(entry.file_name().to_str()?)) {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut next = vec![ancestor];
    while let Some(process) = next.pop() {
        for child in children.remove(&process).unwrap_or_default() {
            next.push(child.id);
            found.push(child);
        }
    }
    found
}

/// The zygote of this test program whose command line has `mark`, and its workers.
pub fn zygote_and_workers(mark: &str) -> (u32, Vec<u32>) {
    let all = descendants(std::process::id());
    let is_launcher = |id| all.iter().any(|process| process.id == id && process.command.contains("launcher"));
    let is_zygote = |process: &&Process| process.command.contains(mark) && is_launcher(process.parent);
    let zygote = all.iter().find(is_zygote).unwrap().id;
    (zygote, all.iter().filter(|process| process.parent == zygote).map(|worker| worker.id).collect())
}

fn read(id: &str) -> Option<Process> {
    let id: u32 = id.parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, parentheses included.
    let (name, rest) = status.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned();
    let command = if line.is_empty() { name.split('(').next_back().unwrap_or_default().to_owned() } else { line };
    Some(Process { id, parent, command })
}

/// Whether the process exists and has not ended; one that waits to be reaped has ended.
pub fn is_alive(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Asks again and again until the answer is yes; panics with `what` after `limit`.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut answer: impl FnMut() -> bool) {
    let start = Instant::now();
    while !answer() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
