//! Options of `stockade task`.

use std::path::PathBuf;

use clap::Args;
use stockade_protocol::AllowedHost;

use crate::execution::EngineOptions;
use crate::limits::LimitOptions;

const MORE: &str = "\
Examples:
  stockade task nodejs-task
      Runs nodejs-task/index.js; its stdout, its stderr and its exit status are those of this command.

  stockade task nodejs-task --timeout 5 -- --region eu first second
      Everything after `--` goes to process.argv of the task.

  stockade task nodejs-task --json | jq .status
      One JSON object: task_id, status (success or failed), stdout, stderr, exit_code, execution_time_ms;
      of a task with hosts also network.

Exit status:
  that of the task. Where the task did not run to its end, one of `stockade run --help`: 2 not a task directory,
  4 timed out, 5 to 9 another limit, 11 cancelled, 12 no usable Node.js or a wall cannot be built.
";

/// Run a Node.js task directory (package.json and index.js) inside the walls
///
/// The directory is read-only and the current one of the task; /tmp is private and writable. CommonJS and ES modules
/// both run, and packages in the directory's own node_modules are found. There is no network but the hosts that are
/// allowed, and no file of this machine beside the directory.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct TaskArguments {
    /// Directory with package.json and index.js
    #[arg(value_name = "DIR")]
    pub(super) directory: PathBuf,

    /// Arguments of the task
    #[arg(last = true, value_name = "ARGS")]
    pub(super) arguments: Vec<String>,

    /// Print one JSON object at the end instead of the output while the task runs
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) limits: LimitOptions,

    /// Let the task reach this host on the ports of HTTP and HTTPS; may be repeated, or a list with commas
    ///
    /// A name, all names below one (`*.example.org`), or an address, each perhaps with a port (`db.example.org:5432`).
    /// Addresses that are not public are refused, unless the configuration allows their network.
    #[arg(long, value_name = "HOST", value_delimiter = ',', help_heading = "Network")]
    pub(super) allow_host: Vec<AllowedHost>,

    #[command(flatten)]
    pub(super) engine: EngineOptions,
}
