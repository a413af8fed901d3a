//! Options of `stockade config`.

use clap::{Args, Subcommand};

use crate::serve::ServeOptions;

const MORE: &str = "\
Examples:
  stockade config show
      Every setting of `stockade serve`, with the place that its value comes from.

  STOCKADE_SERVER_LISTEN=127.0.0.1:8080 stockade config show | grep -v '# default'
      Only what was set.
";

/// Show the settings of `stockade serve` and where they come from
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(super) action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Show every setting: the key, the value, and after `#` the place that it comes from
    ///
    /// A place is a line of the file, a variable, an option, or `default`. The options are those of `stockade serve`.
    /// A mistake is refused as `stockade serve` would.
    Show(Box<ServeOptions>),
    /// Print the reference of all settings as a page of Markdown
    Reference,
}
