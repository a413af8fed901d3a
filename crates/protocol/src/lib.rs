//! Types that the parts of Stockade exchange. This crate does no input or output.
//!
//! - [`task`]: what a caller asks for: a [`Task`] with its [`Limits`].
//! - [`network`]: which hosts it may reach; [`file`]: which files it is given and leaves.
//! - [`outcome`]: how it ended: exactly one [`Outcome`] per task.
//! - [`frame`]: the bytes between supervisor and worker; a worker may send anything.
//! - [`json`]: proof that bytes from a worker are JSON that others can read.

pub mod file;
pub mod frame;
pub mod json;
pub mod network;
pub mod outcome;
pub mod task;

pub use file::{FileName, FileNameError, Files, TaskFiles};
pub use json::{JsonError, RawJson};
pub use network::{AllowedHost, Network, NetworkUsage, RefusedHost};
pub use outcome::{ErrorCode, Outcome, TaskError, Usage};
pub use task::{Language, Limits, Program, Task};
