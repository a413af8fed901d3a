//! Plays n8n's task broker over real sockets: what tests and benchmarks of a runner have in the place of n8n.
//!
//! [`Broker`] is its HTTP side, [`RunnerSocket`] its end of one runner's WebSocket. Both do what the test says and
//! nothing else: a test that says nothing hears nothing. [`Player`] plays n8n as a whole, for many tasks at a time.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod broker;
mod play;
mod socket;
mod workflow;

pub use broker::{AUTH_TOKEN, Answers, Broker, PATIENCE, Stream};
pub use play::{Played, Player, Script, Withheld};
pub use socket::{Heard, RunnerSocket};
pub use workflow::Workflow;
