//! Data on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;
use crate::render::visible_json;

/// Prints one JSON value and a line end on stdout.
///
/// A reader that has gone away has what it wanted, as for `… | head -1`.
pub(crate) fn print_json(json: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let shown = if stdout.is_terminal() { visible_json(json) } else { json.into() };
    let written =
        stdout.write_all(shown.as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::setup(&format_args!("cannot write the result to standard output: {error}"), None))
        }
        _ => Ok(()),
    }
}

/// Prints `text` on stderr. Without a stderr there is nobody to tell.
pub(crate) fn print_message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
