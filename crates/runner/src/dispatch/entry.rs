//! A task that the runner has accepted, from then until its end.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::foresight::Asked;
use super::recent::CodeKey;
use crate::engine::TaskControl;
use crate::message::TaskSettings;

/// More log messages of one task are not passed on to n8n's main process.
const MAXIMUM_LOG_MESSAGES: u64 = 10_000;
/// More bytes of log messages neither.
const MAXIMUM_LOG_BYTES: usize = 16 * 1024 * 1024;
/// n8n sends a thousand items at a time. For more than this many there is one error, not one each.
const MAXIMUM_CHUNK: u64 = 100_000;

/// A slot that is taken.
#[derive(Debug)]
pub(super) struct Entry {
    /// Tells the task from another that the broker gives the same id.
    pub(super) number: u64,
    /// Which task type.
    pub(super) lane: usize,
    pub(super) accepted_at: Instant,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    WaitingForSettings,
    /// For data that is known to be needed.
    WaitingForData(Box<Prepared>),
    Running(Box<Running>),
}

impl State {
    /// What n8n wants if the task fails now.
    pub(super) fn on_failure(&self) -> OnFailure {
        match self {
            Self::WaitingForSettings => OnFailure::Error,
            Self::WaitingForData(prepared) => OnFailure::of(&prepared.settings),
            Self::Running(running) => running.on_failure,
        }
    }
}

/// A task that has everything but its data.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) settings: TaskSettings,
    pub(super) request_id: String,
}

/// A task that the engine has.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) control: TaskControl,
    pub(super) started_at: Instant,
    pub(super) label: Label,
    pub(super) on_failure: OnFailure,
    /// What stands for its code.
    pub(super) code_key: CodeKey,
    pub(super) asked: Asked,
    pub(super) cancelled: Option<Cancellation>,
    /// The connection over which it came; over another, n8n does not know it.
    pub(super) connection: u64,
    /// The worker's id of each request that n8n has not answered.
    pub(super) requests: HashMap<String, u32>,
    pub(super) logged: LogBudget,
}

impl Running {
    /// Whether n8n listens to the task over the connection that there is now, if there is one.
    pub(super) fn is_heard(&self, connection: Option<u64>) -> bool {
        connection == Some(self.connection) && self.cancelled.is_none()
    }
}

/// Who ended a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancellation {
    /// n8n, which has already forgotten the task.
    Broker,
    /// The end of the runner; n8n waits for the task.
    Shutdown,
}

/// What n8n wants to get when the task fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// An error.
    Error,
    /// One item with the error in place of the result (continueOnFail).
    OneItem,
    /// The same for each of these items.
    EachItem { first: u64, count: u64 },
}

impl OnFailure {
    pub(super) fn of(settings: &TaskSettings) -> Self {
        let chunk = settings.chunk().filter(|(_, count)| *count <= MAXIMUM_CHUNK);
        match (settings.continue_on_fail(), settings.node_mode(), chunk) {
            (false, _, _) => Self::Error,
            (true, "runOnceForEachItem", Some((first, count))) => Self::EachItem { first, count },
            (true, _, _) => Self::OneItem,
        }
    }
}

/// Node and workflow of a task, for the log.
#[derive(Debug, Default)]
pub(super) struct Label(Option<[String; 4]>);

impl Label {
    /// Only Python's settings say where the code comes from.
    pub(super) fn of(settings: &TaskSettings) -> Self {
        let names = ["nodeName", "nodeId", "workflowName", "workflowId"];
        let is_known = names.iter().any(|name| settings.text(name).is_some());
        Self(is_known.then(|| names.map(|name| settings.text(name).unwrap_or("Unknown").to_owned())))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some([node, node_id, workflow, workflow_id]) = &self.0 else { return Ok(()) };
        write!(formatter, " for node \"{node}\" ({node_id}) in workflow \"{workflow}\" ({workflow_id})")
    }
}

/// How much a task may still log.
#[derive(Debug, Default)]
pub(super) struct LogBudget {
    messages: u64,
    bytes: usize,
    pub(super) dropped: u64,
}

impl LogBudget {
    /// Whether one more message may go to n8n.
    pub(super) fn admits(&mut self, length: usize) -> bool {
        self.messages += 1;
        self.bytes = self.bytes.saturating_add(length);
        let is_within = self.messages <= MAXIMUM_LOG_MESSAGES && self.bytes <= MAXIMUM_LOG_BYTES;
        self.dropped += u64::from(!is_within);
        is_within
    }
}

/// A time as the official runner logs it.
pub(super) struct ShortDuration(pub(super) Duration);

impl fmt::Display for ShortDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0 => write!(formatter, "{}ms", self.0.as_millis()),
            seconds @ 1..60 => write!(formatter, "{seconds}s"),
            seconds => write!(formatter, "{}m", seconds / 60),
        }
    }
}

/// A size as the official runner logs it.
pub(super) struct ShortSize(pub(super) usize);

impl fmt::Display for ShortSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1024 => write!(formatter, "{} bytes", self.0),
            1024..0x0010_0000 => write!(formatter, "{:.1} KB", bytes / 1024.0),
            _ => write!(formatter, "{:.1} MB", bytes / 1024.0 / 1024.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        for (milliseconds, shown) in [(12, "12ms"), (999, "999ms"), (3_900, "3s"), (59_999, "59s"), (150_000, "2m")] {
            assert_eq!(ShortDuration(Duration::from_millis(milliseconds)).to_string(), shown);
        }
        for (bytes, shown) in [(31, "31 bytes"), (1536, "1.5 KB"), (2 * 1024 * 1024, "2.0 MB")] {
            assert_eq!(ShortSize(bytes).to_string(), shown);
        }
    }

    #[test]
    fn a_task_cannot_log_without_end() {
        let mut budget = LogBudget::default();
        assert!((0..MAXIMUM_LOG_MESSAGES).all(|_| budget.admits(10)));
        assert!(!budget.admits(10));
        assert_eq!(budget.dropped, 1);
        let mut budget = LogBudget::default();
        assert!(!budget.admits(MAXIMUM_LOG_BYTES + 1));
    }
}
