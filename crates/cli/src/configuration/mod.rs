//! The configuration file: which runtimes there are, and with what limits and walls.

mod build;
mod error;
mod file;
mod load;
mod place;

pub(crate) use error::ConfigurationError;
pub(crate) use load::{find, load};
