//! What the service is started with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{Language, Limits};

use crate::nautilus::NautilusConfiguration;
use crate::telemetry::TelemetryConfiguration;
use crate::watch::AuditConfiguration;

/// The port of the reference (spec/seed-4).
pub const DEFAULT_PORT: u16 = 3000;

/// What the service is started with. [`ServerConfiguration::default`] serves this machine alone.
#[derive(Debug, Clone)]
pub struct ServerConfiguration {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// The languages that the engine runs, with what holds for a task that does not say otherwise.
    pub languages: BTreeMap<Language, LanguageSettings>,
    /// The package sets that the engine has, beside the one without a name.
    pub package_sets: BTreeSet<String>,
    /// Bytes of the longest request body.
    pub maximum_body_bytes: usize,
    /// Bytes of all request bodies that are in memory at one time: being read, or with a task that has not ended.
    pub maximum_bodies_bytes: usize,
    /// Bytes of all large answers that clients have not taken yet; one too many is answered 503.
    pub maximum_answers_bytes: usize,
    /// Connections at one time; one more is answered 503 at once.
    pub maximum_connections: usize,
    /// How long a client may take to send the head of a request, and then its body.
    pub read_timeout: Duration,
    /// How long a client may take nothing of what it is sent; then its connection is cut off.
    pub write_timeout: Duration,
    /// What is kept of tasks that have ended.
    pub retention: Retention,
    /// The file of the API keys; `None`: there are none. Once it is there, every request needs a key of it.
    pub keys: Option<PathBuf>,
    /// Every request needs a key also while there is no such file.
    pub requires_key: bool,
    /// Signed Node.js tasks; `None`: they are not served.
    pub nautilus: Option<NautilusConfiguration>,
    /// Where spans of requests and tasks go; `None`: there are none.
    pub telemetry: Option<TelemetryConfiguration>,
    /// The log of who ran what; `None`: nothing is logged.
    pub audit: Option<AuditConfiguration>,
    /// Names of the walls that the operator has given up, for `/metrics` to say so.
    pub missing_walls: Vec<String>,
    /// How long running tasks get to end after the service was told to stop.
    pub stop_deadline: Duration,
}

/// What holds for the tasks of one language.
#[derive(Debug, Clone)]
pub struct LanguageSettings {
    /// The limits of a task that asks for none; an engine has workers waiting that were built with these.
    pub limits: Limits,
    /// The most that a task may ask for.
    pub ceilings: Limits,
    /// The modules that a task may import if it does not say; `None`: all that are installed.
    pub allow: Option<Vec<String>>,
}

/// What is kept of tasks that have ended, for callers that come back for the outcome.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// How long an outcome is kept.
    pub time: Duration,
    /// Bytes of outcomes that are kept; the oldest of the caller that has most go first.
    pub bytes: usize,
    /// Outcomes that are kept; the oldest of the caller that has most go first.
    pub tasks: usize,
}

impl LanguageSettings {
    /// Nobody may ask for more than the default limits.
    pub fn of(limits: Limits) -> Self {
        Self { limits, ceilings: limits, allow: None }
    }
}

impl Default for ServerConfiguration {
    fn default() -> Self {
        let languages = [Language::Python, Language::JavaScript];
        Self {
            listen: (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into(),
            languages: languages.map(|language| (language.clone(), LanguageSettings::of(Limits::of(&language)))).into(),
            package_sets: BTreeSet::new(),
            maximum_body_bytes: 16 * MEBIBYTE as usize,
            maximum_bodies_bytes: 256 * MEBIBYTE as usize,
            maximum_answers_bytes: 256 * MEBIBYTE as usize,
            maximum_connections: 4096,
            read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            retention: Retention { time: Duration::from_secs(300), bytes: 64 * MEBIBYTE as usize, tasks: 10_000 },
            keys: None,
            requires_key: false,
            nautilus: None,
            telemetry: None,
            audit: None,
            missing_walls: Vec::new(),
            stop_deadline: Duration::from_secs(30),
        }
    }
}
