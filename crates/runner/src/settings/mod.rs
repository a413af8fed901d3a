//! What a runner is started with: environment variables, a launcher's configuration file, a TOML file.
//!
//! Every setting stands in [`VARIABLES`]; [`Settings::resolve`] reads them all and is the only place where defaults
//! and limits of values are decided.

mod language;
mod launcher_file;
mod reader;
mod resolve;
mod settings_file;
mod sources;
#[cfg(test)]
mod tests;
mod value;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use stockade_engine::EngineConfiguration;

use crate::broker::BrokerAddress;
use crate::log::Level;

pub(crate) use language::{LanguageSettings, Rules};
pub use value::Origin;
pub(crate) use value::Text;
pub(crate) use variables::TASK_BROKER_URI;
pub use variables::{Scope, VARIABLES, Variable};

/// The settings of a runner, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) token: Token,
    pub(crate) broker: BrokerAddress,
    pub(crate) certificates: Certificates,
    pub(crate) runner_id: String,
    pub(crate) maximum_payload: usize,
    pub(crate) auto_shutdown: Option<Duration>,
    pub(crate) graceful_shutdown: Duration,
    pub(crate) force_kill_margin: Duration,
    pub(crate) health: Vec<HealthSettings>,
    pub(crate) log_level: Level,
    pub(crate) log_colours: bool,
    pub(crate) languages: Vec<LanguageSettings>,
    pub(crate) engine: EngineConfiguration,
    /// What the operator should know about the settings: said once at the start.
    pub(crate) remarks: Vec<String>,
}

/// How the runner proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// For one connection.
    Grant(String),
    /// Exchanged for a grant token before every connection.
    Auth(String),
}

impl std::fmt::Debug for Token {
    /// Tokens must not come into a log by way of `{:?}`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Grant(_) => "Grant(…)",
            Self::Auth(_) => "Auth(…)",
        })
    }
}

/// Which authorities may vouch for a broker with `https://`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Certificates {
    /// In place of the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Beside them.
    pub(crate) extra: Option<PathBuf>,
}

/// Where a health check server listens and how it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HealthSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) body: HealthBody,
}

/// The form of a health check's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HealthBody {
    /// `OK`, as n8n's runners answer.
    Text,
    /// `{"status":"ok"}`, as the launcher answers.
    Json,
}

impl Settings {
    /// What the engine has to be started with.
    pub fn engine_configuration(&self) -> &EngineConfiguration {
        &self.engine
    }

    /// The lowest level of the log.
    pub fn log_level(&self) -> Level {
        self.log_level
    }

    /// Whether the log may have colours on a terminal.
    pub fn log_colours(&self) -> bool {
        self.log_colours
    }
}
