//! From a task to what a worker gets of it.

use std::sync::Arc;

use bytes::Bytes;
use stockade_egress::{EgressConfiguration, Session};
use stockade_protocol::frame;
use stockade_protocol::{ErrorCode, Program, Task, TaskError};

use crate::configuration::{RuntimeConfiguration, RuntimeKind};
use crate::execution::Assignment;

/// Longest path of a task directory in bytes: `PATH_MAX` of the kernel without the NUL byte.
const LONGEST_PATH: usize = 4095;

/// What a worker gets for a task, and the task directory to fork it for.
pub(crate) fn assignment(
    task: Task,
    runtime: &RuntimeConfiguration,
    egress: &Arc<EgressConfiguration>,
) -> Result<(Assignment, Vec<u8>), TaskError> {
    use std::os::unix::ffi::OsStrExt;
    let is_command = matches!(runtime.kind, RuntimeKind::Command { .. });
    let mut settings = serde_json::Map::new();
    if let Some(allow) = &task.allow {
        settings.insert("allow".to_owned(), serde_json::json!(allow));
    }
    let mut environment = runtime.environment.clone();
    environment.extend(task.environment.clone());
    if !environment.is_empty() {
        settings.insert("environment".to_owned(), serde_json::json!(environment));
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
            (to_bytes(settings), code, false)
        }
        Program::N8n { code, settings: more } => {
            settings.insert("mode".to_owned(), "n8n".into());
            settings.extend(more);
            (to_bytes(settings), code, false)
        }
        Program::Directory { path, arguments } => {
            settings.insert("mode".to_owned(), "directory".into());
            settings.insert("arguments".to_owned(), serde_json::json!(arguments));
            directory = path.as_os_str().as_bytes().to_vec();
            if directory.is_empty() || directory.len() > LONGEST_PATH || directory.contains(&0) {
                let message = "The path of the task directory is empty, too long or has a NUL byte";
                return Err(TaskError::new(ErrorCode::ValidationError, message));
            }
            (to_bytes(settings), Bytes::new(), true)
        }
    };
    let head = frame::task_head(&settings, &code, task.inputs.len())
        .ok_or_else(|| TaskError::new(ErrorCode::ValidationError, "code and inputs together are larger than 4 GiB"))?;
    let has_network = !task.network.allowed_hosts.is_empty();
    let network = has_network.then(|| Session::new(Arc::clone(egress), task.network));
    let head = head.freeze();
    Ok((Assignment { head, inputs: task.inputs, limits: task.limits, network, is_program }, directory))
}

/// Code is UTF-8 for every interpreter, whatever it says of itself: an interpreter of its own accord would replace what
/// it cannot read.
fn check_text(code: &[u8]) -> Result<(), TaskError> {
    let Err(error) = std::str::from_utf8(code) else { return Ok(()) };
    let valid = &code[..error.valid_up_to()];
    let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = format!("The code is not UTF-8: byte {} is 0x{:02x}", valid.len() + 1, code[valid.len()]);
    let mut refusal = TaskError::new(ErrorCode::ValidationError, message);
    refusal.line = u32::try_from(line).ok();
    Err(refusal)
}

fn to_bytes(settings: serde_json::Map<String, serde_json::Value>) -> Vec<u8> {
    serde_json::Value::Object(settings).to_string().into_bytes()
}
