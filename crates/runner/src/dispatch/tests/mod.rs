//! The dispatcher with a broker, an engine and a clock of the test's own.

mod ends;
mod foresight;
mod life;
mod never_loses_a_slot;
mod questions;
mod shutdown;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use stockade_engine::TaskEvent;
use stockade_protocol::{ErrorCode, Language, Outcome, RawJson, Task, TaskError, Usage};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Dispatcher;
use crate::RunnerArguments;
use crate::engine::{Command, Report, Reporter, TaskControl, TaskEngine};
use crate::log::{Form, Level, Log};
use crate::settings::Settings;

/// A task that the engine was given.
struct Started {
    task: Task,
    reporter: Reporter,
    commands: UnboundedReceiver<Command>,
}

/// An engine whose tasks do what the test says.
#[derive(Clone, Default)]
struct FakeEngine {
    started: Arc<Mutex<Vec<Option<Started>>>>,
    problem: Arc<Mutex<Option<String>>>,
    refusal: Arc<Mutex<Option<TaskError>>>,
}

impl TaskEngine for FakeEngine {
    fn start(&self, task: Task, reporter: Reporter) -> Result<TaskControl, Box<TaskError>> {
        if let Some(error) = self.refusal.lock().unwrap().clone() {
            return Err(Box::new(error));
        }
        let (control, commands) = TaskControl::new();
        self.started.lock().unwrap().push(Some(Started { task, reporter, commands }));
        Ok(control)
    }

    fn problem(&self, _: &Language) -> Option<String> {
        self.problem.lock().unwrap().clone()
    }

    fn missing_modules(&self, _: &Language) -> Vec<String> {
        Vec::new()
    }

    fn packages(&self, _: &Language) -> Option<std::path::PathBuf> {
        None
    }

    async fn stop(&self) {}
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A dispatcher with everything around it.
struct Desk {
    dispatcher: Dispatcher<FakeEngine>,
    engine: FakeEngine,
    reports: UnboundedReceiver<Report>,
    now: Instant,
    log: Log,
    lines: Memory,
}

const REGISTRATION: [&str; 2] = [r#"{"type":"broker:inforequest"}"#, r#"{"type":"broker:runnerregistered"}"#];

impl Desk {
    fn new(languages: &[Language], environment: &[(&str, &str)]) -> Self {
        let mut variables = BTreeMap::from([("N8N_RUNNERS_GRANT_TOKEN".to_owned(), "token".to_owned())]);
        variables.extend(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let arguments =
            RunnerArguments { languages: languages.to_vec(), environment: variables, ..RunnerArguments::default() };
        let settings = Arc::new(Settings::resolve(&arguments).unwrap());
        let (engine, lines, now) = (FakeEngine::default(), Memory::default(), Instant::now());
        let log = Log::new(lines.clone(), Level::Info, Form::Plain);
        let (sender, reports) = unbounded_channel();
        let dispatcher = Dispatcher::new(settings, engine.clone(), log.clone(), sender, now);
        Self { dispatcher, engine, reports, now, log, lines }
    }

    /// A registered Python runner with this many slots, its first messages read.
    fn python(slots: &str) -> Self {
        Self::registered(Language::Python, slots)
    }

    fn javascript(slots: &str) -> Self {
        Self::registered(Language::JavaScript, slots)
    }

    fn registered(language: Language, slots: &str) -> Self {
        let mut desk = Self::new(&[language], &[("N8N_RUNNERS_MAX_CONCURRENCY", slots)]);
        desk.connect();
        desk
    }

    fn connect(&mut self) {
        self.dispatcher.connected(self.now);
        for message in REGISTRATION {
            self.say_text(message);
        }
    }

    fn disconnect(&mut self) {
        let reason = crate::RunnerError::Closed { code: 1001, reason: "n8n is gone".to_owned() };
        self.dispatcher.disconnected(&reason);
        self.settle();
    }

    fn say_text(&mut self, text: &str) {
        self.dispatcher.receive(&Utf8Bytes::from(text), self.now);
        self.settle();
    }

    fn say(&mut self, message: Value) {
        self.say_text(&message.to_string());
    }

    fn settle(&mut self) {
        while let Ok(report) = self.reports.try_recv() {
            self.dispatcher.report(report, self.now);
        }
        self.dispatcher.settle(self.now);
    }

    fn advance(&mut self, duration: Duration) {
        self.now += duration;
        self.settle();
    }

    /// What was sent since the last look.
    fn sent(&mut self) -> Vec<Value> {
        let texts = self.dispatcher.outbox().take_texts();
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// The ids of the offers that were sent since the last look; everything else sent must be nothing.
    fn offers(&mut self) -> Vec<String> {
        let id = |message: Value| {
            assert_eq!(message["type"], "runner:taskoffer");
            message["offerId"].as_str().unwrap().to_owned()
        };
        self.sent().into_iter().map(id).collect()
    }

    /// Takes up the next offer for a task.
    fn accept(&mut self, task_id: &str) {
        let is_offer = |message: &Value| message["type"] == "runner:taskoffer";
        let offer = self.sent().into_iter().find(is_offer).expect("there is no offer");
        self.say(json!({"type": "broker:taskofferaccept", "taskId": task_id, "offerId": offer["offerId"]}));
        assert_eq!(self.sent()[0], json!({"type": "runner:taskaccepted", "taskId": task_id}));
    }

    fn give(&mut self, task_id: &str, settings: Value) {
        self.say(json!({"type": "broker:tasksettings", "taskId": task_id, "settings": settings}));
    }

    /// The task that was started as the n-th, for the test to act on.
    fn with_task<T>(&mut self, number: usize, act: impl FnOnce(&mut Started) -> T) -> T {
        let mut started = self.engine.started.lock().unwrap();
        act(started[number].as_mut().expect("the task has ended"))
    }

    fn report(&mut self, number: usize, event: TaskEvent) {
        self.with_task(number, |started| started.reporter.report(event));
        self.settle();
    }

    fn end(&mut self, number: usize, result: Result<Value, TaskError>) {
        self.report(number, TaskEvent::Finished(Box::new(outcome(result))));
    }

    fn commands(&mut self, number: usize) -> Vec<Command> {
        self.with_task(number, |started| std::iter::from_fn(|| started.commands.try_recv().ok()).collect())
    }

    fn log_lines(&self) -> Vec<String> {
        self.log.flush();
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

fn outcome(result: Result<Value, TaskError>) -> Outcome {
    let result = result.map(|value| Some(RawJson::from_value(&value)));
    Outcome { result, exit_code: None, usage: Usage::default(), denied: Vec::new(), network: None, files: None }
}

fn error(code: ErrorCode, message: &str) -> TaskError {
    TaskError::new(code, message)
}

fn raw(text: &str) -> RawJson {
    RawJson::new(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

/// Settings as n8n sends them for a Python Code node.
fn python_settings() -> Value {
    json!({
        "code": "return 1", "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "items": [{"json": {"v": 1}}], "nodeId": "n1", "nodeName": "Code", "workflowId": "w1", "workflowName": "WF"
    })
}

/// Settings as n8n sends them for a JavaScript Code node.
fn javascript_settings() -> Value {
    json!({
        "code": "return items", "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "additionalProperties": {}
    })
}
