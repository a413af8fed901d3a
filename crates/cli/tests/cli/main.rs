//! The binary as people and scripts use it: real files, real processes, exact texts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bad_input;
mod bench;
mod cancel;
mod configuration;
mod custom;
mod doctor;
mod examples;
mod files;
mod limits;
mod package_sets;
mod packages;
mod run_errors;
mod run_results;
mod runner;
mod serve;
mod server;
mod support;
mod task;
mod usage;
