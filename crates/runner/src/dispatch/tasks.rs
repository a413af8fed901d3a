//! A task's way from the acceptance of an offer to its end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use stockade_protocol::{ErrorCode, Language, Outcome, Program, Task, TaskError, TaskFiles};
use tokio::time::Instant;

use super::conclusion::{Conclusion, Ending, conclude, unfit};
use super::entry::{
    Cancellation, Entry, Label, LogBudget, OnFailure, Prepared, Running, ShortDuration, ShortSize, State,
};
use super::foresight::{Asked, request_for};
use super::question::LOG_FUNCTION;
use super::recent::proves_check;
use super::state::Link;
use super::{Dispatcher, Lane};
use crate::engine::{Reporter, TaskEngine, TaskKey};
use crate::identifier::new_identifier;
use crate::message::{MessageError, Outgoing, TaskSettings};

const REJECTED_EXPIRED: &str = "Offer expired - not accepted within validity window";
const REJECTED_FULL: &str = "No open task slots - runner already at capacity";
const REJECTED_STOPPING: &str = "Runner is shutting down";
/// With this reason for a cancel n8n drops all offers of the runner too, without a word about them.
const ACCEPTED_TOO_LATE: &str = "Acknowledgement window elapsed";
const REJECTED_KNOWN: &str = "The runner has a task with this id already";

/// The kinds of run; the last is JavaScript's alone.
const NODE_MODES: [&str; 3] = ["runOnceForAllItems", "runOnceForEachItem", "runCode"];
/// Settings that a harness reads, beside the code and the items.
const USED_BY_HARNESSES: [&str; 5] = ["nodeMode", "continueOnFail", "query", "chunk", "additionalProperties"];
/// A time limit that is already over would never start a task.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

impl<E: TaskEngine> Dispatcher<E> {
    /// n8n takes up an offer.
    pub(super) fn accept(&mut self, task_id: &str, offer_id: &str, now: Instant) {
        let lane = self.lanes.iter_mut().position(|lane| lane.offers.take(offer_id, now));
        let verdict = match lane {
            _ if self.stopping.is_some() => Err(REJECTED_STOPPING.to_owned()),
            None => Err(REJECTED_EXPIRED.to_owned()),
            Some(_) if self.tasks.contains_key(task_id) => Err(REJECTED_KNOWN.to_owned()),
            Some(lane) if self.free_slots(lane) == 0 => Err(REJECTED_FULL.to_owned()),
            Some(lane) => match &self.lanes[lane].problem {
                Some(problem) => Err(format!("The runner cannot run tasks now: {problem}")),
                None => Ok(lane),
            },
        };
        match verdict {
            Err(reason) => self.outbox.push(Outgoing::rejected(task_id, &reason)),
            Ok(lane) => {
                let number = self.next_number;
                self.next_number += 1;
                let entry = Entry { number, lane, accepted_at: now, state: State::WaitingForSettings };
                self.tasks.insert(task_id.to_owned(), entry);
                self.idle_since = Some(now);
                self.outbox.push(Outgoing::accepted(task_id));
                self.log.info(format_args!("Accepted task {task_id}"));
            }
        }
    }

    /// n8n says what the task is.
    pub(super) fn take_settings(&mut self, task_id: &str, settings: Result<TaskSettings, MessageError>, now: Instant) {
        let Some(entry) = self.tasks.get(task_id) else {
            return self.log_bad_message(&MessageError::UnknownTask(task_id.to_owned()));
        };
        let status = match &entry.state {
            State::WaitingForSettings => None,
            State::Running(running) if running.cancelled.is_some() => Some("ABORTING"),
            State::Running(_) | State::WaitingForData(_) => Some("RUNNING"),
        };
        if let Some(status) = status {
            return self.log.warning(format_args!(
                "Received settings for task but it is already TaskStatus.{status}. Discarding message."
            ));
        }
        let lane = &self.lanes[entry.lane];
        match settings.and_then(|settings| check(settings, &lane.settings.language)) {
            Ok(settings) => {
                self.log.info(format_args!("Received task {task_id}"));
                self.ask_ahead_or_start(task_id, settings, now);
            }
            Err(error) => {
                self.log_bad_message(&error);
                let message = format!("The task runner cannot read the settings of this task: {error}");
                let advice = "n8n and the task runner may be of versions that do not fit together.";
                self.end_unstarted(task_id, unfit(task_id, &message, advice), now);
            }
        }
    }

