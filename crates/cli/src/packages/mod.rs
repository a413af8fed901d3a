//! Packages that tasks import: `stockade packages`, and the folders that runs use.

mod arguments;
mod clients;
mod command;
mod folder;
mod installation;
mod place;
mod set;
mod watch;

pub(crate) use arguments::PackagesArguments;
pub(crate) use command::packages;
pub(crate) use folder::{FolderError, check};
pub(crate) use place::{VARIABLE, of_lock_file, use_locked};
pub(crate) use set::{is_set_name, named, use_set};
pub(crate) use watch::{News, Watch};
