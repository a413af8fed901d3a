//! Options of `stockade serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::configuration::{Configuration, ConfigurationError};
use crate::execution::EngineOptions;

const MORE: &str = "\
Examples:
  stockade serve
      Serves this machine on http://127.0.0.1:3000.

  curl http://127.0.0.1:3000/v1/tasks --json '{\"language\": \"python\", \"code\": \"return 6 * 7\"}'
      Runs one task and waits for its outcome.

  stockade keys add ada && stockade serve --listen 0.0.0.0:3000
      Serves whoever has a key.

  stockade serve --listen 127.0.0.1:3001 --tasks-dir tasks --nautilus-listen 0.0.0.0:3000
      Takes the place of a Nautilus server; its tasks run unchanged.

Exit status:
   0  ended by SIGTERM, SIGINT or SIGHUP
   2  wrong options, configuration or keys
  11  ended at once by a second signal
  12  a wall cannot be built, an interpreter is missing, or the address cannot be listened on
";

/// Serve tasks over HTTP
///
/// Without a file of API keys only this machine is served. A signal stops the service: new tasks are refused, running ones may
/// end until the deadline, and nothing of them is left. The log goes to stderr.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(super) options: ServeOptions,
}

/// What `stockade serve` and `stockade config show` take.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Where to listen; port 0 is any free one
    ///
    /// [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// The file of the API keys; when it is named, no request is taken without one
    ///
    /// [default: stockade-keys.toml]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,

    /// Append a JSON line to this file for every task: who, the hash of the code, limits, outcome, usage
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,

    /// Serve the Node.js task directories below this folder, with signed answers (Nautilus)
    #[arg(long, value_name = "DIR", help_heading = "Nautilus")]
    tasks_dir: Option<PathBuf>,

    /// Serve them on a port of their own, to every caller: the protocol knows no keys
    #[arg(long, value_name = "ADDRESS", help_heading = "Nautilus")]
    nautilus_listen: Option<SocketAddr>,

    #[command(flatten)]
    engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    python: Option<PathBuf>,
}

impl ServeOptions {
    /// The file that [`ServeOptions::load`] reads, if it reads one.
    pub(super) fn configuration_file(&self) -> Option<PathBuf> {
        self.engine.configuration_file()
    }

    /// All settings: the file, the environment, these.
    pub(crate) fn load(&self) -> Result<Configuration, ConfigurationError> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let given = [
            ("server.listen", self.listen.map(|address| address.to_string())),
            ("server.keys", path(&self.keys)),
            ("server.audit_log", path(&self.audit_log)),
            ("nautilus.tasks_dir", path(&self.tasks_dir)),
            ("nautilus.listen", self.nautilus_listen.map(|address| address.to_string())),
        ];
        let options = given.into_iter().filter_map(|(key, text)| Some((key, text?))).collect();
        self.engine.load_service(self.python.as_deref(), options)
    }
}
