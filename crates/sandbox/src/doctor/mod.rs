//! Which walls can be built here, found out by building them.
//!
//! [`examine`] tries each wall in forked processes that end at once, and then all of them together as the engine builds
//! them, so that it changes nothing and leaves nothing behind. For a wall that is missing it looks at what the machine says about itself and names the remedy.

mod examination;
mod facts;
mod namespaces;
mod probe;
mod rehearsal;
mod remedy;
mod report;
mod restrictions;
#[cfg(test)]
mod tests;

pub use examination::examine;
pub use report::{Report, State, WallReport};
