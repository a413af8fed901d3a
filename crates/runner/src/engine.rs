//! What the runner needs of an engine: a seam, so that the life of a task can be tested without walls.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use stockade_engine::{Engine, RunningTask, TaskEvent};
use stockade_protocol::{ErrorCode, Language, Outcome, RawJson, Task, TaskError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Runs tasks. [`Engine`] is one.
pub trait TaskEngine: Send + Sync + 'static {
    /// Starts a task or refuses it at once. All that happens to it goes to `reporter`, the end last.
    fn start(&self, task: Task, reporter: Reporter) -> Result<TaskControl, Box<TaskError>>;

    /// Why tasks in this language cannot run now; `None` when they can.
    fn problem(&self, language: &Language) -> Option<String>;

    /// Modules that should have been loaded and could not be, each with the reason.
    fn missing_modules(&self, language: &Language) -> Vec<String>;

    /// The folder with the packages of a language's tasks, if they have one.
    fn packages(&self, language: &Language) -> Option<PathBuf>;

    /// Ends everything.
    fn stop(&self) -> impl Future<Output = ()> + Send;
}

/// One thing that happened to a task.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) task: TaskKey,
    pub(crate) event: TaskEvent,
}

/// A task's identity. The broker chooses the id and may choose one twice; the number is the runner's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskKey {
    pub(crate) id: Arc<str>,
    pub(crate) number: u64,
}

/// Where the events of one task go. A task always comes to an end: a reporter that is dropped before says so.
#[derive(Debug)]
pub struct Reporter {
    task: TaskKey,
    reports: UnboundedSender<Report>,
    has_ended: bool,
}

impl Reporter {
    pub(crate) fn new(task: TaskKey, reports: UnboundedSender<Report>) -> Self {
        Self { task, reports, has_ended: false }
    }

    /// Passes an event on. Nothing goes on after [`TaskEvent::Finished`].
    pub fn report(&mut self, event: TaskEvent) {
        if !self.has_ended {
            self.has_ended = matches!(event, TaskEvent::Finished(_));
            // Nobody listens any more when the runner has ended.
            let _ = self.reports.send(Report { task: self.task.clone(), event });
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let error = TaskError::new(ErrorCode::InternalError, "The task ended without an outcome");
        self.report(TaskEvent::Finished(Box::new(Outcome::refused(error))));
    }
}

/// What the runner tells a running task.
#[derive(Debug)]
pub enum Command {
    /// The answer to a request.
    Answer {
        /// The request's id.
        id: u32,
        /// A value, or the error that the code gets instead.
        answer: Result<RawJson, RawJson>,
    },
    /// End the task.
    Cancel,
}

/// The runner's hold on a running task.
#[derive(Debug, Clone)]
pub struct TaskControl {
    commands: UnboundedSender<Command>,
}

impl TaskControl {
    /// A control, and the commands given through it.
    pub fn new() -> (Self, UnboundedReceiver<Command>) {
        let (commands, receiver) = unbounded_channel();
        (Self { commands }, receiver)
    }

    pub(crate) fn answer(&self, id: u32, answer: Result<RawJson, RawJson>) {
        // A task that has ended needs no answer.
        let _ = self.commands.send(Command::Answer { id, answer });
    }

    pub(crate) fn cancel(&self) {
        // The same: its end is on the way.
        let _ = self.commands.send(Command::Cancel);
    }
}

impl TaskEngine for Engine {
    fn start(&self, task: Task, reporter: Reporter) -> Result<TaskControl, Box<TaskError>> {
        let running = self.submit(task).map_err(Box::new)?;
        let (control, commands) = TaskControl::new();
        tokio::spawn(attend(running, commands, reporter));
        Ok(control)
    }

    fn problem(&self, language: &Language) -> Option<String> {
        let status = self.status();
        match status.runtimes.into_iter().find(|runtime| runtime.language == *language) {
            Some(runtime) => runtime.problem,
            None => Some("the engine was started without it".to_owned()),
        }
    }

    fn missing_modules(&self, language: &Language) -> Vec<String> {
        let status = self.status();
        let runtime = status.runtimes.into_iter().find(|runtime| runtime.language == *language);
        runtime.map(|runtime| runtime.missing).unwrap_or_default()
    }

    fn packages(&self, language: &Language) -> Option<PathBuf> {
        self.configuration(None, language)?.packages.clone()
    }

    async fn stop(&self) {
        Self::stop(self).await;
    }
}

/// Goes between a running task and the runner until the task ends.
async fn attend(mut task: RunningTask, mut commands: UnboundedReceiver<Command>, mut reporter: Reporter) {
    let mut is_heard = true;
    loop {
        tokio::select! {
            event = task.next_event() => match event {
                Some(event) => reporter.report(event),
                None => return,
            },
            command = commands.recv(), if is_heard => match command {
                Some(Command::Answer { id, answer }) => task.answer(id, answer),
                Some(Command::Cancel) => task.cancel(),
                // The runner has let go of the task without waiting for its end.
                None => {
                    is_heard = false;
                    task.cancel();
                }
            },
        }
    }
}
