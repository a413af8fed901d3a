//! Options of `stockade doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::execution::EngineOptions;

const MORE: &str = "\
Examples:
  stockade doctor
      Each wall and interpreter, and what to do where one is missing.

  stockade doctor --json | jq '.walls[] | select(.state != \"up\")'
      The same for programs: kernel, container, user, ready, walls, interpreters.

  stockade doctor --without-wall cgroup
      Would it do without this one?

Exit status:
   0  the walls can be built
   1  a wall is missing that tasks need
   2  wrong options or configuration
";

/// Show each wall and interpreter of this machine, and the remedy where one is missing
///
/// Each wall is tried by building it in a process that ends at once; nothing is changed and nothing is left behind. A
/// wall is `up`; or a weaker `fallback` takes its place; or it is `missing`; or `given-up` because the configuration
/// or `--without-wall` names it.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct DoctorArguments {
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    pub(super) python: Option<PathBuf>,
}
