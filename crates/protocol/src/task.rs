//! What a caller asks for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::file::TaskFiles;
use crate::network::Network;

/// One piece of code with its input, limits and allowed modules. It ends in exactly one [`crate::Outcome`].
#[derive(Debug, Clone)]
pub struct Task {
    /// Which zygote's workers can take it.
    pub language: Language,
    /// The packages that it can import, by the name of their set; `None`: those that the engine was started with.
    pub package_set: Option<String>,
    /// What runs.
    pub program: Program,
    /// Raw JSON handed to the code; never parsed in the supervisor. Empty: no inputs.
    pub inputs: Bytes,
    /// Where the task is stopped.
    pub limits: Limits,
    /// Modules that user code may import; `None` allows whatever is installed.
    pub allow: Option<Vec<String>>,
    /// Environment variables that the code sees beside `PATH`, `HOME`, `LANG` and `TZ`.
    pub environment: BTreeMap<String, String>,
    /// Hosts that the code may reach.
    pub network: Network,
    /// Files that the code is given, and whether those that it leaves come back.
    pub files: TaskFiles,
}

/// The name by which people call the packages that belong to no named set.
pub const DEFAULT_PACKAGE_SET: &str = "default";

/// What runs in the worker.
#[derive(Debug, Clone)]
pub enum Program {
    /// The body of a function: a top-level `return` gives the result.
    Code {
        /// Name shown in error messages and stack traces.
        file_name: String,
        /// UTF-8 source text.
        code: Bytes,
    },
    /// A Node.js task directory (`package.json`, `index.js`), below the directory that the engine was started with.
    Directory {
        /// Path of the task relative to the engine's task directory.
        path: PathBuf,
        /// Arguments after the script in `process.argv`.
        arguments: Vec<String>,
    },
    /// A Code node of n8n: `settings` goes to the harness as it is.
    N8n {
        /// UTF-8 source text.
        code: Bytes,
        /// JSON object for the harness: `n8n`, what n8n says of the task, and `validated`, whether its code is known to
        /// pass the static check.
        settings: serde_json::Map<String, serde_json::Value>,
    },
}

/// A language that the engine runs: one of the two with a zygote, or a configured command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Language {
    /// Python, forked from a warmed CPython.
    Python,
    /// JavaScript, forked from a warmed Node.js.
    JavaScript,
    /// A custom runtime of this name: a command from the configuration, executed inside the walls.
    Custom(String),
}

impl Language {
    /// The name used on the command line, in configuration, metrics and messages.
    pub fn name(&self) -> &str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl From<String> for Language {
    fn from(name: String) -> Self {
        match name.as_str() {
            "python" => Self::Python,
            "javascript" => Self::JavaScript,
            _ => Self::Custom(name),
        }
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.name().to_owned()
    }
}

impl FromStr for Language {
    type Err = std::convert::Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(name.to_owned()))
    }
}

/// Where a task is stopped. Reaching one gives the error code of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall time from the moment that a worker has the task; `TIMEOUT_ERROR`.
    pub timeout: Duration,
    /// Bytes of memory of all the task's processes and files in `/tmp`; `MEMORY_ERROR`.
    pub memory_bytes: u64,
    /// Bytes of files in `/tmp`; `DISK_LIMIT_ERROR`.
    pub temporary_storage_bytes: u64,
    /// Processes and threads at the same time; `PROCESS_LIMIT_ERROR`.
    pub processes: u32,
    /// Bytes of stdout, stderr, log messages and result together; `OUTPUT_LIMIT_ERROR`.
    pub output_bytes: u64,
}

/// One mebibyte, the unit in which people give limits of memory and storage.
pub const MEBIBYTE: u64 = 1024 * 1024;

/// What may be asked for, whoever asks.
pub mod range {
    use std::ops::RangeInclusive;
    use std::time::Duration;

    use super::MEBIBYTE;

    const KIBIBYTE: u64 = 1024;
    const GIBIBYTE: u64 = 1024 * MEBIBYTE;
    const TEBIBYTE: u64 = 1024 * GIBIBYTE;

    /// Wall time.
    pub const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(24 * 3_600);
    /// Bytes of memory.
    pub const MEMORY: RangeInclusive<u64> = MEBIBYTE..=TEBIBYTE;
    /// Bytes of files in `/tmp`.
    pub const TEMPORARY_STORAGE: RangeInclusive<u64> = 4 * KIBIBYTE..=TEBIBYTE;
    /// Bytes of output, which is kept in memory until the task ends: its upper end is lower than the others.
    pub const OUTPUT: RangeInclusive<u64> = KIBIBYTE..=GIBIBYTE;
    /// Processes and threads.
    pub const PROCESSES: RangeInclusive<u32> = 1..=10_000;
}

impl Limits {
    /// The defaults of a language: 60 s and 512 MiB for Python, 30 s and 256 MiB for JavaScript and custom
    /// runtimes (spec/seed-0, "Runner Configuration").
    pub fn of(language: &Language) -> Self {
        let (seconds, mebibytes) = match language {
            Language::Python => (60, 512),
            Language::JavaScript | Language::Custom(_) => (30, 256),
        };
        Self {
            timeout: Duration::from_secs(seconds),
            memory_bytes: mebibytes * MEBIBYTE,
            temporary_storage_bytes: 64 * MEBIBYTE,
            processes: 64,
            output_bytes: 16 * MEBIBYTE,
        }
    }
}
