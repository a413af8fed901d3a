//! The one place where an outcome is decided.

use bytes::Bytes;
use stockade_protocol::file::{MAXIMUM_FILES, OUTPUT_FOLDER};
use stockade_protocol::frame::FrameError;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Files, Limits, NetworkUsage, Outcome, RawJson, TaskError, Usage};
use stockade_sandbox::SandboxError;

use crate::worker::StartError;

/// How a task came to its end.
#[derive(Debug)]
pub(crate) enum End {
    /// The worker sent a result.
    Result(Bytes),
    /// The worker sent an error.
    Error(Bytes),
    /// The worker's processes are gone; the wait status, if it is known.
    Exited(Option<i32>),
    /// The time limit was reached.
    Timeout,
    /// The memory limit was reached: processes were killed by the kernel, or watching saw it.
    Memory,
    /// Memory ran out around the task, and the kernel killed processes of it.
    KilledForOthers,
    /// The process limit was reached again and again.
    Processes,
    /// More output than the limit allows.
    Output,
    /// More files than a task may leave.
    Files,
    /// The worker sent bytes that are not a frame.
    Frame(FrameError),
    /// The caller gave up.
    Cancelled,
    /// The supervisor itself failed.
    Internal(String),
}

/// What else is known about the task at its end.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// Times that the kernel killed a process of the task for the memory limit.
    pub(crate) memory_limit_hits: u64,
    /// Times that the kernel killed one because memory ran out around the task, which was within its limit.
    pub(crate) killed_for_others: u64,
    /// Times that the kernel refused a process for the process limit.
    pub(crate) process_limit_hits: u64,
    /// The last bytes of stderr.
    pub(crate) stderr_tail: Vec<u8>,
    /// Names of denied system calls.
    pub(crate) denied: Vec<String>,
    /// What it did with its network.
    pub(crate) network: Option<NetworkUsage>,
    /// What it has left; `None` if nothing is taken.
    pub(crate) files: Option<Files>,
    /// The task is a program of its own (a task directory, a custom runtime): its end is an exit status.
    pub(crate) is_program: bool,
}

/// What V8 prints before it aborts because its heap is full.
const V8_OUT_OF_MEMORY: [&str; 3] =
    ["JavaScript heap out of memory", "Fatal process out of memory", "invalid array length Allocation failed"];

/// Bytes of each text of an error that a worker reports; the harnesses cut theirs shorter.
const MAXIMUM_TEXT: usize = 64 << 10;
/// Bytes of the details of such an error, which repeat its texts in another form.
const MAXIMUM_DETAILS: usize = 256 << 10;

/// Decides the outcome.
pub(crate) fn decide(end: End, mut evidence: Evidence, limits: &Limits, usage: Usage) -> Outcome {
    let exit_code = match &end {
        End::Exited(Some(status)) if libc::WIFEXITED(*status) => Some(libc::WEXITSTATUS(*status)),
        _ => None,
    };
    let exit_code = exit_code.filter(|_| evidence.is_program);
    // Of code that was stopped nobody knows which files are whole.
    let is_stopped = !matches!(end, End::Result(_) | End::Error(_));
    let takes_files = evidence.files.is_some();
    let files = evidence.files.take().map(|files| if is_stopped { Files::new() } else { files });
    let result = match end {
        End::Result(bytes) if bytes.is_empty() => Ok(None),
        End::Result(bytes) => RawJson::new(bytes).map(Some).map_err(|error| {
            TaskError::new(ErrorCode::RuntimeError, format!("the result cannot be passed on: it is {error}"))
        }),
        End::Error(bytes) => Err(reported(&bytes, &evidence, limits)),
        End::Exited(status) => exited(status, &evidence, limits),
        End::Timeout => Err(timeout(&evidence, limits)),
        End::Memory => Err(memory(limits)),
        End::KilledForOthers => Err(killed_for_others(limits)),
        End::Processes => Err(processes(limits)),
        End::Output => Err(TaskError::new(
            ErrorCode::OutputLimitError,
            format!("The task wrote more than {} of output", size(limits.output_bytes)),
        )),
        End::Files => Err(TaskError::new(
            ErrorCode::OutputLimitError,
            format!("The task left more than {MAXIMUM_FILES} files in `{OUTPUT_FOLDER}`"),
        )),
        End::Frame(FrameError::TooLarge { .. }) if takes_files => Err(TaskError::new(
            ErrorCode::OutputLimitError,
            format!("The task's result and the files that it left are larger than {}", size(limits.output_bytes)),
        )),
        End::Frame(FrameError::TooLarge { .. }) => Err(TaskError::new(
            ErrorCode::OutputLimitError,
            format!("The task's result is larger than {}", size(limits.output_bytes)),
        )),
        End::Frame(error) => Err(TaskError::new(
            ErrorCode::RuntimeError,
            format!("The task wrote into the channel of its result: {error}"),
        )),
        End::Cancelled => Err(TaskError::new(ErrorCode::CancelledError, "The task was cancelled")),
        End::Internal(message) => Err(TaskError::new(ErrorCode::InternalError, message)),
    };
    Outcome { result, exit_code, usage, denied: evidence.denied, network: evidence.network, files }
}

