//! Options of `stockade packages`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::execution::EngineOptions;
use crate::limits::LimitOptions;
use crate::packages::VARIABLE;

const EXAMPLES: &str = "\
Examples:
  stockade packages add python pandas numpy==2.4.1
  stockade packages add javascript lodash axios@1.8.4
      Installs them inside the walls, with a route to the package index and nothing else, and pins every package with its
      hashes in stockade-packages.lock. Commit that file. `stockade run` uses the packages by itself.

  stockade packages install
      On another machine: installs what the lock file names, and nothing else.

  stockade packages why python six
      Which package needs it.

  stockade packages add python polars --package-set reports
      For the tasks that name the set `reports`, which `[package_sets.reports]` of the configuration introduces.
";

/// Add, list, check and remove the packages that tasks import
///
/// The lock file `stockade-packages.lock` stands beside the configuration. pip and npm do the work inside the walls; no
/// script of a package runs unless it is allowed, and packages from git, paths or addresses are refused.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct PackagesArguments {
    /// Keep the packages in this folder
    ///
    /// [default: stockade/packages in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, global = true, value_name = "DIR", env = VARIABLE, hide_env_values = true)]
    pub(super) store: Option<OsString>,

    /// Of this package set of the configuration instead of the packages that tasks have by default
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) package_set: Option<String>,

    #[command(subcommand)]
    pub(super) action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    Add(Box<AddArguments>),
    Remove(Box<RemoveArguments>),
    Install(Box<InstallArguments>),
    /// List the packages of the lock file
    List {
        /// python or javascript [default: both]
        language: Option<String>,

        /// Print one JSON array
        #[arg(long)]
        json: bool,

        /// The lock file stands beside this configuration
        #[arg(long, value_name = "FILE", env = "STOCKADE_CONFIGURATION", hide_env_values = true)]
        configuration: Option<OsString>,
    },
    /// Show through which packages one came in
    Why {
        /// python or javascript
        language: String,

        /// Which package
        name: String,

        /// The lock file stands beside this configuration
        #[arg(long, value_name = "FILE", env = "STOCKADE_CONFIGURATION", hide_env_values = true)]
        configuration: Option<OsString>,
    },
    Verify(Box<VerifyArguments>),
}

/// Add packages, or change their versions
#[derive(Debug, Args)]
pub(super) struct AddArguments {
    /// python or javascript
    pub(super) language: String,

    /// Names, each perhaps with a version: `numpy==2.4.1`, `axios@1.8.4`
    #[arg(required = true)]
    pub(super) names: Vec<String>,

    #[command(flatten)]
    pub(super) options: InstallationOptions,
}

/// Remove packages, and those that nothing else needs
#[derive(Debug, Args)]
pub(super) struct RemoveArguments {
    /// python or javascript
    pub(super) language: String,

    /// Their names
    #[arg(required = true)]
    pub(super) names: Vec<String>,

    #[command(flatten)]
    pub(super) options: InstallationOptions,
}

/// Install what the lock file names
#[derive(Debug, Args)]
pub(super) struct InstallArguments {
    /// python or javascript [default: both]
    pub(super) language: Option<String>,

    #[command(flatten)]
    pub(super) options: InstallationOptions,
}

/// Compare every installed file with what was installed
#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Install what is damaged or missing anew
    #[arg(long)]
    pub(super) repair: bool,

    #[command(flatten)]
    pub(super) options: InstallationOptions,
}

/// How packages are installed.
#[derive(Debug, Args)]
pub(super) struct InstallationOptions {
    /// Let packages run their own scripts while they are installed, inside the walls
    ///
    /// Needed for packages that compile: of Python those without wheels, of JavaScript those with install scripts.
    #[arg(long)]
    pub(super) allow_scripts: bool,

    #[command(flatten)]
    pub(super) limits: LimitOptions,

    #[command(flatten)]
    pub(super) engine: EngineOptions,

    /// Use this Python (3.10 or newer) instead of `python3`; it needs pip 22.2 or newer
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    pub(super) python: Option<PathBuf>,
}
