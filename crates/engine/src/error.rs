//! Everything that can go wrong with the engine itself; what goes wrong with a task is a
//! [`stockade_protocol::TaskError`].

use std::io;
use std::path::PathBuf;

use stockade_protocol::Language;
use stockade_sandbox::SandboxError;
use stockade_sandbox::cgroup::CgroupError;
use thiserror::Error;

/// Why an engine cannot start.
#[derive(Debug, Error)]
pub enum EngineError {
    /// No language was configured.
    #[error("no language is configured")]
    NoRuntime,
    /// A zygote could not be started.
    #[error("cannot start {language}: {error}")]
    Zygote {
        /// Of which language.
        language: Language,
        /// Why.
        #[source]
        error: SandboxError,
    },
    /// The interpreter is not there.
    #[error("cannot start {language}: cannot find `{interpreter}` ({reason})", interpreter = interpreter.display())]
    Interpreter {
        /// Which language it was for.
        language: Language,
        /// As it was configured.
        interpreter: PathBuf,
        /// What was tried.
        reason: String,
    },
    /// A cgroup could not be made although the kernel and the operator allow it.
    #[error("the wall `cgroup` cannot be built: {0}")]
    Cgroup(#[from] CgroupError),
    /// A system call of the supervisor failed.
    #[error("cannot {step}: {error}")]
    System {
        /// What was being done.
        step: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// The zygote is ready, but its first worker is not.
    #[error("cannot start {language}: {reason}")]
    Worker {
        /// Of which language.
        language: Language,
        /// Why.
        reason: String,
    },
    /// The directory with the task directories is not there.
    #[error("cannot use the task directory `{path}`: {error}", path = path.display())]
    TaskDirectory {
        /// The path on the host.
        path: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
    /// Nothing of this name can be replaced.
    #[error("{0}")]
    NoSuchPool(String),
    /// The zygote did not say hello in time.
    #[error("cannot start {language}: the interpreter was not ready within {seconds} seconds")]
    Slow {
        /// Of which language.
        language: Language,
        /// How long was waited.
        seconds: u64,
    },
}
