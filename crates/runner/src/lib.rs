//! The client of an n8n broker: takes the place of n8n's Python runner, JavaScript runner and launcher.
//!
//! One task owns everything that happens: `runner` waits for messages, reports of tasks, signals and deadlines, and
//! hands each to the `dispatch`er, which decides and does no input or output. What it decides leaves through its
//! outbox, to `broker`, and through [`TaskEngine`], to the engine. `message` is the wire format. `settings` reads the
//! environment, a launcher's file and a TOML file. `health` and `log` say how things stand.
//!
//! [`run`] is a whole runner. [`check()`] tells, against a live broker, whether one would work.

mod broker;
mod check;
mod dispatch;
mod engine;
mod error;
mod health;
mod identifier;
mod log;
mod message;
mod runner;
mod settings;
mod signals;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use stockade_engine::{Engine, EngineConfiguration};
use stockade_protocol::Language;

pub use check::{CheckReport, Finding, State, check};
pub use engine::{Command, Reporter, TaskControl, TaskEngine};
pub use error::RunnerError;
pub use log::{Form, Level, Log};
pub use runner::serve;
pub use settings::{Origin, Scope, Settings, VARIABLES, Variable};
pub use signals::Signal;

/// What a runner is started with.
#[derive(Debug, Clone, Default)]
pub struct RunnerArguments {
    /// The task types to serve. Empty: those of the launcher's file, else Python and JavaScript.
    pub languages: Vec<Language>,
    /// A TOML file with the table `[runner]`.
    pub settings_file: Option<PathBuf>,
    /// The environment, which wins over the TOML file.
    pub environment: BTreeMap<String, String>,
    /// The name of the package set that `engine` has in the place of the packages without one, for messages.
    pub package_set: Option<String>,
    /// Interpreters, packages, walls: what is not n8n's matter. Time, memory and output limits, concurrency and what
    /// the harness gets ready for are set by the runner.
    pub engine: EngineConfiguration,
}

/// Why a runner ended without an error: exit status 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// SIGTERM or SIGINT.
    Signal,
    /// n8n has drained the runner and closed its connection, for which alone its grant token was good.
    Drained,
    /// Nothing to do for N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT; whoever started the runner starts it again when needed.
    Idle,
}

/// Runs a runner to its end, with its log on stdout.
///
/// `started` gets the engine and the log as soon as they are there. An error is the caller's to print,
/// [`RunnerError::hint`] with it; its exit status is 1.
pub async fn run(arguments: RunnerArguments, started: impl FnOnce(&Engine, &Log)) -> Result<Ending, RunnerError> {
    let settings = Arc::new(Settings::resolve(&arguments)?);
    let signals = signals::listen()?;
    let configuration = settings.engine_configuration().clone();
    let stdout = std::io::stdout();
    let form = match stdout.is_terminal() {
        true => Form::Terminal { colours: settings.log_colours() },
        false => Form::Plain,
    };
    let log = Log::new(stdout, settings.log_level(), form);
    let start_engine = async {
        let engine = Engine::start(configuration).await?;
        started(&engine, &log);
        Ok(engine)
    };
    let result = serve(settings, start_engine, log.clone(), signals).await;
    log.flush();
    result
}
