//! The workers of one language: forked ahead of the tasks, lent once, replaced.
//!
//! A zygote that dies or cannot fork any more is replaced; tasks that wait for a worker wait on, and workers that run
//! a task go on (their pid namespace outlives the zygote).
//!
//! - `zygotes`: one zygote after the other, and what each tells.
//! - `supply`: workers that wait, as many as configured, warm where there is room.
//! - `fork`: one worker, from the request to its walls and its rehearsal.
//! - `retirement`: tasks that have the pool, and its end after the last of them.

mod fork;
mod retirement;
mod supply;
mod zygotes;

use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stockade_protocol::{Limits, TaskError};
use stockade_sandbox::Identity;
use stockade_sandbox::control::{Request, WorkerExit};
use stockade_sandbox::zygote::ZygoteSpecification;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::configuration::RuntimeConfiguration;
use crate::control::Control;
use crate::error::EngineError;
use crate::load::Load;
use crate::slot::{SlotLease, Slots};
use crate::worker::{Process, StartError, Worker};
use crate::zygote::Hello;
use crate::{memory, verdict};

/// Failures in a row after which waiting tasks are told instead of being kept waiting.
const FAILURES_THAT_FAIL_TASKS: u32 = 6;
/// How long to wait for a zygote that is being replaced until the next look.
const PAUSE_FOR_ZYGOTE: Duration = Duration::from_millis(10);
/// How long a zygote that starts waits for a place for its first worker.
const LIMIT_FOR_SLOT: Duration = Duration::from_secs(10);
/// How long to wait for another worker's end when every place is taken.
const PAUSE_FOR_SLOT: Duration = Duration::from_millis(1);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The workers of one language.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) configuration: RuntimeConfiguration,
    specification: ZygoteSpecification,
    identity: Identity,
    slots: Arc<Slots>,
    load: Arc<Load>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    control: Option<Arc<Control>>,
    hello: Hello,
    /// Warm.
    waiting: VecDeque<Worker>,
    /// Behind their walls, not yet warm: there was no processor to spare for a rehearsal.
    cold: VecDeque<Worker>,
    /// Being forked or getting warm.
    starting: usize,
    /// Cold workers that wait for their turn to get warm.
    warmers: usize,
    requests: VecDeque<oneshot::Sender<Result<Worker, TaskError>>>,
    /// Forked or about to be, until every process of theirs is gone.
    living: HashMap<u32, Living>,
    next_number: u32,
    failures: u32,
    /// The zygote is gone and the last attempt to start another one failed.
    is_irreplaceable: bool,
    problem: Option<String>,
    measurement: Option<oneshot::Sender<Duration>>,
    /// Process id of the launcher on the host.
    launcher: u32,
    /// Tasks that have the pool.
    users: usize,
    /// Another pool has taken its place: it ends with its last task.
    retired: bool,
    stopped: bool,
}

/// What the pool keeps of a worker whose processes are not all gone.
#[derive(Debug)]
struct Living {
    forked: Option<oneshot::Sender<Arc<OwnedFd>>>,
    process: Option<Arc<OwnedFd>>,
    exit: oneshot::Sender<Option<WorkerExit>>,
    /// Keeps the place taken.
    slot: Arc<SlotLease>,
}

/// What a pool looks like from outside.
#[derive(Debug)]
pub(crate) struct PoolStatus {
    pub(crate) version: String,
    pub(crate) missing: Vec<String>,
    pub(crate) waiting: usize,
    pub(crate) problem: Option<String>,
}

impl Pool {
    /// Starts the zygote and waits for the first waiting worker.
    pub(crate) async fn start(
        configuration: RuntimeConfiguration,
        specification: ZygoteSpecification,
        identity: Identity,
        slots: Arc<Slots>,
        load: Arc<Load>,
    ) -> Result<Arc<Self>, EngineError> {
        let pool = Arc::new(Self { configuration, specification, identity, slots, load, state: Mutex::default() });
        let control = pool.start_zygote().await?;
        tokio::spawn(Arc::clone(&pool).keep(control));
        match pool.first_worker().await {
            Ok(worker) => pool.lock().waiting.push_back(worker),
            Err(error) => {
                pool.stop();
                return Err(EngineError::Worker {
                    language: pool.configuration.language.clone(),
                    reason: error.to_string(),
                });
            }
        }
        pool.replenish();
        Ok(pool)
    }

