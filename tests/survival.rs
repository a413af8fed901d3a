//! What is left when something is killed: nothing, and the tasks that it did not concern go on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "survival/killed_supervisor.rs"]
mod killed_supervisor;
#[path = "survival/killed_zygote.rs"]
mod killed_zygote;
#[path = "survival/many_tasks.rs"]
mod many_tasks;
#[path = "survival/soak.rs"]
mod soak;
