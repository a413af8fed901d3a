//! Options of `stockade keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stockade_protocol::{AllowedHost, Language};
use stockade_server::Rate;

use crate::limits::LimitOptions;

const MORE: &str = "\
Examples:
  stockade keys add ada
      Prints a key for Ada, once: only its hash is kept.

  stockade keys add batch --rate 600/m --concurrency 4 --language python --ceiling-timeout 5s
      A key that may do less.

  stockade keys list --json | jq -r '.[].name'

  stockade keys revoke ada
      A running service refuses the key within about a second.
";

/// Make, list and revoke the API keys of the service
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct KeysArguments {
    /// The file of the API keys
    ///
    /// [default: stockade-keys.toml]
    #[arg(long, global = true, value_name = "FILE", env = "STOCKADE_SERVER_KEYS", hide_env_values = true)]
    pub(super) keys: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    Add(Box<AddArguments>),
    /// List the keys and what each may do
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Take a key back
    Revoke {
        /// Whose
        name: String,
    },
}

/// Make a key and print it
#[derive(Debug, Args)]
pub(super) struct AddArguments {
    /// Whose; stands in metrics and in the audit log
    pub(super) name: String,

    /// Requests that it may send, such as `10/s`, `600/m` or `1000/h`
    #[arg(long)]
    pub(super) rate: Option<Rate>,

    /// Tasks that it may have at one time
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) concurrency: Option<u32>,

    /// A language that it may use; may be repeated [default: all]
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    pub(super) language: Option<Vec<Language>>,

    /// A module that its tasks may import; may be repeated [default: all]
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    pub(super) package: Option<Vec<String>>,

    /// A package set that its tasks may name, the first being that of a task that names none; may be repeated; `default`
    /// are the packages without a named set [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) package_set: Option<Vec<String>>,

    /// A host that its tasks may ask for, of those that the service allows; may be repeated [default: all]
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub(super) host: Option<Vec<AllowedHost>>,

    #[command(flatten)]
    pub(super) ceilings: CeilingOptions,
}

/// The limits of `run` under names of their own.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ceilings of the limits that its tasks may ask for")]
pub(super) struct CeilingOptions {
    /// Most time
    #[arg(long, value_name = "TIME", value_parser = crate::limits::timeout)]
    ceiling_timeout: Option<std::time::Duration>,
    /// Most memory
    #[arg(long, value_name = "SIZE", value_parser = crate::limits::memory)]
    ceiling_memory: Option<u64>,
    /// Most files in /tmp
    #[arg(long, value_name = "SIZE", value_parser = crate::limits::tmp)]
    ceiling_tmp: Option<u64>,
    /// Most output
    #[arg(long, value_name = "SIZE", value_parser = crate::limits::output_limit)]
    ceiling_output_limit: Option<u64>,
    /// Most processes and threads
    #[arg(long, value_name = "COUNT", value_parser = crate::limits::processes)]
    ceiling_processes: Option<u32>,
}

impl CeilingOptions {
    /// As limits.
    pub(super) fn limits(&self) -> LimitOptions {
        LimitOptions {
            timeout: self.ceiling_timeout,
            memory: self.ceiling_memory,
            tmp: self.ceiling_tmp,
            output_limit: self.ceiling_output_limit,
            processes: self.ceiling_processes,
        }
    }
}
