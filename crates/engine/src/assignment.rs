//! From a task to the frames that a worker gets.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use stockade_egress::{EgressConfiguration, Session};
use stockade_protocol::file::{MAXIMUM_FILES, OUTPUT_FOLDER};
use stockade_protocol::{ErrorCode, Limits, Program, Task, TaskError, TaskFiles, frame};

use crate::configuration::{RuntimeConfiguration, RuntimeKind};

/// Longest path of a task directory in bytes: `PATH_MAX` of the kernel without the NUL byte.
const LONGEST_PATH: usize = 4095;
/// What the kernel gives to files in memory at a time.
const PAGE: u64 = 4096;

/// A task as its worker gets it.
#[derive(Debug)]
pub(crate) struct Assignment {
    /// The frames of the files that it is given, which come before the task.
    pub(crate) files: Vec<Bytes>,
    /// Whether files that it leaves are taken.
    pub(crate) wants_output: bool,
    /// Everything of the task frame before the inputs.
    pub(crate) head: Bytes,
    /// Raw input JSON.
    pub(crate) inputs: Bytes,
    pub(crate) limits: Limits,
    /// What it may reach; `None`: nothing.
    pub(crate) network: Option<Session>,
    /// The end is an exit status, not a frame.
    pub(crate) is_program: bool,
}

/// What a worker gets for a task, and the task directory to fork it for.
pub(crate) fn assignment(
    task: Task,
    runtime: &RuntimeConfiguration,
    egress: &Arc<EgressConfiguration>,
) -> Result<(Assignment, Vec<u8>), TaskError> {
    let is_command = matches!(runtime.kind, RuntimeKind::Command { .. });
    let files = if task.files.is_empty() { Vec::new() } else { given_files(&task, is_command)? };
    let mut settings = Map::new();
    if let Some(allow) = &task.allow {
        settings.insert("allow".to_owned(), json!(allow));
    }
    let mut environment = runtime.environment.clone();
    environment.extend(task.environment.clone());
    if !environment.is_empty() {
        settings.insert("environment".to_owned(), json!(environment));
    }
    let mut directory = Vec::new();
    if let Program::Code { code, .. } | Program::N8n { code, .. } = &task.program
        && !is_command
    {
        check_text(code)?;
    }
    let (settings, code, is_program) = match task.program {
        Program::Code { file_name, code } if is_command => {
            let parts = std::iter::once(file_name)
                .chain(task.environment.iter().map(|(name, value)| format!("{name}={value}")))
                .collect::<Vec<_>>();
            (parts.join("\0").into_bytes(), code, true)
        }
        Program::Code { file_name, code } => {
            settings.insert("mode".to_owned(), "code".into());
            settings.insert("file".to_owned(), file_name.into());
            if task.files.wants_output {
                // The harness need not read more than one byte beyond what will be taken.
                settings.insert("output".to_owned(), task.limits.output_bytes.into());
            }
            (to_bytes(settings), code, false)
        }
        Program::N8n { code, settings: more } => {
            settings.insert("mode".to_owned(), "n8n".into());
            settings.extend(more);
            (to_bytes(settings), code, false)
        }
        Program::Directory { path, arguments } => {
            settings.insert("mode".to_owned(), "directory".into());
            settings.insert("arguments".to_owned(), json!(arguments));
            directory = path.as_os_str().as_bytes().to_vec();
            if directory.is_empty() || directory.len() > LONGEST_PATH || directory.contains(&0) {
                return Err(invalid("The path of the task directory is empty, too long or has a NUL byte"));
            }
            (to_bytes(settings), Bytes::new(), true)
        }
    };
    let head = frame::task_head(&settings, &code, task.inputs.len())
        .ok_or_else(|| invalid("code and inputs together are larger than 4 GiB"))?;
    let has_network = !task.network.allowed_hosts.is_empty();
    let assignment = Assignment {
        files,
        wants_output: task.files.wants_output,
        head: head.freeze(),
        inputs: task.inputs,
        limits: task.limits,
        network: has_network.then(|| Session::new(Arc::clone(egress), task.network)),
        is_program,
    };
    Ok((assignment, directory))
}

/// The frames of the files of a task that may have them.
fn given_files(task: &Task, is_command: bool) -> Result<Vec<Bytes>, TaskError> {
    let TaskFiles { given, .. } = &task.files;
    if is_command || !matches!(task.program, Program::Code { .. }) {
        return Err(invalid("Only code in Python and JavaScript can have files"));
    }
    if given.len() > MAXIMUM_FILES {
        return Err(invalid(format!("A task can be given at most {MAXIMUM_FILES} files")));
    }
    if given.keys().any(|name| name.as_str() == OUTPUT_FOLDER) {
        return Err(invalid(format!(
            "A task cannot be given a file `{OUTPUT_FOLDER}`: that is the folder of its own files"
        )));
    }
    let bytes: u64 = given.values().map(|contents| (contents.len() as u64).next_multiple_of(PAGE)).sum();
    if bytes > task.limits.temporary_storage_bytes {
        let limit = task.limits.temporary_storage_bytes;
        return Err(invalid(format!("The files of the task take {bytes} bytes of /tmp, where its limit is {limit}")));
    }
    let frames = given.iter().map(|(name, contents)| {
        let head = frame::file_head(name, contents.len())
            .ok_or_else(|| invalid(format!("The file `{name}` is larger than 4 GiB")))?;
        Ok([head.freeze(), contents.clone()])
    });
    Ok(frames.collect::<Result<Vec<_>, TaskError>>()?.into_flattened())
}

/// Code is UTF-8 for every interpreter, whatever it says of itself: an interpreter of its own accord would replace what
/// it cannot read.
fn check_text(code: &[u8]) -> Result<(), TaskError> {
    let Err(error) = std::str::from_utf8(code) else { return Ok(()) };
    let valid = &code[..error.valid_up_to()];
    let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut refusal =
        invalid(format!("The code is not UTF-8: byte {} is 0x{:02x}", valid.len() + 1, code[valid.len()]));
    refusal.line = u32::try_from(line).ok();
    Err(refusal)
}

fn to_bytes(settings: Map<String, Value>) -> Vec<u8> {
    Value::Object(settings).to_string().into_bytes()
}

fn invalid(message: impl Into<String>) -> TaskError {
    TaskError::new(ErrorCode::ValidationError, message)
}
