//! A service of its own for each test, on a port of its own, and a client.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use stockade_engine::{Engine, EngineConfiguration, RuntimeConfiguration};
use stockade_protocol::Language;
use stockade_server::{ServerConfiguration, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes; a hang fails its own test only.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running service.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Stage {
    /// Python alone, as most tests need it.
    pub(crate) async fn start() -> Self {
        Self::with(&[Language::Python], |_, _| {}).await
    }

    pub(crate) async fn with(
        languages: &[Language],
        change: impl FnOnce(&mut EngineConfiguration, &mut ServerConfiguration),
    ) -> Self {
        let runtimes = languages
            .iter()
            .map(|language| RuntimeConfiguration { waiting_workers: 2, ..RuntimeConfiguration::of(language.clone()) });
        let mut engine = EngineConfiguration { runtimes: runtimes.collect(), ..EngineConfiguration::default() };
        let mut configuration =
            ServerConfiguration { listen: ([127, 0, 0, 1], 0).into(), ..ServerConfiguration::default() };
        change(&mut engine, &mut configuration);
        let service = Service::bind(configuration).await.unwrap();
        let engine = Engine::start(engine).await.unwrap();
        let address = service.address();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(service.serve(engine, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { address, client, stop: Some(stop), serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.client.delete(self.url(path))).await
    }

    /// `POST /v1/tasks`, not yet sent.
    pub(crate) fn task(&self, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(self.url("/v1/tasks")).json(body)
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.send(self.task(body)).await
    }

    /// Runs Python code.
    pub(crate) async fn python(&self, code: &str) -> Answer {
        self.post(&serde_json::json!({ "language": "python", "code": code })).await
    }

    /// Starts a task without waiting for it; its path.
    pub(crate) async fn begin(&self, code: &str) -> String {
        let body = serde_json::json!({ "language": "python", "code": code });
        let answer = self.send(self.task(&body).header("prefer", "respond-async")).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").to_owned()
    }

    /// Asks for a task until it has ended.
    pub(crate) async fn ended(&self, path: &str) -> Value {
        loop {
            let task = self.get(path).await.json();
            if task["status"] != "running" {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Sends bytes as they are; everything that comes back until the service closes the connection.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The service may have answered and closed before everything is sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the service hangs");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Tells the service to stop.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until the service has ended.
    pub(crate) async fn ending(self) {
        tokio::time::timeout(PATIENCE, self.serving).await.expect("the service does not end").unwrap();
    }

    pub(crate) async fn stop(mut self) {
        self.begin_stop();
        self.ending().await;
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    /// The result of a task that succeeded.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["result"].clone()
    }

    /// The document of a problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let document = self.json();
        assert_eq!((self.status, document["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(document["status"], status);
        document
    }
}

/// A document without what differs from run to run.
pub(crate) fn stable(mut document: Value) -> Value {
    for key in ["id", "instance"] {
        if document.get(key).is_some() {
            document[key] = format!("[{key}]").into();
        }
    }
    if let Some(usage) = document.get_mut("usage").and_then(Value::as_object_mut) {
        usage.values_mut().for_each(|value| *value = "[count]".into());
    }
    document
}
