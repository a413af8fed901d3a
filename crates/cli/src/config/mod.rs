//! `stockade config`: the settings and where they come from.

mod arguments;
mod command;
mod reference;
#[cfg(test)]
mod tests;

pub(crate) use arguments::ConfigArguments;
pub(crate) use command::config;
