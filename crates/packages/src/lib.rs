//! Packages that tasks import.
//!
//! - [`advice`]: what can be done about a module that code cannot import.
//! - [`request`]: what was asked for: a name, perhaps a version.
//! - [`lock`]: the lock file: every package of a language with its version and hashes, to be committed.
//! - [`install`]: what the client inside the walls is told, and what it answers.
//! - [`archive`]: the installed files, as they come out of the walls.
//! - [`store`]: where they are kept, each under the hash of its contents, and the folders composed from them.
//!
//! This crate runs nothing: the installation is a task, which the command line gives to an engine.

pub mod advice;
pub mod archive;
mod error;
pub mod install;
pub mod lock;
pub mod request;
pub mod store;

pub use error::PackagesError;
pub use lock::LockFile;
pub use request::Request;
pub use store::Store;
