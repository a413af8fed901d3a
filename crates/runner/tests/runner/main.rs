//! A whole runner against a broker of the project's own, over real sockets. Only the engine is a stand-in.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod checks;
mod connections;
mod ends;
mod engine;
mod health;
mod life;
mod payloads;
mod stage;
mod tls;
