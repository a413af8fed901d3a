//! `stockade keys`: the API keys of the service.

mod arguments;
mod command;

pub(crate) use arguments::KeysArguments;
pub(crate) use command::keys;
