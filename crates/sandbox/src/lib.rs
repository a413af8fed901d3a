//! The walls and `doctor`. Knows no language and no HTTP.
//!
//! - [`Wall`]: the names.
//! - [`zygote`]: what a zygote sees, and how it is started inside the walls.
//! - [`Identity`]: who zygotes and workers are on the host.
//! - [`system_calls`]: the allow-list and the filter that it compiles to.
//! - [`Listener`]: system calls that are left to the supervisor.

#![expect(unsafe_code, reason = "system calls that have no safe form; see the SAFETY notes")]

pub mod cgroup;
pub mod doctor;
mod embedded;
mod error;
mod identity;
mod listener;
mod readiness;
pub mod system_calls;
mod wall;
pub mod zygote;

pub use embedded::NATIVE_LIBRARY_PATH;
pub use error::SandboxError;
pub use identity::{FIRST_WORKER_USER, Identity, WORKER_USERS};
pub use listener::{Call, CallSocket, Listener};
pub use readiness::{OwnsDescriptor, watch};
pub use stockade_native::control;
pub use wall::{UnknownWall, Wall};
