//! The pool of one language of one package set, while there is one.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use stockade_protocol::TaskError;
use tokio::sync::watch;

use crate::configuration::RuntimeConfiguration;
use crate::error::EngineError;
use crate::pool::Pool;
use crate::status::PackageSetStatus;

/// Tells the tasks that wait for a start how it went.
pub(super) type Told = watch::Sender<Option<Result<(), TaskError>>>;
/// How a start went, once it is known.
pub(super) type Start = watch::Receiver<Option<Result<(), TaskError>>>;

/// The pool of one language of one package set, while there is one.
#[derive(Debug)]
pub(crate) struct SetPool {
    /// `None`: the set that the engine was started with.
    name: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    configuration: Arc<RuntimeConfiguration>,
    phase: Phase,
    /// Tasks that have the pool or wait for it.
    interested: usize,
    used: Instant,
    bytes: u64,
    starts: u64,
    stops: u64,
    problem: Option<String>,
}

#[derive(Debug)]
enum Phase {
    Absent,
    Starting(Start),
    Running(Arc<Pool>),
}

/// Keeps a pool from being stopped for want of memory.
#[derive(Debug)]
pub(super) struct Interest(Arc<SetPool>);

impl Drop for Interest {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.interested -= 1;
        state.used = Instant::now();
    }
}

/// A pool that a task uses: until this is dropped its workers are not ended, also when another pool takes its place.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Arc<Pool>,
    _interest: Interest,
}

impl Deref for Lease {
    type Target = Arc<Pool>;

    fn deref(&self) -> &Arc<Pool> {
        &self.pool
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.leave();
    }
}

/// What there is for a task that wants a pool.
pub(super) enum Attempt {
    Taken(Lease),
    /// It is being started.
    Wait(Start),
    /// The task that is told this starts it.
    Start(Told, Start),
}

/// What a running pool takes, for the choice of the one to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) bytes: u64,
    pub(super) is_idle: bool,
    pub(super) used: Instant,
}

impl SetPool {
    /// Of the set that the engine was started with.
    pub(super) fn running(pool: Arc<Pool>) -> Self {
        Self::new(None, Arc::new(pool.configuration.clone()), Phase::Running(pool))
    }

    /// Of a set that is started when it is needed.
    pub(super) fn absent(name: String, configuration: RuntimeConfiguration) -> Self {
        Self::new(Some(name), Arc::new(configuration), Phase::Absent)
    }

    fn new(name: Option<String>, configuration: Arc<RuntimeConfiguration>, phase: Phase) -> Self {
        let state = State {
            configuration,
            phase,
            interested: 0,
            used: Instant::now(),
            bytes: 0,
            starts: 0,
            stops: 0,
            problem: None,
        };
        Self { name, state: Mutex::new(state) }
    }

    /// Of the set; `None`: the one that the engine was started with.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the pool is started with, or will be.
    pub(crate) fn configuration(&self) -> Arc<RuntimeConfiguration> {
        Arc::clone(&self.lock().configuration)
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.lock().phase, Phase::Running(_))
    }

    pub(super) fn interest(self: &Arc<Self>) -> Interest {
        self.lock().interested += 1;
        Interest(Arc::clone(self))
    }

    /// The pool, if it is there.
    pub(super) fn take(self: &Arc<Self>, _interest: &Interest) -> Attempt {
        let mut state = self.lock();
        match &state.phase {
            Phase::Running(pool) => {
                pool.enter();
                let pool = Arc::clone(pool);
                state.interested += 1;
                Attempt::Taken(Lease { pool, _interest: Interest(Arc::clone(self)) })
            }
            Phase::Starting(start) => Attempt::Wait(start.clone()),
            Phase::Absent => {
                let (told, start) = watch::channel(None);
                state.phase = Phase::Starting(start.clone());
                Attempt::Start(told, start)
            }
        }
    }

    pub(super) fn started(&self, pool: Arc<Pool>) {
        let mut state = self.lock();
        state.phase = Phase::Running(pool);
        state.starts += 1;
        state.problem = None;
    }

    pub(super) fn failed(&self, error: &EngineError) {
        let mut state = self.lock();
        state.phase = Phase::Absent;
        state.problem = Some(error.to_string());
    }

    /// Takes another configuration. Gives a hold on the pool if one is running and has to be replaced.
    pub(super) async fn hold_running(self: &Arc<Self>, configuration: &RuntimeConfiguration) -> Option<Interest> {
        loop {
            let mut start = {
                let mut state = self.lock();
                match &state.phase {
                    Phase::Running(_) => {
                        state.interested += 1;
                        return Some(Interest(Arc::clone(self)));
                    }
                    Phase::Absent => {
                        state.configuration = Arc::new(configuration.clone());
                        return None;
                    }
                    Phase::Starting(start) => start.clone(),
                }
            };
            // Begun with the old configuration. Nobody tells how it went when the engine is stopped.
            start.wait_for(Option::is_some).await.ok()?;
        }
    }

    /// Puts a pool in the place of the running one, which ends when no task has it any more.
    pub(super) fn swap(&self, _interest: &Interest, pool: Arc<Pool>) {
        let old = {
            let mut state = self.lock();
            state.configuration = Arc::new(pool.configuration.clone());
            state.starts += 1;
            state.stops += 1;
            std::mem::replace(&mut state.phase, Phase::Running(pool))
        };
        if let Phase::Running(old) = old {
            old.retire();
        }
    }

    /// Stops the pool unless a task has it or waits for it.
    pub(super) fn stop_if_idle(&self) {
        let pool = {
            let mut state = self.lock();
            if state.interested > 0 {
                return;
            }
            match std::mem::replace(&mut state.phase, Phase::Absent) {
                Phase::Running(pool) => {
                    state.stops += 1;
                    state.bytes = 0;
                    pool
                }
                other => {
                    state.phase = other;
                    return;
                }
            }
        };
        tracing::debug!(package_set = self.name(), language = %pool.configuration.language, "stopping an idle package set");
        pool.retire();
    }

    pub(super) fn running_pool(&self) -> Option<Arc<Pool>> {
        match &self.lock().phase {
            Phase::Running(pool) => Some(Arc::clone(pool)),
            Phase::Absent | Phase::Starting(_) => None,
        }
    }

    /// Notes what a pool takes, if it is still there.
    pub(super) fn weighs(&self, measured: &Arc<Pool>, bytes: u64) {
        let mut state = self.lock();
        if matches!(&state.phase, Phase::Running(pool) if Arc::ptr_eq(pool, measured)) {
            state.bytes = bytes;
        }
    }

    /// What the pool takes; `None` if there is none.
    pub(super) fn weight(&self) -> Option<Weight> {
        let state = self.lock();
        let is_running = matches!(state.phase, Phase::Running(_));
        is_running.then(|| Weight { bytes: state.bytes, is_idle: state.interested == 0, used: state.used })
    }

    pub(super) fn status(&self) -> PackageSetStatus {
        let state = self.lock();
        PackageSetStatus {
            name: self.name.clone().unwrap_or_default(),
            language: state.configuration.language.clone(),
            is_running: matches!(state.phase, Phase::Running(_)),
            starts: state.starts,
            stops: state.stops,
            proportional_bytes: state.bytes,
            problem: state.problem.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
