//! What the end-to-end tests share: engines with small limits, tasks and what they did, and what is left of them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod engine;
mod footprint;
mod processes;
mod supervisor;
mod task;

pub use engine::{configuration, limits, marked_configuration, runtime, start};
pub use footprint::{Footprint, settle};
pub use processes::{Process, descendants, is_alive, wait_until, zygote_and_workers};
pub use supervisor::{Supervisor, binary};
pub use task::{Report, code, run, with_inputs};
