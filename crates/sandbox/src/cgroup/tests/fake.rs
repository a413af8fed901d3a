//! Version 2 on an ordinary directory: what the kernel would do with a tree of groups.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::cgroup::kernel::Kernel;
use crate::cgroup::{CgroupError, Cgroups, membership::Membership};

/// The files of a group, as a new one has them.
const FILES: [(&str, &str); 14] = [
    ("cgroup.controllers", ""),
    ("cgroup.procs", ""),
    ("cgroup.subtree_control", ""),
    ("cpu.max", "max 100000\n"),
    ("cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n"),
    ("memory.current", "0\n"),
    ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"),
    ("memory.max", "max\n"),
    ("memory.oom.group", "0\n"),
    ("memory.peak", "0\n"),
    ("memory.swap.max", "max\n"),
    ("pids.current", "0\n"),
    ("pids.events", "max 0\n"),
    ("pids.max", "max\n"),
];

/// A directory that behaves like a mounted version 2 hierarchy, and what was asked of it.
#[derive(Debug)]
pub(super) struct Fake {
    root: tempfile::TempDir,
    pub(super) calls: Mutex<Vec<String>>,
}

impl Fake {
    /// The own group with these processes and delegated controllers.
    pub(super) fn new(controllers: &str, processes: &[u32]) -> Arc<Self> {
        let fake = Self { root: tempfile::tempdir().unwrap(), calls: Mutex::default() };
        populate(&fake.own());
        fs::create_dir(fake.own().join("neighbour")).unwrap();
        fs::write(fake.own().join("cgroup.controllers"), controllers).unwrap();
        let processes: Vec<String> = processes.iter().map(|process| format!("{process}\n")).collect();
        fs::write(fake.own().join("cgroup.procs"), processes.concat()).unwrap();
        Arc::new(fake)
    }

    pub(super) fn own(&self) -> PathBuf {
        self.root.path().join("own")
    }

    pub(super) fn detect(self: &Arc<Self>) -> Result<Cgroups, CgroupError> {
        let mounts = format!("1 2 0:3 / {} rw - cgroup2 cgroup2 rw\n", self.root.path().display());
        let membership = Membership { groups: b"0::/own\n", mounts: mounts.as_bytes() };
        Cgroups::detect_with(&membership, Arc::clone(self) as Arc<dyn Kernel>)
    }

    /// The directories of groups below the own one.
    pub(super) fn groups(&self) -> Vec<String> {
        let entries = fs::read_dir(self.own()).unwrap().map(Result::unwrap);
        let directories = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let mut names: Vec<String> = directories
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name != "neighbour")
            .collect();
        names.sort();
        names
    }

    pub(super) fn read(&self, file: &Path) -> String {
        fs::read_to_string(file).unwrap()
    }

    fn note(&self, call: &str, path: &Path) {
        // The name of the supervisor's group changes with each run.
        let path = path.strip_prefix(self.own()).unwrap().components().map(|component| {
            let name = component.as_os_str().to_str().unwrap();
            if name.starts_with("stockade-") { "GROUP" } else { name }
        });
        let path: Vec<&str> = path.collect();
        self.calls.lock().unwrap().push(format!("{call} {}", path.join("/")));
    }
}

fn populate(group: &Path) {
    fs::create_dir(group).unwrap();
    for (name, text) in FILES {
        fs::write(group.join(name), text).unwrap();
    }
}

fn busy() -> io::Error {
    io::Error::from_raw_os_error(libc::EBUSY)
}

fn is_empty(group: &Path) -> bool {
    fs::read_to_string(group.join("cgroup.procs")).unwrap().is_empty()
}

impl Kernel for Fake {
    fn make(&self, group: &Path) -> io::Result<()> {
        self.note("make", group);
        if group.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        populate(group);
        Ok(())
    }

    fn remove(&self, group: &Path) -> io::Result<()> {
        self.note("remove", group);
        let children = fs::read_dir(group)?.any(|entry| entry.unwrap().file_type().unwrap().is_dir());
        if children || !is_empty(group) { Err(busy()) } else { fs::remove_dir_all(group) }
    }

    fn write(&self, file: &Path, value: &str) -> io::Result<()> {
        self.note(&format!("write `{value}`"), file);
        let group = file.parent().unwrap();
        match file.file_name().unwrap().to_str().unwrap() {
            "cgroup.subtree_control" => {
                if value.starts_with('+') && !is_empty(group) {
                    return Err(busy());
                }
                let text = if value.starts_with('+') { value.replace('+', "") } else { String::new() };
                fs::write(file, text)
            }
            "cgroup.procs" => {
                assert_eq!(value, "0", "only this process moves");
                if !fs::read_to_string(group.join("cgroup.subtree_control"))?.is_empty() {
                    return Err(busy());
                }
                let own = format!("{}\n", std::process::id());
                for other in [self.own(), self.own().join(self.groups().concat()).join("supervisor")] {
                    let file = other.join("cgroup.procs");
                    if let Ok(text) = fs::read_to_string(&file) {
                        fs::write(&file, text.replace(&own, ""))?;
                    }
                }
                fs::write(file, own)
            }
            other => panic!("{other} does not shape the tree"),
        }
    }
}
