//! Options of `stockade run`.

use std::path::PathBuf;

use clap::Args;
use stockade_protocol::AllowedHost;

use crate::execution::EngineOptions;
use crate::exit_status;
use crate::limits::LimitOptions;

const EXAMPLES: &str = "\
Examples:
  stockade run orders.py --inputs orders.json
      The keys of orders.json are variables of the code; what it returns goes to stdout.

  stockade run report.js | jq .total
      What the code prints goes to stderr, so that stdout has the result and nothing else.

  echo 'return 6 * 7' | stockade run - --language python
      Code from standard input. It is the body of a function: `return` works at the top level.

  stockade run model.py --packages ./packages --preload numpy --memory 1G --timeout 2m
      With packages that `pip install --target ./packages numpy` has installed.

  stockade run chart.py --file sales.csv --output-folder charts
      The code opens sales.csv; what it writes to output/ is in charts/ afterwards.

  stockade run untrusted.py --allow json,math --json
      Only these modules may be imported. One JSON object on stdout, for programs.
";

/// Run untrusted code inside the walls and print what it returns
///
/// The code is the body of a function: a top-level `return VALUE` gives the result, any JSON value; in JavaScript a
/// top-level `await` works. Python code without a top-level `return` runs as a script. The code has no network, no
/// files of this machine, and a private /tmp.
///
/// The result goes to stdout as JSON; nothing goes there when the code returns nothing. What the code prints, on its
/// stdout and its stderr, goes to stderr while it runs, and so do errors. A custom runtime is a program without a
/// result: what it prints on stdout goes to stdout.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{EXAMPLES}\n{}", exit_status::table()))]
pub(crate) struct RunArguments {
    /// File with the code; `-` reads it from standard input
    pub(super) file: PathBuf,

    /// Language of the code: python, javascript, or a custom runtime of the configuration
    ///
    /// [default: by the extension of FILE]
    #[arg(long, short, value_name = "NAME")]
    pub(super) language: Option<String>,

    /// JSON file with one object, whose keys become variables of the code; `-` reads it from standard input
    #[arg(long, short, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,

    /// Give the code this file, in the folder that it works in; may be repeated
    #[arg(long = "file", value_name = "PATH")]
    pub(super) files: Vec<PathBuf>,

    /// Write the files that the code leaves in `output`, in the folder that it works in, to this one
    ///
    /// It is made, or has to be empty: nothing is overwritten. Links and folders do not come back.
    #[arg(long, value_name = "DIR")]
    pub(super) output_folder: Option<PathBuf>,

    /// Print one JSON object with status, result or error, stdout, stderr, usage and denied system calls
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) limits: LimitOptions,

    #[command(flatten)]
    pub(super) modules: ModuleOptions,

    /// Let the code reach this host on the ports of HTTP and HTTPS; may be repeated, or a list with commas
    ///
    /// A name, all names below one (`*.example.org`), or an address, each perhaps with a port (`db.example.org:5432`).
    /// Addresses that are not public are refused, unless the configuration allows their network.
    #[arg(long, value_name = "HOST", value_delimiter = ',', help_heading = "Network")]
    pub(super) allow_host: Vec<AllowedHost>,

    #[command(flatten)]
    pub(super) engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    pub(super) python: Option<PathBuf>,
}

/// Which modules there are, and which of them the code may import.
#[derive(Debug, Args)]
#[command(next_help_heading = "Modules")]
pub(super) struct ModuleOptions {
    /// Allow only these modules to be imported; may be repeated, or a list with commas
    ///
    /// `--allow ''` allows none. Without it, whatever is installed may be imported.
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    pub(super) allow: Option<Vec<String>>,

    /// Folder with packages: of `pip install --target DIR …`, or of `npm install --prefix DIR …`
    #[arg(long, value_name = "DIR")]
    pub(super) packages: Option<PathBuf>,

    /// Use this package set of the configuration instead of the packages that tasks have by default
    #[arg(long, value_name = "NAME", conflicts_with = "packages")]
    pub(super) package_set: Option<String>,

    /// Import this module before the task starts, so that its own import costs nothing; may be repeated
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    pub(super) preload: Vec<String>,
}
