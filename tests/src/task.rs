//! One task and everything that it did.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use stockade_engine::{Engine, TaskEvent};
use stockade_protocol::{ErrorCode, Language, Network, Outcome, Program, RawJson, Task, TaskFiles};

use crate::engine::limits;

/// How long a task may take beyond its own time limit until its request counts as hung.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a task did and how it ended.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
    /// Messages for the caller.
    pub logs: Vec<RawJson>,
    /// Names of its requests to the caller, each answered with an error.
    pub requests: Vec<String>,
}

impl Report {
    /// The code of the error; `None` for a result.
    pub fn code(&self) -> Option<ErrorCode> {
        self.outcome.result.as_ref().err().map(|error| error.code)
    }

    /// The result as JSON text; panics with the whole report when there is none.
    #[track_caller]
    pub fn result(&self) -> serde_json::Value {
        match &self.outcome.result {
            Ok(Some(value)) => serde_json::from_str(value.as_str()).unwrap_or_default(),
            Ok(None) => serde_json::Value::Null,
            Err(error) => panic!("{error}\n{self:?}"),
        }
    }
}

/// A task of plain code without inputs, with the limits of the suite.
pub fn code(language: &Language, code: impl Into<Bytes>) -> Task {
    let extension = if *language == Language::JavaScript { "js" } else { "py" };
    Task {
        language: language.clone(),
        package_set: None,
        program: Program::Code { file_name: format!("hostile.{extension}"), code: code.into() },
        inputs: Bytes::new(),
        limits: limits(),
        allow: None,
        environment: BTreeMap::new(),
        network: Network::default(),
        files: TaskFiles::default(),
    }
}

/// The same with inputs.
pub fn with_inputs(task: Task, inputs: &serde_json::Value) -> Task {
    Task { inputs: inputs.to_string().into(), ..task }
}

/// Runs a task to its end. Panics when the end does not come.
pub async fn run(engine: &Engine, task: Task) -> Report {
    let patience = task.limits.timeout + PATIENCE;
    let mut running = match engine.submit(task) {
        Ok(running) => running,
        Err(error) => {
            let outcome = Outcome::refused(error);
            return Report { outcome, stdout: vec![], stderr: vec![], logs: vec![], requests: vec![] };
        }
    };
    let (mut stdout, mut stderr, mut logs, mut requests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let watch = async {
        loop {
            match running.next_event().await {
                Some(TaskEvent::Stdout(bytes)) => stdout.extend_from_slice(&bytes),
                Some(TaskEvent::Stderr(bytes)) => stderr.extend_from_slice(&bytes),
                Some(TaskEvent::Log(value)) => logs.push(value),
                Some(TaskEvent::Request { id, name, .. }) => {
                    requests.push(name);
                    running.answer(id, Err(RawJson::from_value(&"nobody answers here".into())));
                }
                Some(TaskEvent::Finished(outcome)) => return *outcome,
                None => panic!("the events end without an outcome"),
            }
        }
    };
    let outcome = tokio::time::timeout(patience, watch).await.unwrap_or_else(|_| panic!("no outcome in {patience:?}"));
    Report { outcome, stdout, stderr, logs, requests }
}