    /// Shows whether a worker's walls can be built; its error is the start's error. Workers of other zygotes that are
    /// ending may have every place for now.
    async fn first_worker(&self) -> Result<Worker, StartError> {
        let deadline = Instant::now() + LIMIT_FOR_SLOT;
        loop {
            match self.fork(&self.configuration.limits, Vec::new()).await {
                Err(StartError::NoSlot) if Instant::now() < deadline => tokio::time::sleep(PAUSE_FOR_SLOT).await,
                forked => return self.rehearse(forked?).await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker for a task with these limits, and for the task directory if one is named.
    pub(crate) async fn acquire(self: &Arc<Self>, limits: &Limits, directory: &[u8]) -> Result<Worker, TaskError> {
        if !self.fits_waiting_workers(limits) || !directory.is_empty() {
            return self.fork_for_task(limits, directory).await;
        }
        let receiver = {
            let mut state = self.lock();
            if state.stopped {
                return Err(verdict::stopped());
            }
            match state.waiting.pop_front().or_else(|| state.cold.pop_front()) {
                // Its successor is forked when the task has ended, so as not to take a processor from it, unless this
                // was the last one.
                Some(worker) => {
                    let was_last = state.waiting.is_empty() && state.cold.is_empty();
                    drop(state);
                    if was_last {
                        self.replenish();
                    }
                    return Ok(worker);
                }
                None => {
                    let (sender, receiver) = oneshot::channel();
                    state.requests.push_back(sender);
                    receiver
                }
            }
        };
        self.replenish();
        receiver.await.unwrap_or_else(|_| Err(verdict::stopped()))
    }

    /// A worker of the task's own, forked now. A zygote that dies meanwhile costs another attempt and not the task.
    async fn fork_for_task(&self, limits: &Limits, directory: &[u8]) -> Result<Worker, TaskError> {
        let mut failures = 0;
        loop {
            let pause = match self.fork(limits, directory.to_vec()).await {
                Ok(worker) => return Ok(worker),
                Err(StartError::NoSlot) => PAUSE_FOR_SLOT,
                // Another one is being started, however long that takes.
                Err(StartError::NoZygote) if !self.has_given_up() => PAUSE_FOR_ZYGOTE,
                Err(error) => {
                    failures += 1;
                    if self.lock().stopped {
                        return Err(verdict::stopped());
                    }
                    if failures == FAILURES_THAT_FAIL_TASKS || error.is_final() {
                        return Err(verdict::not_started(&error, limits));
                    }
                    pause_after(failures)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether there is nothing to wait for.
    fn has_given_up(&self) -> bool {
        let state = self.lock();
        state.stopped || state.is_irreplaceable
    }

    /// Waiting workers are built with the configured limits; the time limit and the output limit are not part of a
    /// worker.
    fn fits_waiting_workers(&self, limits: &Limits) -> bool {
        let built = &self.configuration.limits;
        limits.memory_bytes == built.memory_bytes
            && limits.temporary_storage_bytes == built.temporary_storage_bytes
            && limits.processes == built.processes
    }

    /// How long `forks` bare forks of the zygote take; see [`Request::Measure`].
    pub(crate) async fn measure_floor(&self, forks: u32, in_flight: u32) -> Option<Duration> {
        let (sender, receiver) = oneshot::channel();
        let control = {
            let mut state = self.lock();
            state.measurement = Some(sender);
            state.control.clone()?
        };
        control.request(&Request::Measure { forks, in_flight }, &[]).await.ok()?;
        receiver.await.ok()
    }

    /// Ends the zygote and with it every worker; tasks that wait are told.
    pub(crate) fn stop(&self) {
        let (waiting, requests) = {
            let mut state = self.lock();
            state.stopped = true;
            if let Some(control) = &state.control {
                control.close();
            }
            // Workers outlive their zygote, so each is ended.
            for process in state.living.values().filter_map(|living| living.process.as_ref()) {
                drop(Process(Arc::clone(process)));
            }
            let workers = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.cold));
            (workers, std::mem::take(&mut state.requests))
        };
        drop(waiting);
        for request in requests {
            let _ = request.send(Err(verdict::stopped()));
        }
    }

    /// Whether every process of every worker is gone.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.living.is_empty() && state.control.is_none()
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let state = self.lock();
        PoolStatus {
            version: state.hello.version.clone(),
            missing: state.hello.missing.clone(),
            waiting: state.waiting.len(),
            problem: state.problem.clone(),
        }
    }

    /// Says in the log which modules could not be preloaded.
    pub(crate) fn warn_of_missing(&self, package_set: Option<&str>) {
        for missing in &self.lock().hello.missing {
            tracing::warn!(package_set, "could not preload {missing}");
        }
    }

    /// Proportional memory of the zygote and all its workers in bytes. Reads files of the kernel, which takes a while.
    pub(crate) fn proportional_bytes(&self) -> u64 {
        let launcher = self.lock().launcher;
        i32::try_from(launcher).map_or(0, memory::proportional_bytes)
    }
}

fn pause_after(failures: u32) -> Duration {
    Duration::from_millis(10 << failures.min(7)).min(LONGEST_PAUSE)
}
