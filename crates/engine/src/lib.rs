//! The engine keeps zygotes and workers, gives tasks to workers and enforces limits. It knows no HTTP, no WebSocket.
//!
//! - [`Engine`]: admission; a task is accepted or refused at once, and every accepted task ends in one outcome.
//! - `package_sets`: which pool takes a task, and which pools there are at a time.
//! - `pool`: the workers of one language, forked ahead of the tasks and used once.
//! - `assignment`: what a worker gets of a task.
//! - `execution`: one task on one worker, from its frame to its end.
//! - `calls`, `connection`: system calls that the walls leave to the supervisor, and the network of tasks that have one.
//! - `output`: what a task writes and says, counted and passed on.
//! - `verdict`: the one place where an outcome is decided.
//! - `slot`: user ids and cgroups, lent to one worker after the other.
//! - `watch`, `memory`: limits that the kernel does not end a task for by itself.
//! - `interpreter`, `harness`, `zygote`: from a language's configuration to a zygote that is ready.

mod assignment;
mod calls;
mod configuration;
mod connection;
mod control;
mod engine;
mod error;
mod execution;
mod harness;
mod interpreter;
mod load;
mod memory;
mod network;
mod output;
mod package_sets;
mod pool;
mod slot;
mod status;
mod task;
mod verdict;
mod watch;
mod worker;
mod zygote;

pub use configuration::{DEFAULT_WAITING_WORKERS, EngineConfiguration, RuntimeConfiguration, RuntimeKind};
pub use engine::Engine;
pub use error::EngineError;
pub use network::TaskNetwork;
pub use status::{EngineStatus, PackageSetStatus, RuntimeStatus};
pub use stockade_egress::{EgressConfiguration, IpNet};
pub use task::{RunningTask, TaskEvent};
