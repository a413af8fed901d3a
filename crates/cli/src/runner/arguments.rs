//! Options of `stockade runner`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use stockade_protocol::Language;

use super::variables;
use crate::execution::EngineOptions;
use crate::runner::PACKAGE_SET_VARIABLE;

const EXAMPLES: &str = "\
Examples:
  N8N_RUNNERS_AUTH_TOKEN=… stockade runner --check
      Would it work? Tries n8n, the token, the walls, the interpreters and the allow-lists, and takes no task.

  N8N_RUNNERS_AUTH_TOKEN=… stockade runner
      Serves Python and JavaScript until SIGTERM or Ctrl-C.

  stockade runner python --configuration stockade.toml
      Serves Python only, with settings from the table [runner] of the file.

Exit status:
   0  ended by a signal, or idle with a grant token; with --check: a runner would work
   1  could not start or go on; with --check: a runner would not work
   2  wrong options or configuration
";

/// Run the Code nodes of n8n, in the place of its task runners and their launcher
///
/// Connects to n8n's task broker and runs its Python and JavaScript tasks, each in a walled process of its own. It
/// stays connected: when n8n restarts, it waits and connects again. The log goes to stdout, one line for each event.
///
/// It is set up with the variables of n8n's own runners, below.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n{}", variables::table()))]
pub(crate) struct RunnerCommandArguments {
    /// The task types to serve [default: both, or those of the launcher's configuration file]
    #[arg(value_name = "LANGUAGE", value_parser = language())]
    pub(super) languages: Vec<Language>,

    /// Only tell whether a runner would work, against the live broker, with a remedy for what is wrong
    #[arg(long)]
    pub(super) check: bool,

    /// Give the Code nodes this package set of the configuration instead of the packages that tasks have by default
    #[arg(long, value_name = "NAME", env = PACKAGE_SET_VARIABLE, hide_env_values = true)]
    pub(super) package_set: Option<String>,

    #[command(flatten)]
    pub(super) engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    pub(super) python: Option<PathBuf>,
}

fn language() -> impl clap::builder::TypedValueParser<Value = Language> {
    PossibleValuesParser::new([Language::Python.name(), Language::JavaScript.name()]).map(Language::from)
}