    /// Starts a task, or asks n8n first for what its code asked for the last time.
    fn ask_ahead_or_start(&mut self, task_id: &str, settings: TaskSettings, now: Instant) {
        let Some(entry) = self.tasks.get_mut(task_id) else { return };
        let key = self.lanes[entry.lane].hasher.key(settings.node_mode(), &settings.code);
        let Some(request) = self.foreseen.get(&key).and_then(|request| request_for(request, &settings)) else {
            return self.start(task_id, settings, now);
        };
        let request_id = new_identifier();
        self.outbox.push(Outgoing::data_request(task_id, &request_id, request));
        entry.state = State::WaitingForData(Box::new(Prepared { settings, request_id }));
    }

    /// The data that was asked for ahead has come.
    pub(super) fn start_with_data(&mut self, task_id: &str, data: Bytes, now: Instant) {
        let Some(entry) = self.tasks.get_mut(task_id) else { return };
        if let State::WaitingForData(prepared) = std::mem::replace(&mut entry.state, State::WaitingForSettings) {
            self.start(task_id, TaskSettings { items: Some(data), ..prepared.settings }, now);
        }
    }

    fn start(&mut self, task_id: &str, settings: TaskSettings, now: Instant) {
        let Some(entry) = self.tasks.get(task_id) else { return };
        let (lane_index, number) = (entry.lane, entry.number);
        let waited = now.duration_since(entry.accepted_at);
        let lane = &self.lanes[lane_index];
        let code_key = lane.hasher.key(settings.node_mode(), &settings.code);
        let is_validated = self.validated.get(&code_key).is_some();
        let asked = Asked::start(&lane.settings.language, &settings);
        let (label, on_failure) = (Label::of(&settings), OnFailure::of(&settings));
        let task = lane.task(settings, is_validated, waited);
        let key = TaskKey { id: Arc::from(task_id), number };
        let control = match self.engine.start(task, Reporter::new(key, self.reports.clone())) {
            Ok(control) => control,
            Err(error) => {
                let language = &self.lanes[lane_index].settings;
                let outcome = Outcome::refused(*error);
                let conclusion = conclude(task_id, language, None, on_failure, outcome, || None);
                self.tasks.remove(task_id);
                return self.conclude_task(task_id, conclusion, &label, Duration::ZERO, now);
            }
        };
        if let Some(entry) = self.tasks.get_mut(task_id) {
            entry.state = State::Running(Box::new(Running {
                control,
                started_at: now,
                label,
                on_failure,
                code_key,
                asked,
                cancelled: None,
                connection: self.connection,
                requests: HashMap::new(),
                logged: LogBudget::default(),
            }));
        }
    }

    /// n8n no longer wants the task, and has forgotten it already.
    pub(super) fn cancel(&mut self, task_id: &str, reason: &str, now: Instant) {
        if reason == ACCEPTED_TOO_LATE {
            for lane in &mut self.lanes {
                lane.offers.clear();
            }
        }
        match self.tasks.get_mut(task_id).map(|entry| &mut entry.state) {
            None => {
                self.log.warning(format_args!("Received cancel for unknown task: {task_id}. Discarding message."));
            }
            Some(State::WaitingForSettings) => {
                self.log.info(format_args!("Cancelled task {task_id} (waiting for settings)"));
                self.forget(task_id, now);
            }
            Some(State::WaitingForData(_)) => {
                self.log.info(format_args!("Cancelled task {task_id}"));
                self.forget(task_id, now);
            }
            Some(State::Running(running)) => {
                if running.cancelled.is_none() {
                    self.log.info(format_args!("Cancelled task {task_id}{}", running.label));
                }
                running.cancelled = Some(Cancellation::Broker);
                running.control.cancel();
            }
        }
    }

    /// A task that the engine had has come to its end.
    pub(super) fn finish(&mut self, task_id: &str, outcome: Outcome, now: Instant) {
        let Some(Entry { lane, state: State::Running(running), .. }) = self.tasks.remove(task_id) else { return };
        let continues_on_fail = running.on_failure != OnFailure::Error;
        let is_python = self.lanes[lane].settings.language == Language::Python;
        if is_python && proves_check(&outcome, continues_on_fail) {
            self.validated.insert(running.code_key, ());
        }
        if let Some(request) = running.asked.lesson(&outcome) {
            self.foreseen.insert(running.code_key, request);
        }
        if running.logged.dropped > 0 && running.is_heard(self.registered_connection()) {
            let lines = format!("[\"[Output truncated - {} more print statements]\"]", running.logged.dropped);
            self.outbox.push(Outgoing::call(task_id, &new_identifier(), LOG_FUNCTION, Bytes::from(lines)));
        }
        let settings = &self.lanes[lane].settings;
        let packages = || self.engine.packages(&settings.language);
        let conclusion = conclude(task_id, settings, running.cancelled, running.on_failure, outcome, packages);
        let took = now.duration_since(running.started_at);
        self.conclude_task(task_id, conclusion, &running.label, took, now);
    }

