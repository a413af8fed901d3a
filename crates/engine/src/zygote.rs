//! Starting a zygote and hearing its hello.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use stockade_protocol::Language;
use stockade_sandbox::control::ZygoteMessage;
use stockade_sandbox::zygote::{self, Program, Zygote, ZygoteSpecification};
use stockade_sandbox::{Identity, SandboxError};

use crate::control::Control;
use crate::error::EngineError;

/// How long an interpreter may take to import what it preloads.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What the harness says once its interpreter is warm.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Hello {
    /// Version of the interpreter.
    pub(crate) version: String,
    /// Modules that could not be preloaded, each with the reason.
    pub(crate) missing: Vec<String>,
}

/// A zygote that has said hello.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) control: Control,
    pub(crate) hello: Hello,
    /// Process id of the launcher on the host.
    pub(crate) launcher: u32,
}

/// Starts a zygote and waits for its hello.
pub(crate) async fn start(
    language: &Language,
    specification: ZygoteSpecification,
    identity: Identity,
) -> Result<Started, EngineError> {
    let failed = |error| EngineError::Zygote { language: language.clone(), error };
    let program = program_name(&specification.program);
    let started = tokio::task::spawn_blocking(move || zygote::start(&specification, &identity));
    let mut zygote = match started.await {
        Ok(result) => result.map_err(failed)?,
        Err(error) => return Err(EngineError::System { step: "start a zygote", error: error.into() }),
    };
    let socket = std::mem::replace(&mut zygote.control, empty_descriptor()?);
    let control =
        Control::new(socket).map_err(|error| EngineError::System { step: "watch the control socket", error })?;
    match tokio::time::timeout(START_LIMIT, control.receive()).await {
        Ok(Ok(Some((ZygoteMessage::Hello(text), _)))) => {
            let hello = serde_json::from_slice(&text).unwrap_or_default();
            Ok(Started { control, hello, launcher: zygote.process })
        }
        Ok(Ok(Some((ZygoteMessage::Failed(failure), _)))) => Err(failed(SandboxError::from_failure(failure))),
        Ok(Ok(_)) => Err(failed(ended_early(program, zygote).await)),
        Ok(Err(error)) => Err(EngineError::System { step: "hear the zygote's hello", error }),
        Err(_) => Err(EngineError::Slow { language: language.clone(), seconds: START_LIMIT.as_secs() }),
    }
}

fn empty_descriptor() -> Result<std::os::fd::OwnedFd, EngineError> {
    std::fs::File::open("/dev/null")
        .map(Into::into)
        .map_err(|error| EngineError::System { step: "open `/dev/null`", error })
}

fn program_name(program: &Program) -> String {
    let (Program::Interpreter { executable, .. } | Program::Command { executable, .. }) = program;
    executable.display().to_string()
}

/// Puts together why the zygote ended, from its exit status and what it printed.
async fn ended_early(program: String, zygote: Zygote) -> SandboxError {
    let collected = tokio::task::spawn_blocking(move || {
        let status = zygote.ended.recv_timeout(Duration::from_secs(5)).ok();
        let mut output = Vec::new();
        // The pipe does not block and every writer is gone, so this reads what is there.
        let _ = std::fs::File::from(zygote.output).read_to_end(&mut output);
        (status, String::from_utf8_lossy(&output).into_owned())
    });
    let (status, output) = collected.await.unwrap_or_default();
    let status = match status {
        Some(status) if status > 128 => format!("signal {}", status - 128),
        Some(status) => format!("exit status {status}"),
        None => "it has closed its control socket".to_owned(),
    };
    SandboxError::EndedEarly { program, status, output }
}

/// The configured task directory, with symbolic links resolved.
pub(crate) fn resolve_directory(path: &std::path::Path) -> Result<PathBuf, EngineError> {
    std::fs::canonicalize(path).map_err(|error| EngineError::TaskDirectory { path: path.to_owned(), error })
}
