//! A group that this supervisor has made and removes again, and what killed supervisors have left behind.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::control_file::processes;
use super::error::CgroupError;
use super::kernel::Kernel;

/// How long a group may take to become empty: its processes are killed, but gone only when they are reaped.
const EMPTYING: Duration = Duration::from_millis(500);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

/// A group that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    kernel: Arc<dyn Kernel>,
}

impl Directory {
    pub(super) fn make(path: PathBuf, kernel: &Arc<dyn Kernel>) -> Result<Self, CgroupError> {
        match kernel.make(&path) {
            Ok(()) => Ok(Self { path, kernel: Arc::clone(kernel) }),
            Err(source) => Err(CgroupError::Make { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path, self.kernel.as_ref()) {
            tracing::warn!(path = %self.path.display(), %error, "a control group is left behind");
        }
    }
}

/// The group of one supervisor, locked as long as it is used.
///
/// The lock (`flock(2)`) ends with the process that holds it, whatever ends that. Unlike a process id it cannot be
/// taken for another's, not even by a supervisor in another pid namespace.
#[derive(Debug)]
pub(super) struct SupervisorDirectory {
    directory: Directory,
    _lock: OwnedFd,
}

impl SupervisorDirectory {
    /// Makes a group below `own`, the group that this process was started in.
    pub(super) fn make(own: &Path, kernel: &Arc<dyn Kernel>) -> Result<Self, CgroupError> {
        loop {
            let directory = Directory::make(own.join(Name::new()?.to_string()), kernel)?;
            let failed = |source| CgroupError::Lock { path: directory.path.clone(), source };
            let lock = match lock(&directory.path) {
                Ok(lock) => lock,
                // A starting supervisor has seen the group before it was locked and is removing it.
                Err(error) if [Errno::WOULDBLOCK, Errno::NOENT].contains(&error) => continue,
                Err(error) => return Err(failed(error.into())),
            };
            if is_at(&lock, &directory.path) {
                return Ok(Self { directory, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the groups of supervisors that do not live any more from below `own`, and kills what is still in them.
pub(super) fn remove_left_overs(own: &Path, kernel: &dyn Kernel) -> Result<(), CgroupError> {
    let failed = |source| CgroupError::Read { path: own.to_owned(), source };
    for entry in fs::read_dir(own).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let left_over = entry.file_name().to_str().is_some_and(Name::is_one) && entry.path().is_dir();
        // Whoever holds the lock lives. While this process holds it, nobody else removes the group.
        if let (true, Ok(_lock)) = (left_over, lock(&entry.path()))
            && let Err(error) = remove_tree(&entry.path(), kernel)
        {
            let path = entry.path();
            if error.kind() == io::ErrorKind::PermissionDenied {
                // It was another user's, whose next supervisor removes it.
                tracing::debug!(path = %path.display(), "a killed supervisor of another user has left a control group");
            } else {
                tracing::warn!(path = %path.display(), %error, "a killed supervisor's control group stays");
            }
        }
    }
    Ok(())
}

/// The name of a supervisor's group. It is told by its form from groups that others have made.
struct Name {
    process: u32,
    /// In clock ticks since the machine's start: tells processes apart that have had the same id.
    start_time: u64,
    /// Tells groups of the same process apart.
    counter: u32,
}

impl Name {
    const PREFIX: &str = "stockade-";

    fn new() -> Result<Self, CgroupError> {
        static COUNTER: AtomicU32 = AtomicU32::new(1);
        let path = PathBuf::from("/proc/self/stat");
        let text = fs::read_to_string(&path).map_err(|source| CgroupError::Read { path: path.clone(), source })?;
        // The second field is the program's name in parentheses and may hold anything; the start time is the 22nd.
        let start_time = text.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(19)?.parse().ok());
        let start_time = start_time.ok_or(CgroupError::Unexpected { path, text })?;
        Ok(Self { process: std::process::id(), start_time, counter: COUNTER.fetch_add(1, Ordering::Relaxed) })
    }

    fn is_one(name: &str) -> bool {
        let numbers = name.strip_prefix(Self::PREFIX).map(|rest| rest.split('-').collect::<Vec<_>>());
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        numbers.is_some_and(|parts| parts.len() == 3 && parts.iter().all(is_number))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}{}-{}-{}", Self::PREFIX, self.process, self.start_time, self.counter)
    }
}

fn lock(group: &Path) -> Result<OwnedFd, Errno> {
    let directory = File::open(group).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    flock(&directory, FlockOperation::NonBlockingLockExclusive)?;
    Ok(directory.into())
}

/// Whether `path` still leads to what was opened.
fn is_at(opened: &OwnedFd, path: &Path) -> bool {
    match (rustix::fs::fstat(opened), rustix::fs::stat(path)) {
        (Ok(opened), Ok(named)) => (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}

/// Removes a group with the groups below it, the innermost first.
fn remove_tree(group: &Path, kernel: &dyn Kernel) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path(), kernel)?;
        }
    }
    remove(group, kernel)
}

/// Removes a group that has no others below it; kills the processes that are still in it.
fn remove(group: &Path, kernel: &dyn Kernel) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match kernel.remove(group) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && start.elapsed() < EMPTYING => {
                kill_processes(group)?;
                thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

fn kill_processes(group: &Path) -> io::Result<()> {
    for process in processes(group)? {
        // Zero stands for a process of another pid namespace.
        let Some(process) = Pid::from_raw(process) else { continue };
        let Ok(descriptor) = pidfd_open(process, PidfdFlags::empty()) else { continue };
        // Looked up once more: the id may have been another's by the time the descriptor was opened.
        if processes(group)?.contains(&process.as_raw_nonzero().get()) {
            // Failure means that it has just ended.
            let _ = pidfd_send_signal(&descriptor, Signal::KILL);
        }
    }
    Ok(())
}
