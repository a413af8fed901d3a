//! The life of a runner: connect, serve, connect again, end.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::Ending;
use crate::broker::{Access, Backoff, Connection, Received};
use crate::dispatch::{Dispatcher, StopCause};
use crate::engine::{Report, TaskEngine};
use crate::error::RunnerError;
use crate::health::{HealthServer, Problem};
use crate::log::Log;
use crate::settings::Settings;
use crate::signals::Signal;

/// How long a grant token holds unless n8n is told otherwise (`N8N_RUNNERS_GRANT_TOKEN_TTL`).
const GRANT_TOKEN_LIFE: Duration = Duration::from_secs(30);
/// A failure that is the same as before is said again after this long.
const REPEAT_FAILURE: Duration = Duration::from_secs(60);

/// Serves n8n until a signal comes or there has been nothing to do for long enough.
///
/// The engine is started here, after the health check server: until it is up, the runner is there and not healthy.
pub async fn serve<E, F>(
    settings: Arc<Settings>,
    start_engine: F,
    log: Log,
    mut signals: UnboundedReceiver<Signal>,
) -> Result<Ending, RunnerError>
where
    E: TaskEngine,
    F: Future<Output = Result<E, RunnerError>>,
{
    let (problem, problems) = watch::channel(Some("the runner is starting".to_owned()));
    let mut servers = Vec::new();
    for server in &settings.health {
        servers.push(HealthServer::start(server, problems.clone(), &log).await?);
    }
    log.info("Starting runner...");
    for remark in &settings.remarks {
        log.warning(remark);
    }
    let access = Access::new(Arc::clone(&settings))?;
    let engine = tokio::select! {
        engine = start_engine => engine?,
        Some(_) = signals.recv() => return Ok(Ending::Signal),
    };
    log_missing_modules(&settings, &engine, &log);
    let (sender, reports) = unbounded_channel();
    let margin = settings.force_kill_margin;
    let mut runner = Runner {
        dispatcher: Dispatcher::new(settings, engine, log.clone(), sender, Instant::now()),
        events: Events { reports, signals },
        access,
        backoff: Backoff::default(),
        failures: HashMap::new(),
        problem,
        log: log.clone(),
    };
    let result = runner.run().await;
    if let Err(error) = &result {
        log.error(error);
    }
    runner.dispatcher.log_undelivered();
    if timeout(margin, runner.dispatcher.engine().stop()).await.is_err() {
        log.error(format_args!("The engine did not stop within {} s", margin.as_secs()));
    }
    log.info("Runner stopped");
    drop(servers);
    result
}

fn log_missing_modules<E: TaskEngine>(settings: &Settings, engine: &E, log: &Log) {
    for language in &settings.languages {
        for missing in engine.missing_modules(&language.language) {
            let (name, reason) = missing.split_once(": ").unwrap_or((&missing, "it was not found"));
            if !language.rules.named_modules().any(|named| named == name) {
                log.warning(format_args!("could not preload {missing}"));
                continue;
            }
            let advice =
                language.advice_on_missing(name, reason).map(|advice| format!(": {advice}")).unwrap_or_default();
            log.warning(format_args!(
                "Allowlisted module '{name}' is not installed. Please either install it or remove it from the \
                 allowlist ({reason}){advice}"
            ));
        }
    }
}

struct Runner<E> {
    dispatcher: Dispatcher<E>,
    events: Events,
    access: Access,
    backoff: Backoff,
    /// When each failure was said last.
    failures: HashMap<String, Instant>,
    problem: watch::Sender<Problem>,
    log: Log,
}

/// What can happen beside the broker's messages.
enum Event {
    Report(Box<Report>),
    Signal(Signal),
    Deadline,
}

struct Events {
    reports: UnboundedReceiver<Report>,
    signals: UnboundedReceiver<Signal>,
}

impl Events {
    /// The next event. Losing the future loses no event.
    async fn next(&mut self, deadline: Instant) -> Event {
        tokio::select! {
            Some(report) = self.reports.recv() => Event::Report(Box::new(report)),
            Some(signal) = self.signals.recv() => Event::Signal(signal),
            () = sleep_until(deadline) => Event::Deadline,
        }
    }
}

