//! Running one task from the command line: an engine for its language only, its output, Ctrl-C.

mod drive;
mod events;
mod interrupts;
mod options;
mod output;
mod streams;

pub(crate) use drive::{cannot_start, execute, no_signals, warn_without_walls};
pub(crate) use interrupts::Interrupts;
pub(crate) use options::EngineOptions;
pub(crate) use output::{print_json, print_message, print_text};
pub(crate) use streams::Streams;
