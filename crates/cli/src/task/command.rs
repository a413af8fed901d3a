//! The steps of `stockade task`.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use serde::Serialize;
use stockade_engine::{EngineConfiguration, RuntimeKind};
use stockade_packages::advice::Modules;
use stockade_protocol::{ErrorCode, Language, Limits, Network, Outcome, Program, Task, TaskFiles};
use uuid::Uuid;

use super::arguments::TaskArguments;
use super::directory::{self, TaskError};
use super::report::{Refusal, Report, status};
use crate::execution::{Streams, execute, print_json, print_message};
use crate::failure::Failure;
use crate::interpreters;
use crate::render::{Paint, failure, hints, refused_lines};

/// Runs the directory; gives the exit status for the shell.
pub(crate) fn task(arguments: &TaskArguments) -> u8 {
    match run(arguments) {
        Ok(exit_code) => exit_code,
        Err(error) => {
            let refusal = Refusal { error: &error.message };
            if !arguments.json || print(&refusal).is_err() {
                print_message(&failure(&error, Paint::of(&io::stderr())));
            }
            error.status.code()
        }
    }
}

fn run(arguments: &TaskArguments) -> Result<u8, Failure> {
    let directory = directory::check(&arguments.directory).map_err(refused)?;
    let (mut configuration, limits) = prepare(arguments, directory)?;
    let allowed_hosts = configuration.egress.allowed_hosts.get_or_insert_default();
    allowed_hosts.extend(arguments.allow_host.iter().cloned());
    let network = Network { allowed_hosts: allowed_hosts.clone() };
    let task = Task {
        language: Language::JavaScript,
        package_set: None,
        program: Program::Directory { path: ".".into(), arguments: arguments.arguments.clone() },
        inputs: Bytes::new(),
        limits,
        allow: None,
        environment: BTreeMap::new(),
        network,
        files: TaskFiles::default(),
    };
    let mut streams = if arguments.json { Streams::collecting() } else { Streams::live() };
    let ended = execute(configuration, task, &mut streams);
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err(error) => {
            streams.finish(true);
            return Err(Failure { message: TaskError::Other(error.message).to_string(), ..error });
        }
    };
    streams.finish(outcome.result.is_err() || !outcome.denied.is_empty());
    if !arguments.json {
        print_message(&refused_lines((&outcome).into(), Paint::of(&io::stderr())));
    }
    let exit_code = ended_with(&outcome, &limits)?;
    if arguments.json {
        let (stdout, stderr) = streams.collected();
        print(&Report {
            task_id: Uuid::new_v4().to_string(),
            status: status(exit_code),
            stdout,
            stderr,
            exit_code,
            execution_time_ms: outcome.usage.wall_microseconds / 1_000,
            network: outcome.network.as_ref(),
        })?;
    }
    // The shell sees the low eight bits, as for every program.
    Ok(exit_code.to_le_bytes()[0])
}

fn prepare(arguments: &TaskArguments, directory: PathBuf) -> Result<(EngineConfiguration, Limits), Failure> {
    let mut configuration = arguments.engine.load(None)?;
    // The directory itself and not the one above it: its neighbours are none of the task's business.
    configuration.task_directory = Some(directory);
    let runtime = configuration.runtimes.iter_mut().find(|runtime| runtime.language == Language::JavaScript);
    let runtime = runtime.ok_or_else(|| Failure::internal("JavaScript is not configured"))?;
    if let RuntimeKind::Zygote { interpreter } = &runtime.kind
        && interpreters::find(interpreter).is_none()
    {
        return Err(Failure::setup(&TaskError::NoNode, Some("install it, or name it with `--node PATH`".to_owned())));
    }
    runtime.limits = arguments.limits.apply(runtime.limits);
    let limits = runtime.limits;
    Ok((configuration, limits))
}

/// The exit code of a task that ran to its end.
fn ended_with(outcome: &Outcome, limits: &Limits) -> Result<i32, Failure> {
    match (&outcome.result, outcome.exit_code) {
        (_, Some(exit_code)) => Ok(exit_code),
        (Ok(_), None) => Ok(0),
        (Err(error), None) => {
            let message = match error.code {
                ErrorCode::TimeoutError => TaskError::TimedOut(limits.timeout),
                _ => TaskError::Other(error.message.clone()),
            };
            let hint = hints(error, outcome.into(), &Modules::of(&Language::JavaScript), limits).into_iter().next();
            Err(Failure { status: error.code.into(), message: message.to_string(), hint })
        }
    }
}

fn refused(error: TaskError) -> Failure {
    Failure::validation(&error, None)
}

fn print(value: &impl Serialize) -> Result<(), Failure> {
    let json =
        serde_json::to_string(value).map_err(|error| Failure::internal(format!("cannot write the report: {error}")))?;
    print_json(&json)
}
