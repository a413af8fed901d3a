//! The log of a runner: the lines of the official runners, on stdout as theirs are.
//!
//! Whoever reads the log may stop reading: a terminal held with Ctrl-S, a launcher that hangs. The runner must go on
//! answering heartbeats then, so a thread of its own writes, and lines that it cannot write in time are dropped and
//! counted.

use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Lines that wait for the writer; more are dropped.
const WAITING_LINES: usize = 4096;
/// Lines are written together with those that follow within this time: waking up for each would cost more than it
/// takes to run a short task.
const GATHERING: Duration = Duration::from_millis(2);
/// How long [`Log::flush`] waits for whoever reads.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);
/// A longer line is cut: it is a task's output, and the log is not the place to keep it.
const MAXIMUM_LINE_LENGTH: usize = 4096;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For finding defects.
    Debug,
    /// The course of things.
    Info,
    /// Something needs a look.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// The level of that name in the launcher or in Python; an unknown name is `INFO`.
    pub fn from_name(name: &str) -> Self {
        match name.trim().to_ascii_uppercase().as_str() {
            "DEBUG" | "NOTSET" => Self::Debug,
            "WARNING" | "WARN" => Self::Warning,
            "ERROR" | "CRITICAL" | "FATAL" => Self::Error,
            _ => Self::Info,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Debug => "\x1b[34m",
            Self::Info => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Error => "\x1b[31m",
        }
    }
}

/// What stands around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The message alone, for programs that read it.
    Plain,
    /// Time and level too, for people.
    Terminal {
        /// The level in colour.
        colours: bool,
    },
}

/// A handle to the log; clones write to the same place.
#[derive(Debug, Clone)]
pub struct Log {
    lines: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    level: Level,
    form: Form,
}

#[derive(Debug)]
enum Entry {
    Line(String),
    Flush(SyncSender<()>),
}

impl Log {
    /// A log that goes to `sink`.
    pub fn new(sink: impl Write + Send + 'static, level: Level, form: Form) -> Self {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        // The thread ends with the last handle. Nobody joins it: it may be stuck in a write for ever.
        std::thread::spawn(move || write_lines(&waiting, sink, &counter));
        Self { lines, dropped, level, form }
    }

    /// Writes a line.
    pub fn write(&self, level: Level, message: impl Display) {
        if level < self.level {
            return;
        }
        let mut message = printable(message.to_string());
        if message.len() > MAXIMUM_LINE_LENGTH {
            message.truncate(message.floor_char_boundary(MAXIMUM_LINE_LENGTH));
            message.push_str(" …");
        }
        let line = match self.form {
            Form::Plain => message + "\n",
            Form::Terminal { colours: false } => format!("{} {:5} {message}\n", time_of_day(), level.name()),
            Form::Terminal { colours: true } => {
                format!("{} {}{:5}\x1b[0m {message}\n", time_of_day(), level.colour(), level.name())
            }
        };
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Entry::Line(line)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn info(&self, message: impl Display) {
        self.write(Level::Info, message);
    }

    pub(crate) fn warning(&self, message: impl Display) {
        self.write(Level::Warning, message);
    }

    pub(crate) fn error(&self, message: impl Display) {
        self.write(Level::Error, message);
    }

    /// Waits until everything is written, but not for a reader that has stopped reading.
    pub fn flush(&self) {
        let deadline = Instant::now() + FLUSH_PATIENCE;
        let (done, written) = sync_channel(1);
        let mut request = Entry::Flush(done);
        while let Err(TrySendError::Full(returned)) = self.lines.try_send(request) {
            if Instant::now() >= deadline {
                return;
            }
            request = returned;
            std::thread::sleep(GATHERING);
        }
        // A reader that is gone or stuck loses the rest; the runner ends all the same.
        let _ = written.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Names of nodes and output of tasks go into the log: they must not begin lines of their own or command the terminal.
fn printable(message: String) -> String {
    let is_harmless = |character: char| !character.is_control() || character == '\t';
    if message.chars().all(is_harmless) {
        return message;
    }
    message
        .chars()
        .flat_map(|character| {
            let (plain, escaped) =
                if is_harmless(character) { (Some(character), None) } else { (None, Some(character.escape_default())) };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

fn write_lines(waiting: &Receiver<Entry>, mut sink: impl Write, dropped: &AtomicU64) {
    let mut buffer = Vec::new();
    while let Ok(first) = waiting.recv() {
        let mut flushed = Vec::new();
        if matches!(first, Entry::Line(_)) {
            std::thread::sleep(GATHERING);
        }
        for entry in std::iter::once(first).chain(waiting.try_iter().take(WAITING_LINES)) {
            match entry {
                Entry::Line(line) => buffer.extend_from_slice(line.as_bytes()),
                Entry::Flush(done) => flushed.push(done),
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            buffer.extend_from_slice(format!("{lost} log lines were dropped: nobody read them in time\n").as_bytes());
        }
        // A log that cannot be written (a closed pipe) is no reason to stop working.
        let _ = sink.write_all(&buffer).and_then(|()| sink.flush());
        buffer.clear();
        for done in flushed {
            let _ = done.send(());
        }
    }
}

/// Hours, minutes and seconds, UTC.
fn time_of_day() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()) % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(level: Level, form: Form, write: impl Fn(&Log)) -> String {
        let memory = Memory::default();
        let log = Log::new(memory.clone(), level, form);
        write(&log);
        log.flush();
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn plain_lines_are_the_message_alone_and_lower_levels_are_left_out() {
        let text = written(Level::Warning, Form::Plain, |log| {
            log.info("Starting runner...");
            log.warning("careful");
            log.error("broken");
        });
        assert_eq!(text, "careful\nbroken\n");
    }

    #[test]
    fn people_see_time_and_level() {
        let text = written(Level::Info, Form::Terminal { colours: false }, |log| log.info("Starting runner..."));
        assert_eq!(&text[8..], "Z INFO  Starting runner...\n");
        let text = written(Level::Info, Form::Terminal { colours: true }, |log| log.error("broken"));
        assert!(text.ends_with("\x1b[31mERROR\x1b[0m broken\n"), "{text:?}");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let text = written(Level::Info, Form::Plain, |log| log.info("é".repeat(5000)));
        assert_eq!(text.chars().count(), MAXIMUM_LINE_LENGTH / 2 + 3);
    }

    #[test]
    fn nobody_else_writes_lines_or_escape_sequences() {
        let text = written(Level::Info, Form::Plain, |log| log.info("a\nRunner stopped\t\x1b[2Jé"));
        assert_eq!(text, "a\\nRunner stopped\t\\u{1b}[2Jé\n");
    }

    #[test]
    fn a_reader_that_stopped_reading_does_not_stop_the_runner() {
        struct Stuck(Receiver<()>, Memory);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                // Until the sender is dropped.
                let _ = self.0.recv();
                self.1.write(bytes)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (release, held) = sync_channel(0);
        let memory = Memory::default();
        let log = Log::new(Stuck(held, memory.clone()), Level::Info, Form::Plain);
        // One batch may be on its way to the reader while the next waits.
        for number in 0..4 * WAITING_LINES {
            log.info(number);
        }
        drop(release);
        log.flush();
        log.info("and on");
        log.flush();
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains(" log lines were dropped: nobody read them in time\n"), "{}", text.len());
        assert!(text.contains("and on\n"));
    }

    #[test]
    fn unknown_level_names_are_info() {
        assert_eq!(Level::from_name("warn"), Level::Warning);
        assert_eq!(Level::from_name("Debug"), Level::Debug);
        assert_eq!(Level::from_name("loud"), Level::Info);
    }
}
