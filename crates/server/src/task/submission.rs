//! From a task to its record, and what drives it to its end.

use std::sync::Arc;

use stockade_engine::{Engine, RunningTask, TaskEvent};
use stockade_packages::advice::Modules;
use stockade_protocol::{ErrorCode, Language, Outcome, RawJson, Task, TaskError};

use super::output::Stream;
use super::record::Record;
use crate::body::Reservation;
use crate::callers::{Caller, Place};
use crate::problem::{Kind, Problem};
use crate::state::State;
use crate::telemetry::{EndedTask, Parent, TaskTrace};
use crate::watch::{Audit, TaskLine};

/// A task that somebody wants to run.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) task: Task,
    pub(crate) caller: Arc<Caller>,
    /// Memory that the request takes until the task has ended.
    pub(crate) reservation: Reservation,
    /// The outcome is kept for a caller that comes back for it.
    pub(crate) is_kept: bool,
    /// The span of the request, if there is one.
    pub(crate) parent: Option<Parent>,
}

/// A task that the engine has taken. It goes on when it is launched.
pub(crate) struct Accepted {
    running: RunningTask,
    record: Arc<Record>,
    is_kept: bool,
    line: Option<TaskLine>,
    importing: Importing,
    trace: Option<TaskTrace>,
    /// What the task holds of the service until it has ended.
    _reservation: Reservation,
    _place: Place,
}

/// Gives a task to the engine, or says at once why not.
pub(crate) fn submit(state: &State, order: Order) -> Result<(Arc<Record>, Accepted), Problem> {
    if state.is_stopping() {
        return Err(Problem::new(Kind::Unavailable, "the service is stopping; send the task to another one"));
    }
    if let Some(problem) = state.audit().and_then(Audit::problem) {
        return Err(Problem::new(Kind::Unavailable, problem));
    }
    let place = order.caller.take_place()?;
    let Order { task, caller, reservation, is_kept, parent } = order;
    let record = Record::new(&caller, task.language.clone());
    let line = state.audit().map(|audit| audit.begin(record.id, caller.name(), &task));
    let importing = Importing::of(&task);
    let trace = parent.map(TaskTrace::begin);
    let running = state.engine().submit(task).map_err(|error| Problem::refused(&error))?;
    if let Some(network) = running.network() {
        record.has_network(network);
    }
    let accepted = Accepted {
        running,
        record: Arc::clone(&record),
        is_kept,
        line,
        importing,
        trace,
        _reservation: reservation,
        _place: place,
    };
    Ok((record, accepted))
}

impl Accepted {
    /// Follows the task to its end, whatever becomes of the request. Its record must be in the registry.
    pub(crate) fn launch(mut self, state: Arc<State>) {
        tokio::spawn(async move {
            let mut outcome = follow(&mut self.running, &self.record).await;
            let Self { record, is_kept, line, importing, trace, running, _reservation: reservation, _place: place } =
                self;
            importing.advise(&mut outcome, &record.language, state.engine());
            state.metrics().task_ended(&record.language, &outcome);
            if let (Some(audit), Some(line)) = (state.audit(), &line) {
                audit.task(line, &outcome).await;
            }
            if let (Some(telemetry), Some(trace)) = (state.telemetry(), &trace) {
                let (caller, language) = (&*record.caller, &record.language);
                telemetry.task_ended(trace, &EndedTask { id: record.id, caller, language, outcome: &outcome });
            }
            // Whoever hears of the end may send the next task at once.
            drop((running, reservation, place));
            record.end(outcome);
            state.registry().end(&record, is_kept);
        });
    }
}

/// What a task can import, for whoever has to be told what it cannot.
struct Importing {
    allow: Option<Vec<String>>,
    package_set: Option<String>,
}

impl Importing {
    fn of(task: &Task) -> Self {
        Self { allow: task.allow.clone(), package_set: task.package_set.clone() }
    }

    /// Says in the error of a task what can be done about a module that it cannot import.
    fn advise(&self, outcome: &mut Outcome, language: &Language, engine: &Engine) {
        let Err(error) = &mut outcome.result else { return };
        if error.description.is_some() {
            return;
        }
        let runtime = engine.configuration(self.package_set.as_deref(), language);
        let modules = Modules {
            language,
            allow: self.allow.as_deref(),
            packages: runtime.as_ref().and_then(|runtime| runtime.packages.as_deref()),
            package_set: self.package_set.as_deref(),
            allowing: "`allow` of the request, where the service and the key allow it",
        };
        error.description = modules.advice(error).map(|advice| advice.sentence());
    }
}

async fn follow(running: &mut RunningTask, record: &Record) -> Outcome {
    let cancelled = record.cancelled();
    tokio::pin!(cancelled);
    let mut is_cancelled = false;
    loop {
        tokio::select! {
            event = running.next_event() => match event {
                Some(TaskEvent::Stdout(bytes)) => record.write(Stream::Stdout, &bytes),
                Some(TaskEvent::Stderr(bytes)) => record.write(Stream::Stderr, &bytes),
                // Plain code has nobody to ask, but a worker may send anything.
                Some(TaskEvent::Request { id, name, .. }) => running.answer(id, Err(no_answer(&name))),
                Some(TaskEvent::Log(_)) => {}
                Some(TaskEvent::Finished(outcome)) => return *outcome,
                None => return engine_gone(),
            },
            () = &mut cancelled, if !is_cancelled => {
                is_cancelled = true;
                running.cancel();
            }
        }
    }
}

fn no_answer(name: &str) -> RawJson {
    RawJson::from_value(&serde_json::json!({ "message": format!("`{name}` is not available over HTTP") }))
}

fn engine_gone() -> Outcome {
    let error = TaskError::new(ErrorCode::CancelledError, "The engine was stopped");
    Outcome::refused(error)
}