    fn conclude_task(&mut self, task_id: &str, conclusion: Conclusion, label: &Label, took: Duration, now: Instant) {
        match conclusion.ending {
            Ending::Completed(size) => self.log.info(format_args!(
                "Completed task {task_id} in {} ({}){label}",
                ShortDuration(took),
                ShortSize(size)
            )),
            Ending::SyntaxError => self.log.warning(format_args!("Task {task_id} failed syntax validation")),
            Ending::Failed => self.log.warning(format_args!("Task {task_id} failed")),
            Ending::Cancelled => {}
            Ending::Stopped(reason) => self.log.warning(format_args!("Task {task_id} failed: {reason}")),
        }
        self.idle_since = Some(now);
        if let Some(message) = conclusion.message {
            self.send_end(task_id, message);
        }
    }

    /// Ends a task that the engine never had.
    pub(super) fn end_unstarted(&mut self, task_id: &str, message: Outgoing, now: Instant) {
        self.forget(task_id, now);
        self.send_end(task_id, message);
    }

    fn forget(&mut self, task_id: &str, now: Instant) {
        self.tasks.remove(task_id);
        self.idle_since = Some(now);
    }

    /// n8n learns of every end, be it after the next connection: by then it has failed the task, but a result that
    /// vanishes without a word is worse than one that comes late.
    fn send_end(&mut self, task_id: &str, message: Outgoing) {
        if self.link == Link::Registered {
            self.outbox.push(message);
        } else {
            self.log.warning(format_args!(
                "Task {task_id} ended while there is no connection to n8n: its result is sent after the reconnect"
            ));
            self.undelivered.push(message);
        }
    }

    /// Ends tasks whose settings or data did not come within the time of a whole task.
    pub(super) fn end_overdue(&mut self, now: Instant) {
        let overdue: Vec<(String, usize, OnFailure)> = self
            .tasks
            .iter()
            .filter(|(_, entry)| self.waiting_deadline(entry).is_some_and(|deadline| deadline <= now))
            .map(|(task_id, entry)| (task_id.clone(), entry.lane, entry.state.on_failure()))
            .collect();
        for (task_id, lane, on_failure) in overdue {
            let error = TaskError::new(ErrorCode::TimeoutError, "");
            let outcome = Outcome::refused(error);
            let conclusion = conclude(&task_id, &self.lanes[lane].settings, None, on_failure, outcome, || None);
            self.tasks.remove(&task_id);
            self.conclude_task(&task_id, conclusion, &Label::default(), Duration::ZERO, now);
        }
    }

    /// When a task that waits for n8n has waited too long; the engine measures those that run.
    pub(super) fn waiting_deadline(&self, entry: &Entry) -> Option<Instant> {
        (!matches!(entry.state, State::Running(_)))
            .then(|| entry.accepted_at + self.lanes[entry.lane].settings.limits.timeout)
    }
}

impl Lane {
    /// The task for the engine. The settings go to the harness as they came, without what it has no use for: a worker
    /// pays for each that it reads.
    fn task(&self, settings: TaskSettings, is_validated: bool, waited: Duration) -> Task {
        let is_python = self.settings.language == Language::Python;
        let mut limits = self.settings.limits;
        let mut harness_settings = Map::new();
        if is_python {
            harness_settings.insert("validated".to_owned(), Value::Bool(is_validated));
        } else {
            // The official JavaScript runner starts its clock with the acceptance, the Python runner with the process.
            limits.timeout = limits.timeout.saturating_sub(waited).max(SHORTEST_TIMEOUT);
        }
        let for_harness = settings.others.into_iter().filter(|(name, _)| USED_BY_HARNESSES.contains(&name.as_str()));
        harness_settings.insert("n8n".to_owned(), Value::Object(for_harness.collect()));
        Task {
            language: self.settings.language.clone(),
            package_set: None,
            program: Program::N8n { code: settings.code, settings: harness_settings },
            inputs: settings.items.unwrap_or_default(),
            limits,
            allow: None,
            environment: if is_python { self.settings.environment.clone() } else { BTreeMap::new() },
            network: self.settings.network.clone(),
            files: TaskFiles::default(),
        }
    }
}

/// Whether the settings are such that a harness of the language can do something with them.
fn check(settings: TaskSettings, language: &Language) -> Result<TaskSettings, MessageError> {
    let is_python = *language == Language::Python;
    let modes = if is_python { &NODE_MODES[..2] } else { &NODE_MODES };
    if !modes.contains(&settings.node_mode()) {
        return Err(MessageError::NodeMode(settings.node_mode().to_owned()));
    }
    if is_python && settings.items.is_none() {
        return Err(MessageError::Missing { message: "task settings", field: "items" });
    }
    Ok(settings)
}
