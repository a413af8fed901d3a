//! Connection, idleness and shutdown, and what they mean for offers.

use std::time::Duration;

use tokio::time::Instant;

use super::Dispatcher;
use super::conclusion::unfit;
use super::entry::{Cancellation, State};
use super::lull::{Lull, Remark};
use crate::engine::TaskEngine;
use crate::error::RunnerError;

/// A broker that opens a connection and then says nothing does not get longer than this.
const REGISTRATION_PATIENCE: Duration = Duration::from_secs(30);
/// How often the engine is asked whether it can work.
const ENGINE_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// An idle runner has nothing to wait for.
const IDLE_SHUTDOWN: Duration = Duration::from_secs(3);

/// The connection to the broker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// None, for this reason.
    Down(String),
    /// Open; n8n processes nothing until it has registered the runner.
    Opened { at: Instant },
    /// Tasks can come.
    Registered,
}

/// Why the runner ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopCause {
    Terminated,
    Interrupted,
    Idle,
}

/// The end of the runner, once it has begun.
#[derive(Debug)]
pub(super) struct Stopping {
    cause: StopCause,
    /// Until then running tasks may end by themselves.
    grace_ends: Instant,
    /// From then on nothing is waited for.
    gives_up: Instant,
    has_cancelled: bool,
}

