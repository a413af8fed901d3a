//! Workers that wait for a task.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{FAILURES_THAT_FAIL_TASKS, PAUSE_FOR_SLOT, Pool, State, pause_after};
use crate::verdict;
use crate::worker::{StartError, Worker};

/// Failures in a row after which the zygote is taken for poisoned and replaced.
const FAILURES_OF_A_POISONED_ZYGOTE: u32 = 3;

impl Pool {
    /// Starts as many workers as are asked for and not yet on their way, and lets the cold ones get warm when
    /// processors are free for it.
    pub(crate) fn replenish(self: &Arc<Self>) {
        let (missing, warmers) = {
            let mut state = self.lock();
            if state.stopped || state.control.is_none() {
                return;
            }
            let warmers = if self.load.leaves_room() { state.cold.len().saturating_sub(state.warmers) } else { 0 };
            state.warmers += warmers;
            let wanted = self.idle_workers(&state) + state.requests.len();
            let missing = wanted.saturating_sub(state.waiting.len() + state.cold.len() + state.starting);
            state.starting += missing;
            (missing, warmers)
        };
        for _ in 0..warmers {
            tokio::spawn(Arc::clone(self).warm_worker());
        }
        for _ in 0..missing {
            tokio::spawn(Arc::clone(self).add_worker());
        }
    }

    /// Workers that are to wait for a task.
    fn idle_workers(&self, state: &State) -> usize {
        if state.retired { 0 } else { self.configuration.waiting_workers }
    }

    async fn add_worker(self: Arc<Self>) {
        match self.fork(&self.configuration.limits, Vec::new()).await {
            Ok(worker) => {
                let Some(worker) = self.give_to_request(worker) else { return };
                self.keep_idle(worker, |state| &mut state.cold);
                // Gets warm at once if there is room; what ends from now on looks again.
                self.replenish();
            }
            Err(error) => self.try_again_after(error).await,
        }
    }

    /// Lets a cold worker get warm when its turn comes, unless the tasks leave no processor by then. A task can take the
    /// worker until then.
    async fn warm_worker(self: Arc<Self>) {
        let load = Arc::clone(&self.load);
        let _turn = load.rehearsal().await;
        let worker = {
            let mut state = self.lock();
            state.warmers -= 1;
            if !self.load.leaves_room() {
                return;
            }
            let Some(worker) = state.cold.pop_front() else { return };
            state.starting += 1;
            worker
        };
        match self.rehearse(worker).await {
            Ok(worker) => {
                if let Some(worker) = self.give_to_request(worker) {
                    self.keep_idle(worker, |state| &mut state.waiting);
                }
            }
            Err(error) => self.try_again_after(error).await,
        }
    }

    /// Gives a worker that was starting to a task that waits for one; gives it back when there is none.
    fn give_to_request(&self, mut worker: Worker) -> Option<Worker> {
        let mut state = self.lock();
        state.failures = 0;
        state.problem = None;
        while let Some(request) = state.requests.pop_front() {
            match request.send(Ok(worker)) {
                // The task was cancelled while it waited.
                Err(Ok(returned)) => worker = returned,
                Ok(()) | Err(Err(_)) => {
                    state.starting -= 1;
                    return None;
                }
            }
        }
        Some(worker)
    }

    /// Keeps a worker that was starting, unless it was forked for a task that has gone away meanwhile and is one too
    /// many.
    fn keep_idle(&self, worker: Worker, place: fn(&mut State) -> &mut VecDeque<Worker>) {
        let mut state = self.lock();
        state.starting -= 1;
        if state.stopped || state.waiting.len() + state.cold.len() >= self.idle_workers(&state) {
            // It is killed outside of the lock.
            drop(state);
            drop(worker);
        } else {
            place(&mut state).push_back(worker);
        }
    }

    async fn try_again_after(self: Arc<Self>, error: StartError) {
        let pause = {
            let mut state = self.lock();
            state.starting -= 1;
            if state.stopped {
                return;
            }
            match error {
                StartError::NoSlot => PAUSE_FOR_SLOT,
                // The zygote has ended meanwhile. Its successor is asked for as many workers as are missing.
                StartError::NoZygote => return,
                error => self.failed_to_start(&mut state, &error),
            }
        };
        tokio::time::sleep(pause).await;
        self.replenish();
    }

    /// Counts a failure; gives the pause before the next attempt.
    fn failed_to_start(&self, state: &mut State, error: &StartError) -> Duration {
        state.failures += 1;
        tracing::warn!(language = %self.configuration.language, %error, failures = state.failures, "a worker cannot be started");
        state.problem = Some(error.to_string());
        if state.failures == FAILURES_OF_A_POISONED_ZYGOTE
            && let Some(control) = &state.control
        {
            control.close();
        }
        if state.failures >= FAILURES_THAT_FAIL_TASKS {
            let error = verdict::not_started(error, &self.configuration.limits);
            for request in std::mem::take(&mut state.requests) {
                let _ = request.send(Err(error.clone()));
            }
        }
        pause_after(state.failures)
    }
}
