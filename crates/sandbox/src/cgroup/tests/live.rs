//! On the groups of this machine, where they can be written.

use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cgroup::{Cgroups, Slot, SlotLimits, Version};

const LIMITS: SlotLimits = SlotLimits { memory_bytes: 64 << 20, processes: 16, cpu_percent: 100 };

/// The groups, or `None` where this process may not make any.
fn detect() -> Option<Cgroups> {
    match Cgroups::detect() {
        Ok(cgroups) => Some(cgroups),
        Err(error) => {
            println!("nothing to test here: {error}");
            None
        }
    }
}

/// Runs a script in the slot's group.
fn spawn(slot: &Slot, script: &str) -> Child {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("read _; {script}")])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for file in slot.join_files() {
        rustix::io::write(file, child.id().to_string().as_bytes()).unwrap();
    }
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    child
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn memory_is_limited_and_its_peak_is_that_of_the_last_worker() {
    let Some(cgroups) = detect() else { return };
    let slot = cgroups.create_slot("memory").unwrap();
    slot.set_limits(&LIMITS).unwrap();
    slot.reset().unwrap();
    // `tail` keeps everything that it may have to print.
    let status = spawn(&slot, "head -c 300000000 /dev/zero | tail -c 300000000 | wc -c; exit 3").wait().unwrap();
    assert!(status.code() == Some(3) || status.signal() == Some(libc::SIGKILL), "{status:?}");
    let usage = slot.usage().unwrap();
    assert!(usage.memory_limit_hits >= 1, "{usage:?}");
    assert!((32 << 20..=64 << 20).contains(&usage.peak_memory_bytes), "{usage:?}");

    slot.reset().unwrap();
    assert!(spawn(&slot, "true").wait().unwrap().success());
    let usage = slot.usage().unwrap();
    assert_eq!(usage.memory_limit_hits, 0);
    assert!(usage.peak_memory_bytes < 32 << 20, "{usage:?}");
    // Up again, and down: neither order of the two limits of version 1 may fail.
    slot.set_limits(&SlotLimits { memory_bytes: 512 << 20, ..LIMITS }).unwrap();
    slot.set_limits(&SlotLimits { memory_bytes: 32 << 20, ..LIMITS }).unwrap();
}

/// On version 2 the group around may hold this very process, which would be killed with the rest.
#[test]
fn who_is_killed_for_others_was_within_the_limit() {
    let Some(cgroups) = detect().filter(|cgroups| cgroups.version() == Version::One) else { return };
    let slot = cgroups.create_slot("for-others").unwrap();
    slot.set_limits(&LIMITS).unwrap();
    slot.reset().unwrap();
    let around = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"].map(|name| cgroups.path().join(name));
    for limit in around.iter().filter(|limit| limit.exists()) {
        fs::write(limit, (LIMITS.memory_bytes / 2).to_string()).unwrap();
    }
    let status = spawn(&slot, "head -c 300000000 /dev/zero | tail -c 300000000 | wc -c; exit 3").wait().unwrap();
    assert!(status.code() == Some(3) || status.signal() == Some(libc::SIGKILL), "{status:?}");
    let usage = slot.usage().unwrap();
    assert!(usage.memory_limit_hits == 0 && usage.killed_for_others >= 1, "{usage:?}");
}

#[test]
fn processes_are_limited() {
    let Some(cgroups) = detect() else { return };
    let slot = cgroups.create_slot("processes").unwrap();
    slot.set_limits(&SlotLimits { processes: 4, ..LIMITS }).unwrap();
    slot.reset().unwrap();
    let _ = spawn(&slot, "for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done; wait").wait().unwrap();
    assert!(slot.usage().unwrap().process_limit_hits >= 1);
    slot.reset().unwrap();
    assert_eq!(slot.usage().unwrap().process_limit_hits, 0);
}

