//! Options of `stockade serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

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
/// Without API keys only this machine is served. A signal stops the service: new tasks are refused, running ones may
/// end until the deadline, and nothing of them is left. The log goes to stderr.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct ServeArguments {
    /// Where to listen; port 0 is any free one
    ///
    /// [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<SocketAddr>,

    /// The file of the API keys
    ///
    /// [default: stockade-keys.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,

    /// Serve the Node.js task directories below this folder, with signed answers (Nautilus)
    #[arg(long, value_name = "DIR", help_heading = "Nautilus")]
    pub(super) tasks_dir: Option<PathBuf>,

    /// Serve them on a port of their own, to every caller: the protocol knows no keys
    #[arg(long, value_name = "ADDRESS", requires = "tasks_dir", help_heading = "Nautilus")]
    pub(super) nautilus_listen: Option<SocketAddr>,

    #[command(flatten)]
    pub(super) engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    pub(super) python: Option<PathBuf>,
}
