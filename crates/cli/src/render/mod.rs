//! What people read: text that says the same with and without colour.

mod hint;
mod message;
mod modules;
mod outcome;
mod paint;
mod terminal;
mod visible;

pub(crate) use hint::hints;
pub(crate) use message::{failure, hint, warning};
pub(crate) use outcome::{ErrorContext, error_text, refused_lines};
pub(crate) use paint::Paint;
pub(crate) use terminal::TerminalFilter;
pub(crate) use visible::{visible, visible_json};
