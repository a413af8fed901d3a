//! One task, from its request to the signed answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Deserialize;
use stockade_protocol::task::range;
use stockade_protocol::{ErrorCode, Language, Limits, Network, Program, Task, TaskFiles};

use super::Nautilus;
use super::refusal::Refusal;
use super::signature::TaskResponse;
use super::task_path::confine;
use crate::body::Reservation;
use crate::callers::Caller;
use crate::number::whole_number;
use crate::state::State;
use crate::task::{CancelOnDrop, Order, TaskView, submit};
use crate::telemetry::Parent;

const DEFAULT_TASK: &str = "nodejs-task";
const DEFAULT_SECONDS: u64 = 30;
/// Arguments of a task, and their bytes together; the kernel would take a few more.
const MAXIMUM_ARGUMENTS: usize = 1024;
const MAXIMUM_ARGUMENT_BYTES: usize = 128 * 1024;

/// The body of `POST /process_data`. As in the reference, members that it does not know are of no effect.
#[derive(Debug, Deserialize)]
struct ProcessDataRequest {
    payload: TaskRequest,
}

#[derive(Debug, Deserialize)]
struct TaskRequest {
    task_path: Option<String>,
    #[serde(default, deserialize_with = "whole_number")]
    timeout_secs: Option<u64>,
    args: Option<Vec<String>>,
}

/// Runs the task that a body asks for and signs what it did.
pub(super) async fn process(
    state: &Arc<State>,
    nautilus: &Nautilus,
    caller: Arc<Caller>,
    parent: Option<Parent>,
    body: &Bytes,
    reservation: Reservation,
) -> Result<String, Refusal> {
    let request: ProcessDataRequest =
        serde_json::from_slice(body).map_err(|error| Refusal::new(format!("Invalid request: {error}")))?;
    let seconds = request.payload.timeout_secs.unwrap_or_else(|| DEFAULT_SECONDS.min(maximum(nautilus).as_secs()));
    let task = task(state, nautilus, request.payload, seconds)?;
    let order = Order { task, caller, reservation, is_kept: false, parent };
    let (record, accepted) = submit(state, order).map_err(|problem| Refusal::of_problem(&problem))?;
    state.registry().begin(Arc::clone(&record));
    accepted.launch(Arc::clone(state));
    let guard = CancelOnDrop(Arc::clone(&record));
    record.ended().await;
    let view = record.view();
    drop(guard);
    let response = response(view, seconds)?;
    let timestamp_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    let answer = nautilus
        .signer
        .sign(&response, u64::try_from(timestamp_ms).unwrap_or(u64::MAX))
        .map_err(|error| Refusal::of_task(format!("the answer cannot be signed: {error}")))?;
    state.metrics().signed();
    serde_json::to_string(&answer).map_err(Refusal::of_task)
}

/// The most that a request may ask for.
fn maximum(nautilus: &Nautilus) -> Duration {
    nautilus.maximum_timeout.min(*range::TIMEOUT.end())
}

fn task(state: &State, nautilus: &Nautilus, request: TaskRequest, seconds: u64) -> Result<Task, Refusal> {
    let given = request.task_path.as_deref().unwrap_or(DEFAULT_TASK);
    let path = confine(&nautilus.tasks, given)?;
    let timeout = Duration::from_secs(seconds);
    let maximum = maximum(nautilus);
    if timeout.is_zero() || timeout > maximum {
        return Err(Refusal::of_task(format!("timeout_secs must be from 1 to {}", maximum.as_secs())));
    }
    let arguments = request.args.unwrap_or_default();
    let bytes: usize = arguments.iter().map(String::len).sum();
    if arguments.len() > MAXIMUM_ARGUMENTS || bytes > MAXIMUM_ARGUMENT_BYTES {
        return Err(Refusal::of_task(format!(
            "args may have {MAXIMUM_ARGUMENTS} texts of {MAXIMUM_ARGUMENT_BYTES} bytes together"
        )));
    }
    if arguments.iter().any(|argument| argument.contains('\0')) {
        return Err(Refusal::of_task("args may not have zero bytes"));
    }
    let language = Language::JavaScript;
    let limits = match state.configuration().languages.get(&language) {
        Some(settings) => Limits { timeout, ..settings.limits },
        None => return Err(Refusal::of_task("Failed to check Node.js installation. Is Node.js installed?")),
    };
    let program = Program::Directory { path, arguments };
    Ok(Task {
        language,
        package_set: None,
        program,
        inputs: Bytes::new(),
        limits,
        allow: None,
        environment: BTreeMap::new(),
        network: Network::default(),
        files: TaskFiles::default(),
    })
}

/// What is signed: only a task that ran to its end, whatever its exit status.
fn response(view: TaskView, seconds: u64) -> Result<TaskResponse, Refusal> {
    let exit_code = match (&view.report.error, view.report.exit_code) {
        (_, Some(exit_code)) => exit_code,
        (None, None) => 0,
        (Some(error), None) if error.code == ErrorCode::TimeoutError => {
            return Err(Refusal::of_task(format!("Task execution timed out after {seconds} seconds")));
        }
        (Some(error), None) => return Err(Refusal::of_task(&error.message)),
    };
    Ok(TaskResponse {
        task_id: view.id.to_string(),
        status: if exit_code == 0 { "success" } else { "failed" },
        stdout: joined(&view.report.stdout),
        stderr: joined(&view.report.stderr),
        exit_code,
        execution_time_ms: view.report.usage.map_or(0, |usage| usage.wall_microseconds / 1_000),
    })
}

/// The lines without the last line end, as the reference has them.
fn joined(output: &str) -> String {
    output.lines().collect::<Vec<_>>().join("\n")
}
