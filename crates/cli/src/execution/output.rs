//! Data on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;
use crate::render::visible_json;

/// Prints one JSON value and a line end on stdout.
pub(crate) fn print_json(json: &str) -> Result<(), Failure> {
    let mut line = if io::stdout().is_terminal() { visible_json(json) } else { json.into() }.into_owned();
    line.push('\n');
    print_text(&line)
}

/// Prints `text` on stdout.
///
/// A reader that has gone away has what it wanted, as for `… | head -1`.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::setup(&format_args!("cannot write to standard output: {error}"), None))
        }
        _ => Ok(()),
    }
}

/// Prints `text` on stderr. Without a stderr there is nobody to tell.
pub(crate) fn print_message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
