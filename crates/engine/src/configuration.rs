//! What an engine is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stockade_egress::EgressConfiguration;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{Language, Limits};
use stockade_sandbox::Wall;

/// What an engine is started with. [`EngineConfiguration::default`] runs Python and JavaScript with the defaults of
/// the design.
#[derive(Debug, Clone)]
pub struct EngineConfiguration {
    /// The languages to keep ready; at least one.
    pub runtimes: Vec<RuntimeConfiguration>,
    /// Sets of packages that tasks can name, each with the languages that it is for. They are started when a task needs
    /// them.
    pub package_sets: BTreeMap<String, Vec<RuntimeConfiguration>>,
    /// Zygotes of these sets at the same time, one for each language of a set. Tasks go first: while more than that are
    /// in use, none is stopped.
    pub maximum_package_sets: usize,
    /// Proportional memory of these zygotes and their workers, in bytes. Tasks go first here too.
    pub package_set_memory_bytes: u64,
    /// Tasks that run at the same time.
    pub maximum_tasks: usize,
    /// Tasks that wait for a free place; one more is refused with `CAPACITY_ERROR`.
    pub maximum_queue: usize,
    /// Walls that the operator has named to do without.
    pub without_walls: Vec<Wall>,
    /// What holds for the network of every task that has one.
    pub egress: EgressConfiguration,
    /// Folder whose task directories [`stockade_protocol::Program::Directory`] names.
    pub task_directory: Option<PathBuf>,
}

/// One language to keep ready.
#[derive(Debug, Clone)]
pub struct RuntimeConfiguration {
    /// Which language.
    pub language: Language,
    /// How its workers come to be.
    pub kind: RuntimeKind,
    /// Workers that wait, warmed, for a task.
    pub waiting_workers: usize,
    /// The limits that a waiting worker is built with; tasks with other limits may differ.
    pub limits: Limits,
    /// Folder with packages: `pip install --target` for Python, the parent of `node_modules` for JavaScript.
    pub packages: Option<PathBuf>,
    /// Modules that the zygote imports before its first fork.
    pub preload: Vec<String>,
    /// More modules that it imports, if they can be: one that cannot is left out with a warning, whatever it does. `None`:
    /// whoever has configured the language has said what to preload.
    pub preload_packages: Option<Vec<String>>,
    /// Kinds of task beyond plain code that the harness gets ready for, such as `n8n`.
    pub modes: Vec<String>,
    /// Language rules that tasks in these modes go by, as the harness reads them; it gets ready for them once.
    pub rules: Option<serde_json::Map<String, serde_json::Value>>,
    /// Environment variables of the zygote that its tasks see too, such as `TZ`.
    pub environment: BTreeMap<String, String>,
    /// More arguments for the interpreter itself, such as `--max-old-space-size=4096`.
    pub interpreter_arguments: Vec<String>,
}

/// How the workers of a language come to be.
#[derive(Debug, Clone)]
pub enum RuntimeKind {
    /// Forked from a warmed interpreter: the path or name of `python3` or `node`.
    Zygote {
        /// Looked up in `PATH` when it has no slash.
        interpreter: PathBuf,
    },
    /// A command executed inside the walls; `{file}` stands for the file with the code.
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// File name extensions that select this runtime, without the dot.
        extensions: Vec<String>,
    },
}

/// Workers that wait for a task unless configured otherwise.
pub const DEFAULT_WAITING_WORKERS: usize = 4;

impl RuntimeConfiguration {
    /// A language with its default interpreter (`python3`, `node`) or, for a custom runtime, with `command`.
    pub fn of(language: Language) -> Self {
        let kind = match &language {
            Language::Python => RuntimeKind::Zygote { interpreter: "python3".into() },
            Language::JavaScript => RuntimeKind::Zygote { interpreter: "node".into() },
            Language::Custom(name) => {
                RuntimeKind::Command { command: vec![name.clone(), "{file}".to_owned()], extensions: Vec::new() }
            }
        };
        Self {
            limits: Limits::of(&language),
            language,
            kind,
            waiting_workers: DEFAULT_WAITING_WORKERS,
            packages: None,
            preload: Vec::new(),
            preload_packages: Some(Vec::new()),
            modes: Vec::new(),
            rules: None,
            environment: BTreeMap::new(),
            interpreter_arguments: Vec::new(),
        }
    }
}

impl Default for EngineConfiguration {
    fn default() -> Self {
        Self {
            runtimes: vec![RuntimeConfiguration::of(Language::Python), RuntimeConfiguration::of(Language::JavaScript)],
            package_sets: BTreeMap::new(),
            maximum_package_sets: 4,
            package_set_memory_bytes: 1024 * MEBIBYTE,
            maximum_tasks: 10,
            maximum_queue: 100,
            without_walls: Vec::new(),
            egress: EgressConfiguration::default(),
            task_directory: None,
        }
    }
}