#[test]
fn processor_time_is_counted_and_limited() {
    let Some(cgroups) = detect() else { return };
    let slot = cgroups.create_slot("processor").unwrap();
    slot.set_limits(&SlotLimits { cpu_percent: 20, ..LIMITS }).unwrap();
    slot.reset().unwrap();
    let mut child = spawn(&slot, "while :; do :; done");
    std::thread::sleep(Duration::from_millis(800));
    child.kill().unwrap();
    child.wait().unwrap();
    let used = Duration::from_micros(slot.usage().unwrap().cpu_microseconds);
    assert!(cgroups.missing().is_empty());
    assert!(used > Duration::from_millis(5) && used < Duration::from_millis(500), "{used:?} of 800 ms");
    slot.reset().unwrap();
    assert!(slot.usage().unwrap().cpu_microseconds < 1000);
}

/// A worker joins after it has given up its privileges, through files that the supervisor has opened.
#[test]
fn the_files_can_be_used_without_privilege() {
    let Some(cgroups) = detect() else { return };
    if !rustix::process::geteuid().is_root() {
        println!("nothing to test here: only root can become somebody else");
        return;
    }
    let slot = cgroups.create_slot("join").unwrap();
    for file in slot.join_files() {
        let status = Command::new("/bin/sh")
            .args(["-c", "echo 0"])
            .uid(65534)
            .gid(65534)
            .stdout(file.as_fd().try_clone_to_owned().unwrap())
            .status()
            .unwrap();
        assert!(status.success());
    }
}

#[test]
fn nothing_stays_behind() {
    let Some(cgroups) = detect() else { return };
    let slot = cgroups.create_slot("rest").unwrap();
    let path = cgroups.path().to_owned();
    let mut child = spawn(&slot, "sleep 100 & sleep 100");
    wait_until("the processes are in the group", || members(&path.join("rest")).len() == 3);
    drop(cgroups);
    assert!(path.exists());
    drop(slot);
    assert!(!path.exists());
    // What was still running has been killed.
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
}

#[test]
fn processes_of_a_killed_supervisor_are_killed() {
    let Some(cgroups) = detect() else { return };
    let own = cgroups.path().parent().unwrap();
    // A group of a supervisor that is gone: nobody holds its lock.
    let left_over = own.join(format!("stockade-{}-0-0", std::process::id()));
    fs::create_dir(&left_over).unwrap();
    let mut child = Command::new("sleep").arg("100").spawn().unwrap();
    let joined = fs::write(left_over.join("cgroup.procs"), child.id().to_string());
    drop(detect());
    // Another test of this process may have removed the group before the process could join it.
    if joined.is_ok() {
        wait_until("the left-over is removed", || !left_over.exists());
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    } else {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(cgroups.path().exists(), "a live supervisor keeps its group");
}

/// The steps that each worker costs; printed, not judged.
#[test]
fn the_costs() {
    let Some(cgroups) = detect() else { return };
    let median = |what: &str, step: &mut dyn FnMut()| {
        let mut times: Vec<Duration> = (0..201)
            .map(|_| {
                let start = Instant::now();
                step();
                start.elapsed()
            })
            .collect();
        times.sort();
        println!("{what}: {:?}, at most {:?}", times[100], times[200]);
    };
    let mut number = 0;
    let mut slots = Vec::new();
    median("create a slot", &mut || {
        number += 1;
        slots.push(cgroups.create_slot(&format!("cost-{number}")).unwrap());
    });
    median("remove a slot", &mut || drop(slots.pop()));
    let slot = cgroups.create_slot("cost").unwrap();
    slot.set_limits(&LIMITS).unwrap();
    median("set the same limits", &mut || slot.set_limits(&LIMITS).unwrap());
    let mut memory_bytes = LIMITS.memory_bytes;
    median("set a new memory limit", &mut || {
        memory_bytes += 1 << 20;
        slot.set_limits(&SlotLimits { memory_bytes, ..LIMITS }).unwrap();
    });
    median("reset", &mut || slot.reset().unwrap());
    median("usage", &mut || {
        slot.usage().unwrap();
    });
    median("join all groups", &mut || {
        let child = spawn(&slot, "true");
        child.wait_with_output().unwrap();
    });
}

fn members(group: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}
