//! `stockade runner`: serve n8n in the place of its own task runners.

mod arguments;
mod command;
mod variables;

/// Names the package set of the Code nodes.
pub(crate) const PACKAGE_SET_VARIABLE: &str = "STOCKADE_RUNNER_PACKAGE_SET";

pub(crate) use arguments::RunnerCommandArguments;
pub(crate) use command::runner;