impl<E: TaskEngine> Dispatcher<E> {
    /// A connection is open.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.link = Link::Opened { at: now };
        self.connection += 1;
        self.is_draining = false;
        self.log.info("Connected to broker");
    }

    /// n8n knows the runner: whatever was kept for it goes out now.
    pub(super) fn register(&mut self, now: Instant) {
        self.link = Link::Registered;
        self.idle_since.get_or_insert(now);
        self.log.info("Registered with broker");
        for message in self.undelivered.drain(..) {
            self.outbox.push(message);
        }
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.link == Link::Registered
    }

    /// The connection over which n8n listens, if there is one.
    pub(super) fn registered_connection(&self) -> Option<u64> {
        self.is_registered().then_some(self.connection)
    }

    /// There is no connection, or no longer. n8n fails running tasks when their runner's connection ends; they go on
    /// here, and what they asked of n8n is answered with an error.
    pub(crate) fn disconnected(&mut self, reason: &RunnerError) {
        let was_open = !matches!(self.link, Link::Down(_));
        self.link = Link::Down(reason.to_string());
        self.undelivered.extend(self.outbox.take_ends_of_tasks());
        for lane in &mut self.lanes {
            lane.offers.clear();
        }
        self.tasks.retain(|_, entry| matches!(entry.state, State::Running(_)));
        self.fail_open_requests();
        let running = self.running_tasks();
        if was_open && running > 0 {
            self.log.warning(format_args!(
                "The connection to n8n ended with {running} running tasks: n8n has failed them; they go on here, and \
                 their results are sent after the reconnect"
            ));
        }
    }

    /// Whether the broker has kept the runner waiting for its registration too long.
    pub(crate) fn check_registration(&self, now: Instant) -> Result<(), RunnerError> {
        match self.link {
            Link::Opened { at } if now >= at + REGISTRATION_PATIENCE => {
                Err(RunnerError::NotRegistered(REGISTRATION_PATIENCE.as_secs()))
            }
            _ => Ok(()),
        }
    }

    /// Begins the end; a second signal does not wait for running tasks.
    pub(crate) fn stop(&mut self, cause: StopCause, now: Instant) {
        if let Some(stopping) = &mut self.stopping {
            stopping.grace_ends = stopping.grace_ends.min(now);
            stopping.gives_up = stopping.gives_up.min(now + self.settings.force_kill_margin);
            return;
        }
        self.log.info(match cause {
            StopCause::Terminated => "Received SIGTERM signal, starting shutdown...",
            StopCause::Interrupted => "Received SIGINT signal, starting shutdown...",
            StopCause::Idle => "Reached idle timeout, starting shutdown...",
        });
        let grace = if cause == StopCause::Idle { IDLE_SHUTDOWN } else { self.settings.graceful_shutdown };
        let grace_ends = now + grace;
        let gives_up = grace_ends + self.settings.force_kill_margin;
        self.stopping = Some(Stopping { cause, grace_ends, gives_up, has_cancelled: false });
    }

    /// Why the runner has ended, when it has.
    pub(crate) fn finished(&self, now: Instant) -> Option<StopCause> {
        let stopping = self.stopping.as_ref()?;
        let is_done = self.tasks.is_empty() && self.outbox.is_empty() && self.undelivered.is_empty();
        (is_done || now >= stopping.gives_up).then_some(stopping.cause)
    }

    /// Says which results were not delivered in the end.
    pub(crate) fn log_undelivered(&mut self) {
        let kept = self.outbox.take_ends_of_tasks();
        for message in self.undelivered.drain(..).chain(kept) {
            if let Some(task_id) = message.ended_task() {
                self.log.error(format_args!("The result of task {task_id} could not be delivered to n8n"));
            }
        }
    }

    /// Does what is due. Called after every event and at [`Dispatcher::deadline`].
    pub(crate) fn settle(&mut self, now: Instant) {
        if now >= self.look_at_engine {
            self.look_at_engine = now + ENGINE_LOOK_INTERVAL;
            for lane in &mut self.lanes {
                lane.problem = self.engine.problem(&lane.settings.language);
            }
        }
        self.end_overdue(now);
        if self.idle_deadline().is_some_and(|deadline| now >= deadline) {
            self.stop(StopCause::Idle, now);
        }
        self.stop_tasks_after_grace(now);
        self.top_up_offers(now);
        if self.stopping.is_some() {
            // The log says already that the runner ends.
            return;
        }
        match self.notice.update(self.lull(), now) {
            Some(Remark::NotTaking(lull)) => {
                self.log.warning(format_args!("Not taking tasks: {}", self.explain(lull)));
            }
            Some(Remark::Taking) => self.log.info("Taking tasks again"),
            None => {}
        }
    }

    fn stop_tasks_after_grace(&mut self, now: Instant) {
        let Some(stopping) = self.stopping.as_mut() else { return };
        if stopping.has_cancelled || now < stopping.grace_ends || self.tasks.is_empty() {
            return;
        }
        stopping.has_cancelled = true;
        let patience = self.settings.graceful_shutdown.as_secs();
        self.log.warning(format_args!("Shutdown timed out after {patience}s, forcing exit..."));
        let mut unstarted = Vec::new();
        for (task_id, entry) in &mut self.tasks {
            match &mut entry.state {
                State::WaitingForSettings | State::WaitingForData(_) => unstarted.push(task_id.clone()),
                State::Running(running) => {
                    running.cancelled.get_or_insert(Cancellation::Shutdown);
                    running.control.cancel();
                }
            }
        }
        for task_id in unstarted {
            let message = unfit(&task_id, "Task was cancelled", "The task runner was stopped.");
            self.end_unstarted(&task_id, message, now);
        }
    }

    fn idle_deadline(&self) -> Option<Instant> {
        let patience = self.settings.auto_shutdown?;
        let is_idle = self.tasks.is_empty() && self.stopping.is_none();
        self.idle_since.filter(|_| is_idle).map(|since| since + patience)
    }

    /// When [`Dispatcher::settle`] has to be called next, if nothing else happens.
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        let renewals = self.lanes.iter().filter(|_| self.may_offer()).filter_map(|lane| lane.offers.next_renewal(now));
        let overdue = self.tasks.values().filter_map(|entry| self.waiting_deadline(entry));
        let stopping = self
            .stopping
            .as_ref()
            .map(|stopping| if now < stopping.grace_ends { stopping.grace_ends } else { stopping.gives_up });
        let notice = self.notice.deadline().filter(|_| self.stopping.is_none());
        let registration = match self.link {
            Link::Opened { at } => Some(at + REGISTRATION_PATIENCE),
            _ => None,
        };
        let others = [Some(self.look_at_engine), self.idle_deadline(), notice, stopping, registration];
        let all = renewals.chain(overdue).chain(others.into_iter().flatten());
        all.min().unwrap_or(now + ENGINE_LOOK_INTERVAL)
    }

    /// Why no tasks, or none of one type, are taken.
    pub(crate) fn lull(&self) -> Option<Lull> {
        if self.stopping.is_some() {
            return Some(Lull::Stopping);
        }
        match self.link {
            Link::Down(_) => return Some(Lull::Disconnected),
            Link::Opened { .. } => return Some(Lull::Unregistered),
            Link::Registered if self.is_draining => return Some(Lull::Draining),
            Link::Registered => {}
        }
        let lanes = || self.lanes.iter().enumerate();
        let broken = lanes().find(|(_, lane)| lane.problem.is_some()).map(|(index, _)| Lull::Broken(index));
        let slotless = || lanes().find(|(_, lane)| lane.settings.maximum_concurrency == 0);
        let busy = || lanes().find(|(index, _)| self.free_slots(*index) == 0);
        broken
            .or_else(|| slotless().map(|(index, _)| Lull::NoSlots(index)))
            .or_else(|| busy().map(|(index, _)| Lull::Busy(index)))
    }

    /// The reason in words.
    pub(crate) fn explain(&self, lull: Lull) -> String {
        let language = |index: usize| &self.lanes[index].settings.language;
        match lull {
            Lull::Disconnected => {
                let Link::Down(reason) = &self.link else { return "the connection was lost".to_owned() };
                format!("there is no connection to the broker at {}: {reason}", self.settings.broker)
            }
            Lull::Unregistered => {
                format!("the broker at {} has not registered the runner yet", self.settings.broker)
            }
            Lull::Stopping => "the runner is shutting down".to_owned(),
            Lull::Draining => "n8n is shutting down".to_owned(),
            Lull::Broken(index) => {
                let problem = self.lanes[index].problem.as_deref().unwrap_or_default();
                format!("{} cannot run: {problem}", language(index))
            }
            Lull::NoSlots(index) => format!("N8N_RUNNERS_MAX_CONCURRENCY is 0 for {}", language(index)),
            Lull::Busy(index) => {
                let slots = self.lanes[index].settings.maximum_concurrency;
                format!("all {slots} slots for {} have a running task (N8N_RUNNERS_MAX_CONCURRENCY)", language(index))
            }
        }
    }
}
