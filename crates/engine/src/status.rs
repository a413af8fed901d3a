//! What an engine looks like from outside.

use stockade_protocol::Language;

use crate::pool::Pool;

/// State of an engine at one moment.
#[derive(Debug, Clone)]
pub struct EngineStatus {
    /// One entry per configured language, sorted.
    pub runtimes: Vec<RuntimeStatus>,
    /// One entry per language of each package set, sorted.
    pub package_sets: Vec<PackageSetStatus>,
    /// Tasks that wait for a place.
    pub queued: usize,
    /// Tasks that have a place.
    pub running: usize,
    /// Tasks that can run at the same time.
    pub maximum_tasks: usize,
    /// Tasks that can wait for a place; one more is refused.
    pub maximum_queue: usize,
    /// `drain` or `stop` was called.
    pub draining: bool,
}

/// State of one language.
#[derive(Debug, Clone)]
pub struct RuntimeStatus {
    /// Which.
    pub language: Language,
    /// Version of the interpreter, such as `3.13.0`; empty for a command.
    pub version: String,
    /// Modules that should have been preloaded and could not be, each with the reason.
    pub missing: Vec<String>,
    /// Workers that wait, warmed, for a task.
    pub waiting: usize,
    /// Why the language cannot take tasks now; `None` when it can.
    pub problem: Option<String>,
}

/// State of one language of a package set.
#[derive(Debug, Clone)]
pub struct PackageSetStatus {
    /// Which set.
    pub name: String,
    /// Which language of it.
    pub language: Language,
    /// It has a zygote now.
    pub is_running: bool,
    /// How often it was started.
    pub starts: u64,
    /// How often it was stopped, or replaced.
    pub stops: u64,
    /// Proportional memory of its zygote and workers when it was last measured; 0 while it is not running.
    pub proportional_bytes: u64,
    /// Why it could not be started the last time.
    pub problem: Option<String>,
}

impl RuntimeStatus {
    pub(crate) fn of(pool: &Pool) -> Self {
        let status = pool.status();
        Self {
            language: pool.configuration.language.clone(),
            version: status.version,
            missing: status.missing,
            waiting: status.waiting,
            problem: status.problem,
        }
    }
}
