//! The cases that were played against the official runners, played against this one: over a WebSocket, through the
//! whole runner, with real interpreters inside the walls.
//!
//! The cases and the answers that differ on purpose stand with the harnesses, which play them too; what the runner
//! itself answers differently stands in `differences.json`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cases;
mod compare;
mod documentation;
mod javascript;
mod python;
mod stage;
