//! `stockade runner`: serve n8n in the place of its own task runners.

mod arguments;
mod command;
mod variables;

pub(crate) use arguments::RunnerCommandArguments;
pub(crate) use command::runner;