/// The outcome of a task whose engine is gone.
pub(crate) fn engine_stopped() -> Outcome {
    refused(stopped())
}

/// The outcome of a task that was refused before it ran.
pub(crate) fn refused(error: TaskError) -> Outcome {
    Outcome::refused(error)
}

/// The error of a task that waits for a worker when the engine is stopped.
pub(crate) fn stopped() -> TaskError {
    TaskError::new(ErrorCode::CancelledError, "The engine was stopped")
}

/// The error of a task that its caller has cancelled before it had a worker.
pub(crate) fn cancelled() -> TaskError {
    TaskError::new(ErrorCode::CancelledError, "The task was cancelled")
}

/// The error of a task for which no worker came to be.
pub(crate) fn not_started(error: &StartError, limits: &Limits) -> TaskError {
    match error {
        StartError::Memory => memory(limits),
        StartError::Wall(SandboxError::TaskDirectory(failure)) => TaskError::new(
            ErrorCode::ValidationError,
            format!("The task directory cannot be used: {}", std::io::Error::from_raw_os_error(failure.error)),
        )
        .with_description("Name a directory below the configured ones, without `..` and without symbolic links."),
        StartError::Printed { error, .. } if error.is_final() => not_started(error, limits),
        error => no_worker(error),
    }
}

/// The error of a task that waits while nothing can be started.
pub(crate) fn no_worker(error: &(dyn std::error::Error + 'static)) -> TaskError {
    let message = format!("no worker can be started: {error}");
    if lacks_descriptors(error) {
        return TaskError::new(ErrorCode::CapacityError, message).with_description(
            "Try again later. Raise the limit of open files (`ulimit -n`, `LimitNOFILE` of systemd), or lower \
             `maximum_tasks` or `server.maximum_connections`.",
        );
    }
    TaskError::new(ErrorCode::InternalError, message)
}

/// Whether this process or the machine has as many files open as it may.
fn lacks_descriptors(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<std::io::Error>()?.raw_os_error())
        .any(|code| matches!(code, libc::EMFILE | libc::ENFILE))
}

/// The error of a task whose package set cannot be started.
pub(crate) fn set_not_started(set: &str, error: &dyn std::error::Error) -> TaskError {
    TaskError::new(ErrorCode::InternalError, format!("the package set `{set}` cannot be started: {error}"))
        .with_description("Other package sets are not touched by this. The next task that names this one tries again.")
}

/// An error that the worker reports. It may claim only what user code can cause; limits that the supervisor enforces
/// are not for the worker to claim.
fn reported(bytes: &[u8], evidence: &Evidence, limits: &Limits) -> TaskError {
    let Ok(mut error) = serde_json::from_slice::<TaskError>(bytes) else {
        return TaskError::new(ErrorCode::RuntimeError, "The task reported an error that cannot be read");
    };
    if evidence.memory_limit_hits > 0 {
        return memory(limits);
    }
    if evidence.killed_for_others > 0 {
        return killed_for_others(limits);
    }
    match error.code {
        ErrorCode::SyntaxError
        | ErrorCode::RuntimeError
        | ErrorCode::PermissionError
        | ErrorCode::MemoryError
        | ErrorCode::DiskLimitError
        | ErrorCode::ProcessLimitError
        | ErrorCode::ValidationError => {}
        _ => error.code = ErrorCode::RuntimeError,
    }
    bound(&mut error);
    error
}

