//! An engine whose tasks do what their code says in one word.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};
use stockade_engine::TaskEvent;
use stockade_protocol::{ErrorCode, Language, Outcome, Program, RawJson, Task, TaskError, Usage};
use stockade_runner::{Command, Reporter, TaskControl, TaskEngine};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

/// - `return`: gives 1.
/// - `wait`: gives 1 when the test releases it, or ends when it is cancelled.
/// - `stubborn`: never ends.
/// - `long N`: gives a text of N characters.
/// - `ask`: asks n8n for data and gives what it got.
#[derive(Clone, Default)]
pub(crate) struct FakeEngine {
    pub(crate) release: Arc<Notify>,
    /// Why no task can run.
    pub(crate) problem: Arc<Mutex<Option<String>>>,
    pub(crate) has_stopped: Arc<Mutex<bool>>,
}

impl TaskEngine for FakeEngine {
    fn start(&self, task: Task, reporter: Reporter) -> Result<TaskControl, Box<TaskError>> {
        let (control, commands) = TaskControl::new();
        tokio::spawn(work(task, reporter, commands, Arc::clone(&self.release)));
        Ok(control)
    }

    fn problem(&self, _: &Language) -> Option<String> {
        self.problem.lock().unwrap().clone()
    }

    fn missing_modules(&self, language: &Language) -> Vec<String> {
        let is_python = *language == Language::Python;
        is_python.then(|| "absent: No module named 'absent'".to_owned()).into_iter().collect()
    }

    fn packages(&self, _: &Language) -> Option<std::path::PathBuf> {
        None
    }

    async fn stop(&self) {
        *self.has_stopped.lock().unwrap() = true;
    }
}

async fn work(task: Task, mut reporter: Reporter, mut commands: UnboundedReceiver<Command>, release: Arc<Notify>) {
    let Program::N8n { code, .. } = &task.program else { panic!("{:?}", task.program) };
    let code = String::from_utf8(code.to_vec()).unwrap();
    let mut words = code.split(' ');
    let result = match words.next().unwrap() {
        "return" => Ok(json!(1)),
        "wait" => {
            tokio::select! {
                () = release.notified() => Ok(json!(1)),
                () = cancelled(&mut commands) => Err(TaskError::new(ErrorCode::CancelledError, "cancelled")),
            }
        }
        "stubborn" => std::future::pending().await,
        "long" => Ok(Value::from("x".repeat(words.next().unwrap().parse().unwrap()))),
        "ask" => {
            let asked = r#"{"dataOfNodes":"all","prevNode":false,"env":false,"input":{"include":true}}"#;
            let parameters = RawJson::new(Bytes::from_static(asked.as_bytes())).unwrap();
            reporter.report(TaskEvent::Request { id: 1, name: "data".to_owned(), parameters });
            match commands.recv().await {
                Some(Command::Answer { answer: Ok(data), .. }) => Ok(json!(data.as_str().len())),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("no task is `{other}`"),
    };
    let result = result.map(|value| Some(RawJson::from_value(&json!({ "result": value }))));
    reporter.report(TaskEvent::Finished(Box::new(Outcome {
        result,
        exit_code: None,
        usage: Usage::default(),
        denied: Vec::new(),
        network: None,
        files: None,
    })));
}

async fn cancelled(commands: &mut UnboundedReceiver<Command>) {
    while !matches!(commands.recv().await, Some(Command::Cancel) | None) {}
}
