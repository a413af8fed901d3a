//! The configuration: a file, the environment and the command line, for the engine and for the service.

mod build;
mod error;
mod file;
mod load;
mod origin;
mod package_sets;
mod place;
mod service;
mod settings;

pub(crate) use error::ConfigurationError;
pub(crate) use load::{Configuration, Sources, environment, find, load};
pub(crate) use origin::{Given, Origin};
pub(crate) use service::DEFAULT_KEYS;
pub(crate) use settings::{SEED_VARIABLES, SETTINGS, Setting, shown};