/// Keeps what a caller can use of an error: it is kept, logged and shown, and a worker may send anything.
fn bound(error: &mut TaskError) {
    let TaskError { code: _, message, name, line: _, column: _, stack, description, details } = error;
    for text in [Some(message), name.as_mut(), stack.as_mut(), description.as_mut()].into_iter().flatten() {
        if text.len() > MAXIMUM_TEXT {
            text.truncate(text.floor_char_boundary(MAXIMUM_TEXT));
            text.push('…');
            text.shrink_to_fit();
        }
    }
    // Half of a JSON value is none.
    details.take_if(|details| details.bytes().len() > MAXIMUM_DETAILS);
}

fn exited(status: Option<i32>, evidence: &Evidence, limits: &Limits) -> Result<Option<RawJson>, TaskError> {
    let stderr = String::from_utf8_lossy(&evidence.stderr_tail);
    // V8 prints this and is then ended by a signal; a program that prints it and goes on, or leaves, only says so.
    let is_killed = status.is_none_or(|status| libc::WIFSIGNALED(status));
    let is_full = is_killed && V8_OUT_OF_MEMORY.iter().any(|text| stderr.contains(text));
    if evidence.memory_limit_hits > 0 || is_full {
        return Err(memory(limits));
    }
    if evidence.killed_for_others > 0 {
        return Err(killed_for_others(limits));
    }
    let status = match status {
        Some(status) if libc::WIFEXITED(status) => libc::WEXITSTATUS(status),
        Some(status) => return Err(signalled(libc::WTERMSIG(status), evidence, limits)),
        None => return Err(TaskError::new(ErrorCode::RuntimeError, "The process ended without a result")),
    };
    match status {
        0 if evidence.is_program => Ok(None),
        0 => Err(TaskError::new(ErrorCode::RuntimeError, "The process ended without a result")),
        // Not a defect of ours: the kernel tells that the limit on processes was in the way.
        _ if evidence.process_limit_hits > 0 => Err(processes(limits)),
        _ if stderr.contains("No space left on device") => Err(disk(limits)),
        _ => Err(TaskError::new(ErrorCode::RuntimeError, format!("Process exited with code {status}"))),
    }
}

fn signalled(signal: i32, evidence: &Evidence, limits: &Limits) -> TaskError {
    match signal {
        libc::SIGSYS => TaskError::new(
            ErrorCode::PermissionError,
            "The process made a system call of a foreign kind (32-bit or x32) and was killed",
        ),
        libc::SIGXFSZ => disk(limits),
        _ if evidence.process_limit_hits > 0 => processes(limits),
        // The first process of a pid namespace cannot be killed from within it (`pid_namespaces(7)`).
        libc::SIGKILL => TaskError::new(
            ErrorCode::RuntimeError,
            "The process was killed from outside its walls (signal 9, SIGKILL)",
        )
        .with_description(
            "Either the machine ran out of memory and its kernel chose this process, which `dmesg` tells, or somebody \
             on the machine killed it. A task does this to itself only by limiting its own processor time.",
        ),
        _ => TaskError::new(
            ErrorCode::RuntimeError,
            format!("The process was ended by signal {signal} ({})", signal_name(signal)),
        ),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        _ => "another signal",
    }
}

fn timeout(evidence: &Evidence, limits: &Limits) -> TaskError {
    let seconds = limits.timeout.as_secs_f64();
    let unit = if (seconds - 1.0).abs() < f64::EPSILON { "second" } else { "seconds" };
    let error = TaskError::new(ErrorCode::TimeoutError, format!("Task execution timed out after {seconds} {unit}"));
    match evidence.process_limit_hits {
        0 => error,
        // Whoever waits for a process that was never started waits for ever.
        _ => error.with_description(format!(
            "Before that, processes or threads were refused to it: its limit is {}.",
            limits.processes
        )),
    }
}

fn memory(limits: &Limits) -> TaskError {
    TaskError::new(
        ErrorCode::MemoryError,
        format!("The task needed more than its memory limit of {}", size(limits.memory_bytes)),
    )
}

fn killed_for_others(limits: &Limits) -> TaskError {
    TaskError::new(
        ErrorCode::MemoryError,
        format!(
            "The machine ran out of memory and its kernel ended the task, which was within its limit of {}",
            size(limits.memory_bytes)
        ),
    )
    .with_description(
        "Give the machine, or the container or service that runs tasks, more memory, or let it run fewer tasks at a time.",
    )
}

