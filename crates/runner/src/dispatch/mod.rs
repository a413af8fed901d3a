//! The heart of the runner: what to do when something happens.
//!
//! [`Dispatcher`] does no input or output and knows no time but what it is told. Messages, reports of tasks and the
//! clock go in; messages go into its outbox and tasks to the engine. So everything that can happen to a slot can be
//! tested without a socket: no message, and no order of messages, may lose one.
//!
//! - `offers`: what n8n may take up.
//! - `tasks`: a task's way from acceptance to its end; `entry` is what is known of it, `conclusion` words its end.
//! - `reports`: what a running task says; `question` reads what it asks of n8n.
//! - `state`: connection, idleness, shutdown, and why no tasks are taken (`lull`).
//! - `recent`: what is known of code that has run before: `foresight` asks for the data that it will need.

mod conclusion;
mod entry;
mod foresight;
mod lull;
mod offers;
mod question;
mod recent;
mod reports;
mod state;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use stockade_protocol::Language;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use self::entry::{Entry, State};
use self::lull::Notice;
use self::offers::Offers;
use self::recent::{CodeHasher, Recent};
use self::state::{Link, Stopping};
use crate::engine::{Report, TaskEngine};
use crate::log::Log;
use crate::message::{BrokerMessage, MessageError, Outbox, Outgoing};
use crate::settings::{LanguageSettings, Settings};

pub(crate) use state::StopCause;

/// Decides about offers, tasks and the end.
pub(crate) struct Dispatcher<E> {
    settings: Arc<Settings>,
    engine: E,
    log: Log,
    /// Given to every task that is started.
    reports: UnboundedSender<Report>,
    lanes: Vec<Lane>,
    tasks: HashMap<String, Entry>,
    /// Python code whose static check is known to pass.
    validated: Recent<()>,
    /// The request for data of JavaScript code.
    foreseen: Recent<Bytes>,
    outbox: Outbox,
    /// Ends of tasks that wait for the next connection.
    undelivered: Vec<Outgoing>,
    link: Link,
    /// Counts connections.
    connection: u64,
    is_draining: bool,
    stopping: Option<Stopping>,
    /// Since when there has been nothing to do; starts with the registration.
    idle_since: Option<Instant>,
    notice: Notice,
    look_at_engine: Instant,
    next_number: u64,
}

/// One task type with its slots.
struct Lane {
    settings: LanguageSettings,
    offers: Offers,
    /// Why the engine cannot run its tasks.
    problem: Option<String>,
    hasher: CodeHasher,
}

impl Lane {
    fn new(settings: LanguageSettings) -> Self {
        let hasher = CodeHasher::new(&Value::Object(settings.rules.to_object()).to_string());
        Self { offers: Offers::default(), problem: None, hasher, settings }
    }
}

impl<E: TaskEngine> Dispatcher<E> {
    pub(crate) fn new(
        settings: Arc<Settings>,
        engine: E,
        log: Log,
        reports: UnboundedSender<Report>,
        now: Instant,
    ) -> Self {
        let lanes = settings.languages.iter().map(|lane| Lane::new(lane.clone())).collect();
        Self {
            settings,
            engine,
            log,
            reports,
            lanes,
            tasks: HashMap::new(),
            validated: Recent::default(),
            foreseen: Recent::default(),
            outbox: Outbox::default(),
            undelivered: Vec::new(),
            link: Link::Down("it is being opened".to_owned()),
            connection: 0,
            is_draining: false,
            stopping: None,
            idle_since: None,
            notice: Notice::default(),
            look_at_engine: now,
            next_number: 0,
        }
    }

    pub(crate) fn engine(&self) -> &E {
        &self.engine
    }

    /// Messages for the broker.
    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// The broker said something.
    pub(crate) fn receive(&mut self, text: &Utf8Bytes, now: Instant) {
        match BrokerMessage::read(text) {
            Ok(message) => self.handle(message, now),
            Err(error) => self.log_bad_message(&error),
        }
    }

    /// The broker sent bytes that are no text.
    pub(crate) fn receive_bytes(&self) {
        self.log_bad_message(&MessageError::NotUtf8);
    }

    fn log_bad_message(&self, error: &MessageError) {
        self.log.error(format_args!("Error handling message: {error}"));
    }

    fn handle(&mut self, message: BrokerMessage, now: Instant) {
        match message {
            BrokerMessage::InformationRequest => {
                let types: Vec<&str> = self.lanes.iter().map(|lane| lane.settings.language.name()).collect();
                self.outbox.push(Outgoing::information(self.name(), &types));
            }
            BrokerMessage::Registered => self.register(now),
            BrokerMessage::Drain => {
                self.is_draining = true;
                self.log.info("Received drain signal, stopped accepting new tasks");
            }
            BrokerMessage::OfferAccept { task_id, offer_id } => self.accept(&task_id, &offer_id, now),
            BrokerMessage::Settings { task_id, settings } => self.take_settings(&task_id, settings, now),
            BrokerMessage::Cancel { task_id, reason } => self.cancel(&task_id, &reason, now),
            BrokerMessage::Answer { task_id, request_id, answer } => self.answer(&task_id, &request_id, answer, now),
        }
    }

    /// The name that n8n shows in its log.
    fn name(&self) -> &'static str {
        match self.lanes.as_slice() {
            [Lane { settings, .. }] if settings.language == Language::Python => "Python Task Runner",
            [_] => "JS Task Runner",
            _ => "Stockade Task Runner",
        }
    }

    /// Slots of a lane that no task has.
    fn free_slots(&self, lane: usize) -> usize {
        let taken = self.tasks.values().filter(|entry| entry.lane == lane).count();
        self.lanes[lane].settings.maximum_concurrency.saturating_sub(taken)
    }

    /// Puts an offer into every free slot. Called after every event, so that an offer goes out the moment that there
    /// is room for it.
    fn top_up_offers(&mut self, now: Instant) {
        if !self.may_offer() {
            return;
        }
        for index in 0..self.lanes.len() {
            let free = self.free_slots(index);
            let lane = &mut self.lanes[index];
            if lane.problem.is_some() {
                continue;
            }
            for offer in lane.offers.top_up(free, now) {
                self.outbox.push(Outgoing::offer(&offer.id, &lane.settings.language, offer.valid_for_milliseconds));
            }
        }
    }

    /// Whether n8n wants to send no more tasks over the connection that there is, or was last.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining
    }

    fn may_offer(&self) -> bool {
        self.link == Link::Registered && !self.is_draining && self.stopping.is_none()
    }

    /// Tasks that the engine has.
    fn running_tasks(&self) -> usize {
        self.tasks.values().filter(|entry| matches!(entry.state, State::Running(_))).count()
    }
}
