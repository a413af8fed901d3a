//! The command line of Stockade.
//!
//! - [`run`]: one file of untrusted code; [`task`]: a Node.js task directory; [`doctor`]: the state of the walls;
//!   [`runner`]: n8n's Code nodes; [`serve`]: the HTTP service; [`keys`]: who may call it; [`config`]: its
//!   settings; [`packages`]: what tasks import.
//! - [`execution`]: what `run` and `task` share: an engine for one task, its output, Ctrl-C.
//! - [`configuration`], [`languages`], [`limits`], [`interpreters`], [`units`]: what a command is given,
//!   checked before anything starts.
//! - [`failure`], [`render`], [`exit_status`]: what a command answers.
//!
//! Data goes to stdout, everything else to stderr.

mod arguments;
mod bench;
mod config;
mod configuration;
mod doctor;
mod execution;
mod exit_status;
mod failure;
mod interpreters;
mod keys;
mod languages;
mod limits;
mod packages;
mod panics;
mod render;
mod run;
mod runner;
mod serve;
mod task;
mod units;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    raise_open_files();
    panics::catch(|| match &arguments.command {
        Command::Bench(arguments) => bench::bench(arguments).into(),
        Command::Run(arguments) => run::run(arguments).into(),
        Command::Task(arguments) => task::task(arguments).into(),
        Command::Runner(arguments) => runner::runner(arguments).into(),
        Command::Serve(arguments) => serve::serve(arguments).into(),
        Command::Config(arguments) => config::config(arguments).into(),
        Command::Keys(arguments) => keys::keys(arguments).into(),
        Command::Packages(arguments) => packages::packages(arguments).into(),
        Command::Doctor(arguments) => doctor::doctor(arguments).into(),
    })
}

/// Raises the limit on open files as far as it may be: each worker takes some, and so does each connection of a task. The
/// usual limit of 1,024 is for programs that use `select(2)`, which this one does not.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, it stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
