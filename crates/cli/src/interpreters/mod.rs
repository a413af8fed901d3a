//! The interpreters of this machine: where they are, and whether a zygote can be made of them.

mod find;
mod report;
mod version;

pub(crate) use find::find;
pub(crate) use report::{InterpreterReport, examine};