fn processes(limits: &Limits) -> TaskError {
    TaskError::new(
        ErrorCode::ProcessLimitError,
        format!("The task needed more than its limit of {} processes and threads", limits.processes),
    )
}

fn disk(limits: &Limits) -> TaskError {
    TaskError::new(
        ErrorCode::DiskLimitError,
        format!("The task wrote more than {} to /tmp", size(limits.temporary_storage_bytes)),
    )
}

fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(MEBIBYTE) { format!("{} MiB", bytes / MEBIBYTE) } else { format!("{bytes} bytes") }
}

#[cfg(test)]
mod tests {
    use stockade_protocol::Language;

    use super::*;

    const KILLED: i32 = libc::SIGKILL;
    const ABORTED: i32 = libc::SIGABRT;
    /// Wait statuses keep the exit status in the second byte (`wait(2)`).
    const LEFT: i32 = 7 << 8;

    fn error(status: i32, evidence: Evidence) -> TaskError {
        decide(End::Exited(Some(status)), evidence, &Limits::of(&Language::Python), Usage::default())
            .result
            .unwrap_err()
    }

    #[test]
    fn a_process_that_was_killed_from_outside_says_who_may_have_done_it() {
        let error = error(KILLED, Evidence::default());
        assert_eq!(error.code, ErrorCode::RuntimeError);
        assert_eq!(error.message, "The process was killed from outside its walls (signal 9, SIGKILL)");
        assert!(error.description.unwrap().contains("`dmesg`"));
    }

    #[test]
    fn what_a_worker_reports_is_cut() {
        let long = "é".repeat(MAXIMUM_TEXT);
        let sent = serde_json::json!({
            "code": "RUNTIME_ERROR", "message": long, "name": long, "stack": long, "description": long,
            "details": { "message": "x".repeat(MAXIMUM_DETAILS) },
        });
        let reported = |sent: &serde_json::Value| {
            let end = End::Error(serde_json::to_vec(sent).unwrap().into());
            decide(end, Evidence::default(), &Limits::of(&Language::Python), Usage::default()).result.unwrap_err()
        };
        let error = reported(&sent);
        let cut = format!("{}…", &long[..MAXIMUM_TEXT]);
        assert_eq!((&error.message, &error.details), (&cut, &None));
        for text in [error.name, error.stack, error.description] {
            assert_eq!(text.as_ref(), Some(&cut));
        }
        let sent = serde_json::json!({ "code": "RUNTIME_ERROR", "message": "é", "details": {} });
        let error = reported(&sent);
        assert_eq!((error.message.as_str(), error.details.unwrap().as_str()), ("é", "{}"));
    }

    #[test]
    fn a_machine_without_memory_is_told_from_a_task_at_its_limit() {
        let of_task = error(KILLED, Evidence { memory_limit_hits: 1, ..Evidence::default() });
        let of_machine = error(KILLED, Evidence { killed_for_others: 1, ..Evidence::default() });
        assert_eq!((of_task.code, of_machine.code), (ErrorCode::MemoryError, ErrorCode::MemoryError));
        assert!(of_task.message.starts_with("The task needed more"), "{}", of_task.message);
        assert!(of_machine.message.starts_with("The machine ran out of memory"), "{}", of_machine.message);
    }

    #[test]
    fn too_many_open_files_are_no_defect() {
        let told = |code| {
            let error = StartError::System(std::io::Error::from_raw_os_error(code));
            not_started(&error, &Limits::of(&Language::Python))
        };
        let crowded = told(libc::EMFILE);
        assert_eq!((crowded.code, told(libc::ENFILE).code), (ErrorCode::CapacityError, ErrorCode::CapacityError));
        assert!(crowded.description.unwrap().contains("LimitNOFILE"));
        assert_eq!(told(libc::EPERM).code, ErrorCode::InternalError);
    }

    #[test]
    fn a_full_heap_of_v8_is_believed_only_of_a_process_that_was_ended_by_it() {
        let evidence = || Evidence { stderr_tail: b"JavaScript heap out of memory".to_vec(), ..Evidence::default() };
        assert_eq!(error(ABORTED, evidence()).code, ErrorCode::MemoryError);
        assert_eq!(error(LEFT, evidence()).message, "Process exited with code 7");
    }
}
