//! `stockade run`: one file of untrusted code, one outcome.

mod arguments;
mod command;
mod files;
mod inputs;
mod report;
mod source;

pub(crate) use arguments::RunArguments;
pub(crate) use command::run;
