//! The service over real HTTP, with a real engine.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bounds;
mod callers;
mod documentation;
mod events;
mod execute;
mod files;
mod keep;
mod nautilus;
mod network;
mod readers;
mod stage;
mod stop;
mod telemetry;
mod watch;
