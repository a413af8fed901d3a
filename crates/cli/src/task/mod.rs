//! `stockade task`: a Node.js task directory as a program.

mod arguments;
mod command;
mod directory;
mod report;

pub(crate) use arguments::TaskArguments;
pub(crate) use command::task;