impl<E: TaskEngine> Runner<E> {
    async fn run(&mut self) -> Result<Ending, RunnerError> {
        let mut pause = Duration::ZERO;
        loop {
            let Some(connection) = self.connect(pause).await? else { return Ok(self.ending()) };
            let Some(error) = self.hold(connection).await else { return Ok(self.ending()) };
            if self.access.is_for_one_connection() {
                // Whoever gave the token is there to start a runner with another one.
                let lost = RunnerError::GrantedConnectionLost(Box::new(error));
                return if self.dispatcher.is_draining() { Ok(Ending::Drained) } else { Err(lost) };
            }
            self.say_failure(&error);
            pause = self.backoff.next_pause(Instant::now());
        }
    }

    fn ending(&self) -> Ending {
        match self.dispatcher.finished(Instant::now()) {
            Some(StopCause::Idle) => Ending::Idle,
            _ => Ending::Signal,
        }
    }

    /// Tries to connect until it works; `None` when the runner ends instead.
    async fn connect(&mut self, mut pause: Duration) -> Result<Option<Connection>, RunnerError> {
        let expiry = Instant::now() + GRANT_TOKEN_LIFE;
        loop {
            let access = self.access.clone();
            let opening = async move {
                sleep(pause).await;
                access.open().await
            };
            tokio::pin!(opening);
            let error = loop {
                let now = Instant::now();
                self.settle(now);
                if self.dispatcher.finished(now).is_some() {
                    return Ok(None);
                }
                tokio::select! {
                    result = &mut opening => match result {
                        Ok(connection) => return Ok(Some(connection)),
                        Err(error) => break error,
                    },
                    event = self.events.next(self.dispatcher.deadline(now)) => self.apply(event),
                }
            };
            self.dispatcher.disconnected(&error);
            if matches!(error, RunnerError::GrantTokenRefused | RunnerError::TokenCharacters(_)) {
                return Err(error);
            }
            if self.access.is_for_one_connection() && Instant::now() >= expiry {
                let seconds = GRANT_TOKEN_LIFE.as_secs();
                return Err(RunnerError::GrantTokenExpired { seconds, last: Box::new(error) });
            }
            self.say_failure(&error);
            pause = self.backoff.next_pause(Instant::now());
        }
    }

    /// Serves n8n over a connection; returns why it ended, or `None` when the runner ends.
    async fn hold(&mut self, mut connection: Connection) -> Option<RunnerError> {
        self.dispatcher.connected(Instant::now());
        let error = loop {
            let now = Instant::now();
            self.settle(now);
            if self.dispatcher.finished(now).is_some() {
                connection.close().await;
                self.log.info("Disconnected from broker");
                return None;
            }
            let watched = self.dispatcher.check_registration(now);
            if let Err(error) = watched.and_then(|()| connection.watch(now, self.dispatcher.outbox())) {
                break error;
            }
            let deadline = self.dispatcher.deadline(now).min(connection.watch_deadline());
            tokio::select! {
                received = connection.exchange(self.dispatcher.outbox()) => match received {
                    Received::Text(text) => {
                        self.dispatcher.receive(&text, Instant::now());
                        if self.dispatcher.is_registered() {
                            self.backoff.registered(now);
                        }
                    }
                    Received::NotText => self.dispatcher.receive_bytes(),
                    Received::End(error) => break error,
                },
                event = self.events.next(deadline) => self.apply(event),
            }
        };
        connection.close_after(&error).await;
        self.dispatcher.disconnected(&error);
        Some(error)
    }

    fn apply(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Report(report) => self.dispatcher.report(*report, now),
            Event::Signal(Signal::Terminate) => self.dispatcher.stop(StopCause::Terminated, now),
            Event::Signal(Signal::Interrupt) => self.dispatcher.stop(StopCause::Interrupted, now),
            Event::Deadline => {}
        }
    }

    /// Does what is due and makes the state known to the health check.
    fn settle(&mut self, now: Instant) {
        self.dispatcher.settle(now);
        let lull = self.dispatcher.lull().filter(|lull| !lull.is_healthy());
        let problem = lull.map(|lull| self.dispatcher.explain(lull));
        self.problem.send_if_modified(|known| {
            let is_news = *known != problem;
            *known = problem;
            is_news
        });
    }

    fn say_failure(&mut self, error: &RunnerError) {
        let now = Instant::now();
        let text = error.to_string();
        self.failures.retain(|_, said_at| now.duration_since(*said_at) < REPEAT_FAILURE);
        if self.failures.contains_key(&text) {
            return;
        }
        self.log.warning(format_args!("Failed to connect to broker: {text} - retrying..."));
        if let Some(hint) = error.hint() {
            self.log.info(format_args!("hint: {hint}"));
        }
        self.failures.insert(text, now);
    }
}
