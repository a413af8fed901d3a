//! Where the output of a task goes while it runs.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal, Write};

use crate::render::TerminalFilter;

/// Where a task's stdout and stderr go.
#[derive(Debug)]
pub(crate) struct Streams {
    stdout: Stream,
    stderr: Stream,
    /// The last line on the reader's screen has no end yet.
    in_line: bool,
}

#[derive(Debug)]
enum Stream {
    Collected(Vec<u8>),
    File(File),
    Live { destination: Destination, filter: Option<TerminalFilter> },
}

#[derive(Debug, Clone, Copy)]
enum Destination {
    Stdout,
    Stderr,
}

impl Streams {
    /// Both to our stderr: our stdout belongs to the result.
    pub(crate) fn live_on_stderr() -> Self {
        Self::new(Stream::live(Destination::Stderr), Stream::live(Destination::Stderr))
    }

    /// Each to its own: the task is the program.
    pub(crate) fn live() -> Self {
        Self::new(Stream::live(Destination::Stdout), Stream::live(Destination::Stderr))
    }

    /// Both kept for [`Self::collected`].
    pub(crate) fn collecting() -> Self {
        Self::new(Stream::Collected(Vec::new()), Stream::Collected(Vec::new()))
    }

    /// The task's stdout into a file, its stderr to ours.
    pub(crate) fn into_file(file: File) -> Self {
        Self::new(Stream::File(file), Stream::live(Destination::Stderr))
    }

    fn new(stdout: Stream, stderr: Stream) -> Self {
        Self { stdout, stderr, in_line: false }
    }

    /// Takes what the task wrote to stdout. An error: nobody reads our stdout any more.
    pub(crate) fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stdout.write(bytes, &mut self.in_line)
    }

    /// Takes what the task wrote to stderr. Without a stderr there is nobody to tell.
    pub(crate) fn stderr(&mut self, bytes: &[u8]) {
        let _ = self.stderr.write(bytes, &mut self.in_line);
    }

    /// Ends colours that the task began, and a last line without an end if `more` will be written.
    pub(crate) fn finish(&mut self, more: bool) {
        for stream in [&mut self.stdout, &mut self.stderr] {
            stream.finish(&mut self.in_line);
        }
        if more && std::mem::take(&mut self.in_line) {
            let _ = io::stderr().lock().write_all(b"\n");
        }
    }

    /// What was kept of stdout and stderr. Bytes that are not UTF-8 become U+FFFD: JSON has no others.
    pub(crate) fn collected(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        (self.stdout.collected(), self.stderr.collected())
    }
}

impl Stream {
    fn live(destination: Destination) -> Self {
        let terminal = destination.is_terminal();
        Self::Live { destination, filter: terminal.then(TerminalFilter::default) }
    }

    fn write(&mut self, bytes: &[u8], in_line: &mut bool) -> io::Result<()> {
        match self {
            Self::Collected(kept) => {
                kept.extend_from_slice(bytes);
                Ok(())
            }
            Self::File(file) => file.write_all(bytes),
            Self::Live { destination, filter: None } => destination.write(bytes, in_line),
            Self::Live { destination, filter: Some(filter) } => destination.write(&filter.pass(bytes), in_line),
        }
    }

    fn finish(&mut self, in_line: &mut bool) {
        if let Self::Live { destination, filter: Some(filter) } = self {
            let rest = filter.finish();
            // The end of a colour is no text of the line.
            let before = *in_line;
            let _ = destination.write(&rest, in_line);
            *in_line = before;
        }
    }

    fn collected(&self) -> Cow<'_, str> {
        match self {
            Self::Collected(kept) => String::from_utf8_lossy(kept),
            Self::File(_) | Self::Live { .. } => Cow::Borrowed(""),
        }
    }
}

impl Destination {
    fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        }
    }

    fn write(self, bytes: &[u8], in_line: &mut bool) -> io::Result<()> {
        let Some(last) = bytes.last() else { return Ok(()) };
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()?;
            }
            Self::Stderr => io::stderr().lock().write_all(bytes)?,
        }
        // What went into a pipe does not stand on the line where our own messages go.
        if matches!(self, Self::Stderr) || self.is_terminal() {
            *in_line = *last != b'\n';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collected_output_is_text() {
        let mut streams = Streams::collecting();
        streams.stdout(b"caf\xc3").unwrap();
        streams.stdout(b"\xa9\n").unwrap();
        streams.stderr(b"\xff!");
        streams.finish(true);
        assert_eq!(streams.collected(), (Cow::Borrowed("café\n"), Cow::Borrowed("\u{fffd}!")));
    }
}
