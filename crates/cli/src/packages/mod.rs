//! Packages that tasks import: `stockade packages`, and the folders that runs use.

mod arguments;
mod clients;
mod command;
mod folder;
mod installation;
mod place;

pub(crate) use arguments::PackagesArguments;
pub(crate) use command::packages;
pub(crate) use folder::{FolderError, check};
pub(crate) use place::{VARIABLE, use_locked};
