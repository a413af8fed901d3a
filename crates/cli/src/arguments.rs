//! The commands of `stockade`.

use clap::{Parser, Subcommand};

use crate::bench::BenchArguments;
use crate::config::ConfigArguments;
use crate::doctor::DoctorArguments;
use crate::exit_status;
use crate::keys::KeysArguments;
use crate::packages::PackagesArguments;
use crate::run::RunArguments;
use crate::runner::RunnerCommandArguments;
use crate::serve::ServeArguments;
use crate::task::TaskArguments;

const EXAMPLES: &str = "\
Examples:
  stockade doctor                                   Is this machine ready?
  stockade run orders.py --inputs orders.json       Run untrusted Python, print its result
  stockade run orders.js --timeout 5 --memory 128M  The same for JavaScript, with limits
  stockade task nodejs-task -- --region eu          Run a Node.js task directory
  stockade runner --check                           Can it run the Code nodes of n8n?
  stockade serve                                    Serve tasks over HTTP
  stockade packages add python pandas               Install packages for tasks

`stockade help COMMAND` says more about each command.
";

/// Run untrusted Python and JavaScript safely
///
/// Every task gets a fresh process, walled in by the kernel: no network, no files of this machine, limits on time,
/// memory, processes and output. It ends in one outcome: its result, or one typed error.
#[derive(Debug, Parser)]
#[command(name = "stockade", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n{}", exit_status::table()))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArguments>),
    Task(Box<TaskArguments>),
    Runner(Box<RunnerCommandArguments>),
    Serve(Box<ServeArguments>),
    Config(ConfigArguments),
    Keys(KeysArguments),
    Packages(PackagesArguments),
    Doctor(Box<DoctorArguments>),
    Bench(BenchArguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The commands, with help for a page of one width whatever terminal the test runs in.
    fn commands() -> clap::Command {
        Arguments::command().term_width(100)
    }

    /// The help of one command, as `--help` prints it.
    fn help(command: &str) -> String {
        let mut root = commands();
        root.build();
        let found = root.find_subcommand_mut(command).unwrap();
        found.render_long_help().to_string()
    }

    #[test]
    fn the_commands_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_texts() {
        insta::assert_snapshot!("help_stockade_short", commands().render_help().to_string());
        insta::assert_snapshot!("help_stockade", commands().render_long_help().to_string());
        insta::assert_snapshot!("help_run", help("run"));
        insta::assert_snapshot!("help_task", help("task"));
        insta::assert_snapshot!("help_runner", help("runner"));
        insta::assert_snapshot!("help_doctor", help("doctor"));
        insta::assert_snapshot!("help_serve", help("serve"));
        insta::assert_snapshot!("help_config", help("config"));
        insta::assert_snapshot!("help_keys", help("keys"));
        insta::assert_snapshot!("help_packages", help("packages"));
    }
}
