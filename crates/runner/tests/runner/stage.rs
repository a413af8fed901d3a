//! A runner with everything that a test needs of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stockade_protocol::Language;
use stockade_runner::{Ending, Form, Level, Log, RunnerArguments, RunnerError, Settings, Signal, serve};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::engine::FakeEngine;
use stockade_broker_player::{AUTH_TOKEN, Broker, PATIENCE};

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) struct Runner {
    pub(crate) engine: FakeEngine,
    pub(crate) signals: UnboundedSender<Signal>,
    task: JoinHandle<Result<Ending, RunnerError>>,
    log: Log,
    lines: Lines,
}

impl Runner {
    /// A Python runner with a grant token.
    pub(crate) fn granted(broker: &Broker, environment: &[(&str, &str)]) -> Self {
        let uri = broker.uri();
        let given = [("N8N_RUNNERS_GRANT_TOKEN", "one-time"), ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str())];
        Self::start(&[Language::Python], &[&given, environment].concat())
    }

    /// A Python runner with the auth token.
    pub(crate) fn authorized(uri: &str, environment: &[(&str, &str)]) -> Self {
        let given = [("N8N_RUNNERS_AUTH_TOKEN", AUTH_TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", uri)];
        Self::start(&[Language::Python], &[&given, environment].concat())
    }

    pub(crate) fn start(languages: &[Language], environment: &[(&str, &str)]) -> Self {
        let environment: BTreeMap<String, String> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let arguments = RunnerArguments { languages: languages.to_vec(), environment, ..RunnerArguments::default() };
        let settings = Arc::new(Settings::resolve(&arguments).unwrap());
        let (engine, lines) = (FakeEngine::default(), Lines::default());
        let log = Log::new(lines.clone(), Level::Info, Form::Plain);
        let (signals, receiver) = unbounded_channel();
        let starting = {
            let engine = engine.clone();
            async move { Ok(engine) }
        };
        let task = tokio::spawn(serve(settings, starting, log.clone(), receiver));
        Self { engine, signals, task, log, lines }
    }

    pub(crate) fn log(&self) -> String {
        self.log.flush();
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until the log has this text.
    pub(crate) async fn logs(&self, text: &str) -> String {
        let waiting = async {
            loop {
                let log = self.log();
                if log.contains(text) {
                    return log;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("`{text}` is not in the log:\n{}", self.log()))
    }

    /// How the runner ended.
    pub(crate) async fn ended(self) -> (Result<Ending, RunnerError>, String) {
        let log = self.log.clone();
        let lines = self.lines.clone();
        let result = timeout(PATIENCE, self.task).await.expect("the runner does not end").unwrap();
        log.flush();
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        (result, text)
    }
}
