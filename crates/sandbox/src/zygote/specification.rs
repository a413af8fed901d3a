//! What the engine asks for, turned into a plan of walls.

use std::path::PathBuf;

use stockade_native::landlock;
use stockade_native::plan::{LandlockRule, Plan, ResourceLimit, TASK_DIRECTORIES, TEMPORARY_DIRECTORY, WorkerPlan};

use super::root;
use crate::error::SandboxError;
use crate::identity::Identity;
use crate::system_calls::{self, Denial};
use crate::wall::Wall;

/// Descriptors that each process of a task may have open at the same time.
const OPEN_FILES: u64 = 1024;
/// What zygotes and the supervisor may have open, beside that of a process of a task: without privilege the kernel counts
/// descriptors on their way through sockets for all of them together, and sends those of none that has passed its own
/// limit (`unix(7)`, `ETOOMANYREFS`). A task must not get there.
const SHARE_OF_OPEN_FILES: u64 = 4;
/// Signals that may wait to be delivered to a task.
const PENDING_SIGNALS: u64 = 1024;

/// One zygote: an interpreter or a command, what it sees and which walls it does without.
#[derive(Debug, Clone)]
pub struct ZygoteSpecification {
    /// What becomes the zygote.
    pub program: Program,
    /// Environment of the zygote and so of its workers.
    pub environment: Vec<(String, String)>,
    /// Files to make inside: absolute path and contents.
    pub files: Vec<(String, &'static [u8])>,
    /// Host directories to show read-only inside: path on the host and absolute path inside.
    pub mounts: Vec<(PathBuf, String)>,
    /// Host directory with the task directories that workers may be forked for.
    pub task_directory: Option<PathBuf>,
    /// Workers are in control groups, which count all their memory.
    pub has_cgroups: bool,
    /// Walls that the operator has given up.
    pub without_walls: Vec<Wall>,
}

/// What becomes the zygote.
#[derive(Debug, Clone)]
pub enum Program {
    /// An interpreter that loads the native library and forks.
    Interpreter {
        /// Absolute path of an executable on the host, symbolic links resolved.
        executable: PathBuf,
        /// Arguments after the program.
        arguments: Vec<String>,
        /// Workers keep descriptors that the interpreter's event loop has opened.
        keep_descriptors: bool,
    },
    /// A command that each worker executes; `{file}` stands for the path of the code.
    Command {
        /// Absolute path of an executable on the host, symbolic links resolved.
        executable: PathBuf,
        /// Arguments after the program.
        arguments: Vec<String>,
    },
}

impl ZygoteSpecification {
    /// Whether `wall` is to be built.
    pub(super) fn has(&self, wall: Wall) -> bool {
        !self.without_walls.contains(&wall)
    }

    /// The plan for launcher and workers.
    pub(super) fn plan(&self, identity: &Identity) -> Result<Plan, SandboxError> {
        if let Some(wall) = self.without_walls.iter().find(|wall| wall.is_indispensable()) {
            return Err(SandboxError::Indispensable(*wall));
        }
        let mut plan = root::plan(self)?;
        plan.zygote_user = identity.zygote_user();
        plan.worker = WorkerPlan {
            nested_user_namespace: matches!(identity, Identity::Single { .. }),
            task_directories: self.task_directory.is_some(),
            limits: if self.has(Wall::Rlimit) { resource_limits() } else { Vec::new() },
            open_files: if self.has(Wall::Rlimit) { open_files() } else { 0 },
            landlock: if self.has(Wall::Landlock) && landlock::version() > 0 {
                landlock_rules(&plan)
            } else {
                Vec::new()
            },
            filter: if self.has(Wall::Seccomp) { filter(self.has_cgroups) } else { Vec::new() },
            listener: true,
            keep_descriptors: matches!(self.program, Program::Interpreter { keep_descriptors: true, .. }),
        };
        Ok(plan)
    }
}

fn filter(has_cgroups: bool) -> Vec<u64> {
    let compile = if has_cgroups { system_calls::worker_filter } else { system_calls::uncounted_worker_filter };
    compile(Denial::Notify)
        .into_iter()
        .map(|instruction| {
            let mut bytes = [0; 8];
            bytes[..2].copy_from_slice(&instruction.code.to_ne_bytes());
            bytes[2] = instruction.jt;
            bytes[3] = instruction.jf;
            bytes[4..].copy_from_slice(&instruction.k.to_ne_bytes());
            u64::from_ne_bytes(bytes)
        })
        .collect()
}

fn open_files() -> u64 {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX);
    OPEN_FILES.min(most / SHARE_OF_OPEN_FILES)
}

/// Limits of each process that do not depend on the task (`getrlimit(2)`).
fn resource_limits() -> Vec<ResourceLimit> {
    [
        // Not 0, with which the kernel would still hand a core to the host's crash handler, if there is one
        // (`core(5)`, "Piping core dumps to a program"); with 1 it makes none at all. The filter keeps it so.
        (libc::RLIMIT_CORE, 1),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_MSGQUEUE, 0),
        (libc::RLIMIT_NICE, 0),
        (libc::RLIMIT_RTPRIO, 0),
        (libc::RLIMIT_SIGPENDING, PENDING_SIGNALS),
    ]
    .into_iter()
    .map(|(resource, value)| ResourceLimit { resource, value })
    .collect()
}

/// Everything that is shown may be read and executed, device files written, and `/tmp` is the task's own. A rule for a
/// directory holds for what is mounted below it.
fn landlock_rules(plan: &Plan) -> Vec<LandlockRule> {
    let read = landlock::EXECUTE | landlock::READ_FILE | landlock::READ_DIRECTORY;
    let directories = ["/etc", "/stockade", "/task", "/dev"].map(|path| path.as_bytes().to_vec());
    let mut paths = directories.to_vec();
    for mount in &plan.mounts {
        let is_below = |directory: &Vec<u8>| {
            mount.target.strip_prefix(directory.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        if !paths.iter().any(is_below) && mount.target != TASK_DIRECTORIES.as_bytes() {
            paths.push(mount.target.clone());
        }
    }
    let mut rules: Vec<LandlockRule> = paths
        .into_iter()
        .map(|path| {
            let writable = if path == b"/dev" { landlock::WRITE_FILE } else { 0 };
            // Landlock refuses rights of directories in a rule for a file.
            let listable = if is_file(plan, &path) { read & !landlock::READ_DIRECTORY } else { read };
            LandlockRule { access: listable | writable, path }
        })
        .collect();
    rules.push(LandlockRule { path: TEMPORARY_DIRECTORY.as_bytes().to_vec(), access: landlock::OWN_FILES });
    rules
}

/// Whether a single file of the host is shown at `path`.
fn is_file(plan: &Plan, path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let mount = plan.mounts.iter().find(|mount| mount.target == path);
    mount.is_some_and(|mount| !std::path::Path::new(std::ffi::OsStr::from_bytes(&mount.source)).is_dir())
}
