//! The audit log: one JSON line for every task that was run and for every caller that was refused.
//!
//! A task is answered after its line was handed to the log, and no task is taken while the log cannot be written.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use serde::Serialize;
use sha2::{Digest, Sha256};
use stockade_protocol::{Limits, NetworkUsage, Outcome, Program, Task, Usage};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::callers::hex;
use crate::clock;

/// Lines that wait to be written. When they are this many, tasks wait for their line.
const WAITING_LINES: usize = 1024;
/// Lines of one second about requests without a valid key: whoever has none could fill the disk with them.
const STRANGER_LINES: u32 = 10;
/// How often a line that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is logged, and where.
#[derive(Debug, Clone)]
pub struct AuditConfiguration {
    /// The file; lines are appended to it.
    pub path: PathBuf,
    /// Code and inputs themselves, and not only the hash of the code.
    pub with_code: bool,
}

/// What is known of a task when it is taken.
#[derive(Debug)]
pub(crate) struct TaskLine {
    id: Uuid,
    caller: Arc<str>,
    language: String,
    package_set: Option<String>,
    code_sha256: String,
    limits: Limits,
    content: Option<Content>,
}

/// What the operator has asked for.
#[derive(Debug)]
struct Content {
    code: Bytes,
    inputs: Bytes,
    /// The hash of each file by its name.
    files_sha256: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'line> {
    Task {
        time: String,
        id: Uuid,
        caller: &'line str,
        language: &'line str,
        #[serde(skip_serializing_if = "Option::is_none")]
        package_set: Option<&'line str>,
        code_sha256: &'line str,
        limits: LoggedLimits,
        outcome: &'static str,
        usage: Usage,
        denied: &'line [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        network: Option<&'line NetworkUsage>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        inputs: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        files_sha256: Option<&'line BTreeMap<String, String>>,
    },
    Refused {
        time: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<&'line str>,
        code: &'static str,
        method: &'line str,
        path: &'line str,
        /// Requests without a valid key before this one that have no line.
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u64>,
    },
}

#[derive(Serialize)]
struct LoggedLimits {
    timeout_ms: u64,
    memory_bytes: u64,
    temporary_storage_bytes: u64,
    processes: u32,
    output_bytes: u64,
}

/// An open audit log.
#[derive(Debug)]
pub(crate) struct Audit {
    lines: mpsc::Sender<String>,
    problem: Arc<Mutex<Option<String>>>,
    with_code: bool,
    strangers: Mutex<Strangers>,
}

