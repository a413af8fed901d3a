//! A runner with a real engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use stockade_broker_player::{AUTH_TOKEN, Broker, Heard, Player};
use stockade_engine::{Engine, EngineConfiguration, RuntimeConfiguration};
use stockade_protocol::Language;
use stockade_runner::{Ending, Form, Level, Log, RunnerArguments, Settings, Signal, serve};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

pub(crate) struct Stage {
    pub(crate) player: Player,
    /// The version of the interpreter.
    pub(crate) version: String,
    broker: Broker,
    signals: UnboundedSender<Signal>,
    runner: JoinHandle<Ending>,
}

impl Stage {
    /// A runner for one language, registered.
    pub(crate) async fn set(language: Language, packages: Option<PathBuf>, environment: &[(&str, &str)]) -> Self {
        let mut broker = Broker::start().await;
        let uri = broker.uri();
        let given = [("N8N_RUNNERS_AUTH_TOKEN", AUTH_TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str())];
        let environment: BTreeMap<String, String> =
            given.iter().chain(environment).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let runtime = RuntimeConfiguration { packages, ..RuntimeConfiguration::of(language.clone()) };
        let engine = EngineConfiguration { runtimes: vec![runtime], ..EngineConfiguration::default() };
        let arguments =
            RunnerArguments { languages: vec![language], environment, engine, ..RunnerArguments::default() };
        let settings = Arc::new(Settings::resolve(&arguments).unwrap());
        let engine = Engine::start(settings.engine_configuration().clone()).await.unwrap();
        let version = engine.status().runtimes[0].version.clone();
        let (signals, receiver) = unbounded_channel();
        let log = Log::new(std::io::sink(), Level::Error, Form::Plain);
        let runner = tokio::spawn(async move { serve(settings, async { Ok(engine) }, log, receiver).await.unwrap() });
        let player = Player::new(broker.registered().await);
        Self { player, version, broker, signals, runner }
    }

    /// Ends the runner as a signal does.
    pub(crate) async fn strike(self) {
        self.signals.send(Signal::Terminate).unwrap();
        let mut socket = self.player.into_socket();
        while !matches!(socket.hear().await, Heard::Closed(..)) {}
        assert_eq!(self.runner.await.unwrap(), Ending::Signal);
        drop(self.broker);
    }
}
