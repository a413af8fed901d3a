//! `stockade serve`: the HTTP service.

mod arguments;
mod command;
mod log;

pub(crate) use arguments::{ServeArguments, ServeOptions};
pub(crate) use command::serve;