/// The lines about requests without a valid key.
#[derive(Debug, Default)]
struct Strangers {
    second: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Strangers {
    /// How many were left out before this one; `None`: so is this one.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.second.is_none_or(|second| now.duration_since(second) >= Duration::from_secs(1)) {
            (self.second, self.lines) = (Some(now), 0);
        }
        if self.lines == STRANGER_LINES {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Audit {
    /// Opens the file, so that a start without an audit log fails. The receiver ends when everything is written.
    pub(crate) fn open(
        configuration: &AuditConfiguration,
        written: Counter,
    ) -> io::Result<(Self, oneshot::Receiver<()>)> {
        let file = open(&configuration.path)?;
        let (lines, waiting) = mpsc::channel(WAITING_LINES);
        let problem = Arc::default();
        let writer = Writer { path: configuration.path.clone(), file, problem: Arc::clone(&problem), written };
        let (ending, end) = oneshot::channel();
        thread::Builder::new().name("audit".to_owned()).spawn(move || {
            writer.write_all(waiting);
            let _ = ending.send(());
        })?;
        Ok((Self { lines, problem, with_code: configuration.with_code, strangers: Mutex::default() }, end))
    }

    /// Why the log cannot be written now.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers what will be logged of a task.
    pub(crate) fn begin(&self, id: Uuid, caller: Arc<str>, task: &Task) -> TaskLine {
        let code = match &task.program {
            Program::Code { code, .. } | Program::N8n { code, .. } => code.clone(),
            // A task directory is known by its path.
            Program::Directory { path, .. } => path.to_string_lossy().into_owned().into(),
        };
        let hash = |contents: &Bytes| hex(&Sha256::digest(contents));
        TaskLine {
            id,
            caller,
            language: task.language.name().to_owned(),
            package_set: task.package_set.clone(),
            code_sha256: hash(&code),
            limits: task.limits,
            content: self.with_code.then(|| Content {
                code,
                inputs: task.inputs.clone(),
                files_sha256: task.files.given.iter().map(|(name, file)| (name.to_string(), hash(file))).collect(),
            }),
        }
    }

    /// Logs a task that has ended.
    pub(crate) async fn task(&self, task: &TaskLine, outcome: &Outcome) {
        let Limits { timeout, memory_bytes, temporary_storage_bytes, processes, output_bytes } = task.limits;
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        self.write(&Line::Task {
            time: clock::now(),
            id: task.id,
            caller: &task.caller,
            language: &task.language,
            package_set: task.package_set.as_deref(),
            code_sha256: &task.code_sha256,
            limits: LoggedLimits {
                timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                memory_bytes,
                temporary_storage_bytes,
                processes,
                output_bytes,
            },
            outcome: outcome.result.as_ref().map_or_else(|error| error.code.name(), |_| "ok"),
            usage: outcome.usage,
            denied: &outcome.denied,
            network: outcome.network.as_ref(),
            code: task.content.as_ref().map(|content| text(&content.code)),
            inputs: task.content.as_ref().map(|content| text(&content.inputs)),
            files_sha256: task.content.as_ref().map(|content| &content.files_sha256).filter(|files| !files.is_empty()),
        })
        .await;
    }

    /// Logs a request that its caller may not send; of those without a valid key so many as there may be.
    pub(crate) async fn refused(&self, caller: Option<&str>, code: &'static str, method: &str, path: &str) {
        let left_out = if caller.is_some() {
            0
        } else {
            let admitted = self.strangers.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
            let Some(left_out) = admitted else { return };
            left_out
        };
        let left_out = (left_out > 0).then_some(left_out);
        self.write(&Line::Refused { time: clock::now(), caller, code, method, path, left_out }).await;
    }

    /// JSON escapes line ends and control characters: nobody else writes lines.
    async fn write(&self, line: &Line<'_>) {
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.push('\n');
        // The writer ends after the last sender.
        let _ = self.lines.send(text).await;
    }
}

struct Writer {
    path: PathBuf,
    file: File,
    problem: Arc<Mutex<Option<String>>>,
    written: Counter,
}

impl Writer {
    fn write_all(mut self, mut waiting: mpsc::Receiver<String>) {
        let mut lines = Vec::with_capacity(WAITING_LINES);
        while waiting.blocking_recv_many(&mut lines, WAITING_LINES) > 0 {
            let text = lines.concat();
            let mut rest = text.as_bytes();
            while let Err(error) = self.write(&mut rest) {
                let problem = format!("the audit log `{}` cannot be written: {error}", self.path.display());
                tracing::error!("{problem}");
                self.set_problem(Some(problem));
                if waiting.is_closed() {
                    // Nobody may wait for ever at the end of a service.
                    return;
                }
                thread::sleep(RETRY);
            }
            self.set_problem(None);
            self.written.inc_by(lines.len() as u64);
            lines.clear();
        }
    }

    /// Writes what is left; what was written is cut off.
    fn write(&mut self, rest: &mut &[u8]) -> io::Result<()> {
        // Whoever rotates logs moves the file away and expects a new one.
        let is_moved = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.ino() != self.file.metadata()?.ino(),
            Err(_) => true,
        };
        if is_moved {
            self.file = open(&self.path)?;
        }
        while !rest.is_empty() {
            let count = self.file.write(rest)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            *rest = &rest[count..];
        }
        Ok(())
    }

    fn set_problem(&self, problem: Option<String>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_get_so_many_lines_each_second() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        let admitted = (0..100).filter(|_| strangers.admit(now).is_some()).count();
        assert_eq!(admitted, STRANGER_LINES as usize);
        let later = now + Duration::from_secs(1);
        assert_eq!([strangers.admit(later), strangers.admit(later)], [Some(90), Some(0)]);
    }
}
