//! The log of the service: one line on stderr for each event.

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_subscriber::fmt;

/// Sends events to stderr from now on.
pub(super) fn begin() {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = fmt().with_writer(io::stderr).with_max_level(Level::INFO).with_ansi(colours).with_target(false);
    // Whoever has set up a log before us goes on with it.
    let _ = tracing::subscriber::set_global_default(subscriber.finish());
}
