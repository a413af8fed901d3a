//! Everything that can go wrong while walls are built.

use std::io;
use std::path::PathBuf;

use stockade_native::control::{Failure, TASK_DIRECTORY_FAILURE};
use thiserror::Error;

/// Why a zygote could not be started or a worker not be walled in.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A wall could not be built by the launcher or by a worker.
    #[error("the wall `{wall}` cannot be built: {failure}", wall = .0.wall, failure = .0)]
    Wall(Failure),
    /// The launcher or the zygote failed before or besides the walls.
    #[error("{0}")]
    Start(Failure),
    /// The directory that a worker was to be forked for is not below the task directories.
    #[error("{0}")]
    TaskDirectory(Failure),
    /// The kernel refused new namespaces.
    #[error("the wall `user-namespace` cannot be built: cannot clone a process into new namespaces: {0}")]
    Clone(io::Error),
    /// The identity map of the user namespace was refused.
    #[error("the wall `user-namespace` cannot be built: cannot write `{path}`: {error}")]
    IdentityMap {
        /// The file in `/proc`.
        path: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
    /// A system call of the supervisor itself failed.
    #[error("cannot {step}: {error}")]
    System {
        /// What was being done.
        step: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// The interpreter or command is not there.
    #[error("cannot find `{name}` in {searched}")]
    NotFound {
        /// As it was given.
        name: PathBuf,
        /// Where it was looked for.
        searched: String,
    },
    /// A path that should be shown inside is not there or cannot be read.
    #[error("cannot use `{path}`: {error}", path = path.display())]
    Path {
        /// The path on the host.
        path: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
    /// The zygote ended before it said hello.
    #[error("{program} ended before it was ready ({status}){output}", output = tail(.output))]
    EndedEarly {
        /// The interpreter.
        program: String,
        /// Its exit status, in words.
        status: String,
        /// What it printed.
        output: String,
    },
    /// The operator named a wall that the others stand on.
    #[error(
        "the wall `{0}` cannot be given up, because the others stand on it: take it out of the walls to do without"
    )]
    Indispensable(crate::Wall),
}

impl SandboxError {
    /// The failure of a launcher or worker, by the wall that it names.
    pub fn from_failure(failure: Failure) -> Self {
        match failure.wall.as_str() {
            "start" => Self::Start(failure),
            TASK_DIRECTORY_FAILURE => Self::TaskDirectory(failure),
            _ => Self::Wall(failure),
        }
    }

    /// A failed system call of the supervisor.
    pub(crate) fn system(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::System { step, error }
    }
}

fn tail(output: &str) -> String {
    let output = output.trim();
    if output.is_empty() { String::new() } else { format!(":\n{output}") }
}
