//! One task from start to outcome.

use std::io;

use stockade_engine::{Engine, EngineConfiguration, EngineError, RunningTask, RuntimeConfiguration, TaskEvent};
use stockade_protocol::{ErrorCode, Outcome, RawJson, Task, TaskError};
use stockade_sandbox::Wall;
use stockade_sandbox::doctor::{self, State};

use super::events::show_warnings;
use super::interrupts::Interrupts;
use super::options::for_one_task;
use super::output::print_message;
use super::streams::Streams;
use crate::failure::Failure;
use crate::interpreters;
use crate::render::{Paint, warning};

/// Starts an engine for the task's language, runs the task with its output going to `streams`, and stops the engine.
pub(crate) fn execute(
    configuration: EngineConfiguration,
    task: Task,
    streams: &mut Streams,
) -> Result<Outcome, Failure> {
    // The task's events are read on this thread, where writing to a terminal may block; the engine's own work,
    // which must stop a task in time, goes on in these.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::setup(&format_args!("cannot start threads: {error}"), None))?;
    show_warnings();
    let outcome = runtime.block_on(start_and_run(configuration, task, streams));
    // A look-up for the task may still wait for the resolver; nobody waits for it.
    runtime.shutdown_background();
    outcome
}

async fn start_and_run(
    configuration: EngineConfiguration,
    task: Task,
    streams: &mut Streams,
) -> Result<Outcome, Failure> {
    let interrupts = Interrupts::catch().map_err(|error| no_signals(&error))?;
    let configuration = for_one_task(configuration, &task.language);
    warn_without_walls(&configuration.without_walls);
    let (runtimes, without_walls) = (configuration.runtimes.clone(), configuration.without_walls.clone());
    let engine = tokio::select! {
        engine = Engine::start(configuration) => engine.map_err(|error| cannot_start(&error, &runtimes, &without_walls))?,
        () = interrupts.first() => return Ok(refused(cancelled())),
    };
    for missing in engine.status().runtimes.iter().flat_map(|runtime| &runtime.missing) {
        print_message(&warning(&format!("could not preload {missing}"), Paint::of(&io::stderr())));
    }
    let outcome = match engine.submit(task) {
        Ok(running) => follow(running, &interrupts, streams).await,
        Err(error) => Ok(refused(error)),
    };
    engine.stop().await;
    outcome
}

async fn follow(mut running: RunningTask, interrupts: &Interrupts, streams: &mut Streams) -> Result<Outcome, Failure> {
    loop {
        tokio::select! {
            event = running.next_event() => match event {
                Some(TaskEvent::Stdout(bytes)) => {
                    // As a shell's pipeline does: a program whose reader has gone is ended.
                    if streams.stdout(&bytes).is_err() {
                        running.cancel();
                    }
                }
                Some(TaskEvent::Stderr(bytes)) => streams.stderr(&bytes),
                Some(TaskEvent::Request { id, name, .. }) => running.answer(id, Err(no_answer(&name))),
                Some(TaskEvent::Log(_)) => {}
                Some(TaskEvent::Finished(outcome)) => return Ok(*outcome),
                None => return Err(Failure::internal("the engine gave no outcome")),
            },
            () = interrupts.first() => running.cancel(),
        }
    }
}

/// Plain code has nothing to ask for, but a worker may send anything.
fn no_answer(name: &str) -> RawJson {
    RawJson::from_value(&serde_json::json!({ "message": format!("`{name}` is not available on the command line") }))
}

pub(crate) fn warn_without_walls(walls: &[Wall]) {
    if !walls.is_empty() {
        let names: Vec<String> = walls.iter().map(|wall| format!("`{wall}`")).collect();
        let message =
            format!("tasks run without the wall {}; `stockade doctor` says how to build it", names.join(", "));
        print_message(&warning(&message, Paint::of(&io::stderr())));
    }
}

/// The outcome of a task that never ran.
fn refused(error: TaskError) -> Outcome {
    Outcome::refused(error)
}

fn cancelled() -> TaskError {
    TaskError::new(ErrorCode::CancelledError, "the task was cancelled before it started")
}

/// A missing or old interpreter shows as many different errors of its start, and so does a missing wall; what is wrong
/// with it says more.
pub(crate) fn cannot_start(error: &EngineError, runtimes: &[RuntimeConfiguration], without_walls: &[Wall]) -> Failure {
    match interpreters::examine(runtimes).into_iter().find(|report| !report.usable) {
        Some(report) => {
            let message = format!("cannot start {}: {}", report.language, report.found);
            Failure::setup(&message, report.remedy)
        }
        None => {
            let walls = doctor::examine(without_walls).walls.into_iter();
            // Landlock may be missing: nothing fails to start for that.
            let mut missing = walls.filter(|found| found.state == State::Missing && found.wall != Wall::Landlock);
            let remedy = missing.next().and_then(|found| found.remedy);
            let general = || "`stockade doctor` shows every wall and interpreter with its remedy".to_owned();
            Failure::setup(error, Some(remedy.unwrap_or_else(general)))
        }
    }
}

pub(crate) fn no_signals(error: &io::Error) -> Failure {
    Failure::setup(&format_args!("cannot catch signals: {error}"), None)
}
