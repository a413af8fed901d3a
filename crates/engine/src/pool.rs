//! The workers of one language: forked ahead of the tasks, lent once, replaced.
//!
//! A zygote that dies or cannot fork any more is replaced; tasks that wait for a worker wait on, and workers that run
//! a task go on (their pid namespace outlives the zygote).

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;
use stockade_protocol::frame::REHEARSE;
use stockade_protocol::{Limits, TaskError};
use stockade_sandbox::control::{ForkRequest, Request, WorkerExit, ZygoteMessage};
use stockade_sandbox::zygote::ZygoteSpecification;
use stockade_sandbox::{Call, Identity, Listener, Wall};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use crate::calls;
use crate::configuration::{RuntimeConfiguration, RuntimeKind};
use crate::control::Control;
use crate::error::EngineError;
use crate::load::Load;
use crate::slot::{SlotLease, Slots};
use crate::verdict;
use crate::worker::{FrameSocket, Process, StartError, Worker};
use crate::zygote::{self, Hello};

/// Files and directories that `/tmp` can hold.
const TEMPORARY_FILES: u64 = 16 * 1024;
/// How long a worker may take to be warm.
const WORKER_START_LIMIT: Duration = Duration::from_secs(30);
/// Failures in a row after which the zygote is taken for poisoned and replaced.
const FAILURES_OF_A_POISONED_ZYGOTE: u32 = 3;
/// Failures in a row after which waiting tasks are told instead of being kept waiting.
const FAILURES_THAT_FAIL_TASKS: u32 = 6;
/// How long to wait for a zygote that is being replaced until the next look.
const PAUSE_FOR_ZYGOTE: Duration = Duration::from_millis(10);
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
    requests: VecDeque<oneshot::Sender<Result<Worker, TaskError>>>,
    /// Forked or about to be, until every process of theirs is gone.
    living: HashMap<u32, Living>,
    next_number: u32,
    failures: u32,
    /// The zygote is gone and the last attempt to start another one failed.
    is_irreplaceable: bool,
    problem: Option<String>,
    measurement: Option<oneshot::Sender<Duration>>,
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
        // The first worker shows whether a worker's walls can be built; its error is the start's error.
        let limits = pool.configuration.limits;
        let first = match pool.fork(&limits, Vec::new()).await {
            Ok(worker) => pool.rehearse(worker).await,
            Err(error) => Err(error),
        };
        match first {
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn start_zygote(&self) -> Result<Arc<Control>, EngineError> {
        let language = &self.configuration.language;
        let (control, hello) = zygote::start(language, self.specification.clone(), self.identity).await?;
        let control = Arc::new(control);
        let mut state = self.lock();
        if state.stopped {
            // It was stopped while the zygote was starting: whoever hears it sees its end at once.
            control.close();
        }
        state.control = Some(Arc::clone(&control));
        state.hello = hello;
        state.is_irreplaceable = false;
        state.problem = None;
        Ok(control)
    }

    /// Hears one zygote after the other, until the pool is stopped.
    async fn keep(self: Arc<Self>, mut control: Arc<Control>) {
        loop {
            self.listen(&control).await;
            if !self.zygote_is_gone() {
                return;
            }
            match self.replace_zygote().await {
                Some(replacement) => control = replacement,
                None => return,
            }
            self.replenish();
        }
    }

    /// Hears one zygote until its end.
    async fn listen(&self, control: &Control) {
        while let Ok(Some((message, descriptor))) = control.receive().await {
            match message {
                ZygoteMessage::Forked { worker } => self.forked(worker, descriptor),
                ZygoteMessage::Exited(exit) => self.exited(exit.worker, Some(exit)),
                ZygoteMessage::ForkFailed { worker, error } => {
                    let error = std::io::Error::from_raw_os_error(error);
                    tracing::warn!(language = %self.configuration.language, worker, %error, "the zygote cannot fork");
                    self.exited(worker, None);
                }
                ZygoteMessage::Failed(failure) => {
                    tracing::error!(language = %self.configuration.language, %failure, "the zygote failed");
                }
                ZygoteMessage::Measured { microseconds } => {
                    if let Some(measurement) = self.lock().measurement.take() {
                        let _ = measurement.send(Duration::from_micros(microseconds));
                    }
                }
                ZygoteMessage::Hello(_) => {}
            }
        }
    }

    fn forked(&self, worker: u32, descriptor: Option<OwnedFd>) {
        let mut state = self.lock();
        if let (Some(living), Some(descriptor)) = (state.living.get_mut(&worker), descriptor) {
            let process = Arc::new(descriptor);
            living.process = Some(Arc::clone(&process));
            if let Some(forked) = living.forked.take() {
                // The one that waits for it has given up: `process` is dropped there and nobody kills the worker.
                if let Err(process) = forked.send(process) {
                    drop(Process(process));
                }
            }
        }
    }

    fn exited(&self, worker: u32, exit: Option<WorkerExit>) {
        let (living, lost) = {
            let mut state = self.lock();
            let take = |workers: &mut VecDeque<Worker>| {
                let place = workers.iter().position(|waiting| waiting.number == worker);
                place.and_then(|place| workers.remove(place))
            };
            let lost = take(&mut state.waiting).or_else(|| take(&mut state.cold));
            (state.living.remove(&worker), lost)
        };
        if let Some(living) = living {
            let _ = living.exit.send(exit);
        }
        drop(lost);
    }

    /// Takes leave of a dead zygote; `false` when the pool was stopped. Its running workers go on without it, and
    /// their ends are seen by their descriptors.
    fn zygote_is_gone(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        state.control = None;
        let orphans = std::mem::take(&mut state.living);
        let waiting = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.cold));
        let stopped = state.stopped;
        if !stopped {
            state.problem = Some("the zygote has ended and is being replaced".to_owned());
            tracing::warn!(language = %self.configuration.language, "the zygote has ended and is being replaced");
        }
        drop(state);
        drop(waiting);
        for orphan in orphans.into_values() {
            tokio::spawn(async move {
                if let Some(process) = orphan.process
                    && let Ok(process) = stockade_sandbox::watch(process, Interest::READABLE)
                {
                    // A pidfd becomes readable when the process ends (`pidfd_open(2)`).
                    let _ = process.readable().await;
                }
                let _ = orphan.exit.send(None);
                drop(orphan.slot);
            });
        }
        !stopped
    }

    /// Starts zygotes until one is ready; `None` when the pool was stopped.
    async fn replace_zygote(&self) -> Option<Arc<Control>> {
        let mut pause = Duration::from_millis(10);
        loop {
            match self.start_zygote().await {
                Ok(control) => return Some(control),
                Err(error) => {
                    let mut state = self.lock();
                    if state.stopped {
                        return None;
                    }
                    tracing::error!(language = %self.configuration.language, %error, "the zygote cannot be replaced");
                    state.problem = Some(error.to_string());
                    state.is_irreplaceable = true;
                    let error = verdict::no_worker(&error);
                    for request in std::mem::take(&mut state.requests) {
                        let _ = request.send(Err(error.clone()));
                    }
                }
            }
            tokio::time::sleep(pause).await;
            if self.lock().stopped {
                return None;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
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

    /// Starts as many workers as are asked for and not yet on their way, and lets the cold ones get warm when
    /// processors are free for it.
    pub(crate) fn replenish(self: &Arc<Self>) {
        let (missing, cold) = {
            let mut state = self.lock();
            if state.stopped || state.control.is_none() {
                return;
            }
            let cold = if self.load.leaves_room() { std::mem::take(&mut state.cold) } else { VecDeque::new() };
            state.starting += cold.len();
            let wanted = self.configuration.waiting_workers + state.requests.len();
            let missing = wanted.saturating_sub(state.waiting.len() + state.cold.len() + state.starting);
            state.starting += missing;
            (missing, cold)
        };
        for worker in cold {
            tokio::spawn(Arc::clone(self).warm_worker(worker));
        }
        for _ in 0..missing {
            tokio::spawn(Arc::clone(self).add_worker());
        }
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

    async fn warm_worker(self: Arc<Self>, worker: Worker) {
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
        if state.stopped || state.waiting.len() + state.cold.len() >= self.configuration.waiting_workers {
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

    /// Forks a worker and waits until its walls are up: it can take a task, though a cold one.
    async fn fork(&self, limits: &Limits, directory: Vec<u8>) -> Result<Worker, StartError> {
        let slot = self.slots.take(limits).map_err(|error| StartError::Slot(error.to_string()))?;
        let slot = Arc::new(slot.ok_or(StartError::NoSlot)?);
        let (outside, inside) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .map_err(std::io::Error::from)?;
        rustix::io::ioctl_fionbio(&outside, true).map_err(std::io::Error::from)?;
        let stream = UnixStream::from_std(outside.into())?;
        let (stdout, stdout_inside) = output_pipe()?;
        let (stderr, stderr_inside) = output_pipe()?;

        let (forked, process) = oneshot::channel();
        let (exit, exited) = oneshot::channel();
        let (control, number) = {
            let mut state = self.lock();
            let control = state.control.clone().filter(|_| !state.stopped).ok_or(StartError::NoZygote)?;
            let number = state.next_number;
            state.next_number = number.wrapping_add(1);
            let living = Living { forked: Some(forked), process: None, exit, slot: Arc::clone(&slot) };
            state.living.insert(number, living);
            (control, number)
        };
        let has_rlimit = !self.specification.without_walls.contains(&Wall::Rlimit);
        let request = Request::Fork(ForkRequest {
            worker: number,
            user: slot.user,
            temporary_storage_bytes: limits.temporary_storage_bytes,
            temporary_storage_files: TEMPORARY_FILES,
            processes: if has_rlimit { process_limit(limits) } else { 0 },
            // Beyond what `/tmp` can hold, so that a file which grows meets a full disk first, as programs expect.
            file_bytes: if has_rlimit { limits.temporary_storage_bytes.saturating_mul(2) } else { 0 },
            data_bytes: if has_rlimit { self.data_limit(limits) } else { 0 },
            directory,
        });
        let mut descriptors = vec![inside.as_raw_fd(), stdout_inside.as_raw_fd(), stderr_inside.as_raw_fd()];
        if let Some(group) = &slot.group {
            descriptors.extend(group.join_files().iter().map(AsRawFd::as_raw_fd));
        }
        if let Err(error) = control.request(&request, &descriptors).await {
            self.lock().living.remove(&number);
            return Err(error.into());
        }
        // The worker's ends must be its own alone, so that their closing is seen.
        drop((inside, stdout_inside, stderr_inside));

        let process = Process(process.await.map_err(|_| StartError::Ended)?);
        let mut worker = Worker {
            number,
            frames: FrameSocket::new(stream),
            stdout: Some(stdout),
            stderr: Some(stderr),
            listener: None,
            process,
            exit: exited,
            slot,
        };
        let walled = tokio::time::timeout(WORKER_START_LIMIT, receive_listener(&mut worker)).await;
        match walled.unwrap_or(Err(StartError::Slow)) {
            Ok(()) => Ok(worker),
            Err(error) => Err(error.explained_by(&worker)),
        }
    }

    /// Lets a worker play a task, so that its real one does not pay for the copies of pages that a first run makes.
    async fn rehearse(&self, mut worker: Worker) -> Result<Worker, StartError> {
        if matches!(self.configuration.kind, RuntimeKind::Zygote { .. }) {
            let rehearsed = tokio::time::timeout(WORKER_START_LIMIT, rehearse(&mut worker)).await;
            if let Err(error) = rehearsed.unwrap_or(Err(StartError::Slow)) {
                return Err(error.explained_by(&worker));
            }
        }
        Ok(worker)
    }

    /// The second wall for memory: CPython answers it with a `MemoryError` that has a line. V8 reserves far more than
    /// it uses and would abort, so for JavaScript the cgroup alone decides.
    fn data_limit(&self, limits: &Limits) -> u64 {
        use stockade_protocol::Language;
        if self.configuration.language == Language::Python { limits.memory_bytes } else { 0 }
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
}

/// Waits until the worker's walls are up.
async fn receive_listener(worker: &mut Worker) -> Result<(), StartError> {
    if let Some(listener) = worker.frames.receive_listener().await? {
        let listener = Listener::new(listener);
        worker.listener = Some(stockade_sandbox::watch(listener, Interest::READABLE)?);
    }
    Ok(())
}

/// Lets the worker rehearse, denying system calls meanwhile as while a task runs.
async fn rehearse(worker: &mut Worker) -> Result<(), StartError> {
    worker.frames.stream.write_all(&REHEARSE).await?;
    loop {
        tokio::select! {
            biased;
            result = worker.frames.receive_waiting() => return result,
            call = calls::next(worker.listener.as_ref()) => worker.listener = answer(worker.listener.take(), call),
        }
    }
}

/// Answers a call of a worker that has no task; gives the listener back while it is of use.
fn answer(listener: Option<AsyncFd<Listener>>, call: Option<Call>) -> Option<AsyncFd<Listener>> {
    let (listener, call) = listener.zip(call)?;
    let answered = if call.is_harmless() {
        listener.get_ref().let_through(&call)
    } else {
        tracing::debug!(name = call.name(), "a system call was denied while a worker was getting warm");
        listener.get_ref().deny(&call, libc::EPERM)
    };
    answered.is_ok().then_some(listener)
}

/// The second wall for processes, a little beyond the first: whoever counts refusals, or the processes there are, must
/// see the limit passed, and the kernel asks for this one before it asks the cgroup.
fn process_limit(limits: &Limits) -> u64 {
    const BEYOND: u64 = 16;
    u64::from(limits.processes) + BEYOND
}

fn pause_after(failures: u32) -> Duration {
    Duration::from_millis(10 << failures.min(7)).min(LONGEST_PAUSE)
}

fn output_pipe() -> Result<(pipe::Receiver, OwnedFd), std::io::Error> {
    let (outside, inside) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(outside.as_fd(), true)?;
    Ok((pipe::Receiver::from_owned_fd(outside)?, inside))
}
