//! Admission: which task runs now, which waits, which is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stockade_egress::EgressConfiguration;
use stockade_protocol::{ErrorCode, Language, Outcome, Task, TaskError};
use stockade_sandbox::cgroup::Cgroups;
use stockade_sandbox::{Identity, Wall};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::assignment::{Assignment, assignment};
use crate::configuration::{EngineConfiguration, RuntimeConfiguration};
use crate::error::EngineError;
use crate::execution::{self, NotStarted};
use crate::load::Load;
use crate::network::{self, TaskNetwork};
use crate::package_sets::{Budget, Foundation, PackageSets, SetPool};
use crate::pool::Pool;
use crate::slot::Slots;
use crate::status::EngineStatus;
use crate::task::{self, EventSender, Message, RunningTask, TaskEvent};
use crate::{verdict, zygote};

/// Workers that may die before they have a task until the task is given up.
const ATTEMPTS: usize = 3;
/// How long a stopped engine waits for the last processes to be gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A running engine; clones share it.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sets: Arc<PackageSets>,
    places: Arc<Semaphore>,
    maximum_tasks: usize,
    maximum_queue: usize,
    queued: AtomicUsize,
    load: Arc<Load>,
    egress: Arc<EgressConfiguration>,
    /// A wall that was given up and that a task with hosts cannot do without.
    missing_for_hosts: Option<Wall>,
    draining: AtomicBool,
    idle: Notify,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.sets.stop();
    }
}

impl Engine {
    /// Starts a zygote for each language and waits until each has a waiting worker. Fails closed: a wall that cannot
    /// be built stops the start.
    pub async fn start(configuration: EngineConfiguration) -> Result<Self, EngineError> {
        if configuration.runtimes.is_empty() {
            return Err(EngineError::NoRuntime);
        }
        for wall in &configuration.without_walls {
            // Not a warning: whoever configures it says so in words of its own.
            tracing::info!(%wall, "doing without a wall, as configured");
        }
        let slots = Arc::new(Slots::new(cgroups(&configuration.without_walls)?, places(&configuration)));
        let load = Arc::new(Load::default());
        let foundation = Foundation {
            identity: Identity::of_this_process(),
            slots,
            load: Arc::clone(&load),
            without_walls: configuration.without_walls.clone(),
            task_directory: configuration.task_directory.as_deref().map(zygote::resolve_directory).transpose()?,
        };
        let budget =
            Budget { maximum: configuration.maximum_package_sets, bytes: configuration.package_set_memory_bytes };
        let sets = PackageSets::start(foundation, configuration.runtimes, configuration.package_sets, budget).await?;
        Ok(Self(Arc::new(Shared {
            sets: Arc::new(sets),
            places: Arc::new(Semaphore::new(configuration.maximum_tasks)),
            maximum_tasks: configuration.maximum_tasks,
            maximum_queue: configuration.maximum_queue,
            queued: AtomicUsize::new(0),
            load,
            egress: Arc::new(configuration.egress),
            missing_for_hosts: network::missing_wall(&configuration.without_walls),
            draining: AtomicBool::new(false),
            idle: Notify::new(),
        })))
    }

    /// Accepts a task or refuses it, at once: `CAPACITY_ERROR` when the queue is full or the engine is draining,
    /// `VALIDATION_ERROR` when the task cannot run here at all, `PERMISSION_ERROR` when it may not have a host. Must be called within a tokio runtime.
    pub fn submit(&self, task: Task) -> Result<RunningTask, TaskError> {
        let shared = &self.0;
        let of = shared.sets.find(task.package_set.as_deref(), &task.language)?;
        network::check(&task.network, &shared.egress, shared.missing_for_hosts)?;
        let (assignment, directory) = assignment(task, &of.configuration(), &shared.egress)?;
        if shared.draining.load(Ordering::SeqCst) {
            return Err(TaskError::new(ErrorCode::CapacityError, "The engine is shutting down and takes no new tasks"));
        }
        let place = shared.place_or_queue(of)?;
        let network = assignment.network.clone().map(TaskNetwork::new);
        shared.load.add();
        let (event_sender, events) = task::events();
        let (messages, mut message_receiver) = mpsc::unbounded_channel();
        let of = Arc::clone(of);
        let engine = self.clone();
        tokio::spawn(async move {
            let place = match place {
                Some(place) => Ok(place),
                None => {
                    let waited = tokio::select! {
                        place = engine.0.place_in_turn(&of) => place,
                        () = cancelled(&mut message_receiver) => Err(verdict::cancelled()),
                    };
                    engine.0.queued.fetch_sub(1, Ordering::SeqCst);
                    waited
                }
            };
            let leased = match &place {
                Ok(_) => tokio::select! {
                    biased;
                    leased = engine.0.sets.lease(&of) => leased,
                    () = cancelled(&mut message_receiver) => Err(verdict::cancelled()),
                },
                Err(error) => Err(error.clone()),
            };
            let outcome = match &leased {
                Ok(pool) => run(pool, assignment, &directory, &event_sender, &mut message_receiver).await,
                Err(error) => verdict::refused(error.clone()),
            };
            drop(place);
            if engine.0.load.remove() {
                engine.0.idle.notify_waiters();
            }
            event_sender.send(TaskEvent::Finished(Box::new(outcome)));
            if let Ok(pool) = leased {
                pool.replenish();
            }
            if engine.0.load.leaves_room() {
                // Workers of the other languages were kept cold for this task's sake.
                engine.0.sets.replenish();
            }
            if of.name().is_some() {
                engine.0.sets.trim();
            }
        });
        Ok(RunningTask { events, messages, network })
    }

    /// Runs a task to its end and drops its output. A refusal is an outcome too.
    pub async fn run(&self, task: Task) -> Outcome {
        match self.submit(task) {
            Ok(running) => running.outcome().await,
            Err(error) => verdict::refused(error),
        }
    }

    /// Puts another configuration of a language in the place of one, of the set that the engine was started with or of a
    /// package set, and loses no task: new ones go to another zygote, which is started first; those that run end where
    /// they are, and then the old zygote ends.
    ///
    /// Gives the modules that could not be preloaded, each with the reason. An error leaves everything as it was.
    pub async fn replace(
        &self,
        set: Option<&str>,
        configuration: RuntimeConfiguration,
    ) -> Result<Vec<String>, EngineError> {
        self.0.sets.replace(set, configuration).await
    }

    /// What a language is started with, of the set that the engine was started with or of a package set; `None` if there
    /// is none.
    pub fn configuration(&self, set: Option<&str>, language: &Language) -> Option<Arc<RuntimeConfiguration>> {
        Some(self.0.sets.find(set, language).ok()?.configuration())
    }

    /// Refuses new tasks from now on and waits for the accepted ones.
    pub async fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        loop {
            let idle = self.0.idle.notified();
            if self.0.load.tasks() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Refuses new tasks, ends what runs, and waits until no process of any worker is left.
    pub async fn stop(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        self.0.sets.stop();
        if tokio::time::timeout(STOP_LIMIT, self.0.sets.ended()).await.is_err() {
            tracing::error!("processes of workers are still there {} s after the stop", STOP_LIMIT.as_secs());
        }
    }

    /// How long `forks` bare forks of a language's warmed interpreter take, `in_flight` at a time, each ending at once
    /// and without any wall of a worker: the floor under the engine's speed. `None` for a language that is not there.
    pub async fn measure_floor(&self, language: &Language, forks: u32, in_flight: u32) -> Option<Duration> {
        self.0.sets.unnamed_pool(language)?.measure_floor(forks, in_flight).await
    }

    /// State of each language, for people and metrics.
    pub fn status(&self) -> EngineStatus {
        let queued = self.0.queued.load(Ordering::SeqCst);
        EngineStatus {
            runtimes: self.0.sets.runtimes(),
            package_sets: self.0.sets.statuses(),
            queued,
            running: self.0.load.tasks().saturating_sub(queued),
            maximum_tasks: self.0.maximum_tasks,
            maximum_queue: self.0.maximum_queue,
            draining: self.0.draining.load(Ordering::SeqCst),
        }
    }
}

impl Shared {
    /// A place for a task, or `None` if it waits for one in the queue. A task whose package set has to start waits there
    /// too, and leaves its place to others meanwhile.
    fn place_or_queue(&self, of: &SetPool) -> Result<Option<OwnedSemaphorePermit>, TaskError> {
        let place = || Arc::clone(&self.places).try_acquire_owned().ok();
        if of.is_running()
            && let Some(place) = place()
        {
            return Ok(Some(place));
        }
        match self.join_queue() {
            Ok(()) => Ok(None),
            Err(error) => place().map(Some).ok_or(error),
        }
    }

    /// The place of a task that waits in the queue.
    async fn place_in_turn(&self, of: &Arc<SetPool>) -> Result<OwnedSemaphorePermit, TaskError> {
        let _started = if of.is_running() { None } else { Some(self.sets.lease(of).await?) };
        Arc::clone(&self.places).acquire_owned().await.map_err(|_| verdict::stopped())
    }

    fn join_queue(&self) -> Result<(), TaskError> {
        let joined = self.queued.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |queued| {
            (queued < self.maximum_queue).then_some(queued + 1)
        });
        joined.map(drop).map_err(|queued| {
            TaskError::new(
                ErrorCode::CapacityError,
                format!("{} tasks are running and {queued} are waiting; no more are taken now", self.maximum_tasks),
            )
            .with_description("Try again later, or raise `maximum_tasks` or `maximum_queue`.")
        })
    }
}

/// Places for the workers of all pools that there can be at one time.
fn places(configuration: &EngineConfiguration) -> usize {
    let waiting = |runtimes: &[RuntimeConfiguration]| runtimes.iter().map(|runtime| runtime.waiting_workers).sum();
    let of_runtimes: usize = waiting(&configuration.runtimes);
    let sets = configuration.package_sets.values();
    let running = configuration.maximum_package_sets.max(configuration.maximum_tasks);
    let mut of_sets: Vec<usize> = sets.flatten().map(|runtime| runtime.waiting_workers).collect();
    of_sets.sort_unstable_by(|one, other| other.cmp(one));
    let of_sets: usize = of_sets.into_iter().take(running).sum();
    // A worker that is being killed keeps its place for some milliseconds, and so do those of a pool whose place another
    // has taken: twice as many places as can be in use.
    2 * (configuration.maximum_tasks + of_runtimes + of_sets) + 2 * configuration.runtimes.len()
}

/// The cgroup wall is on where it can be written; where it cannot, limits of each process and watching take its place,
/// and the log says so.
fn cgroups(without: &[Wall]) -> Result<Option<Cgroups>, EngineError> {
    if without.contains(&Wall::Cgroup) {
        return Ok(None);
    }
    match Cgroups::detect() {
        Ok(cgroups) => Ok(Some(cgroups)),
        Err(error) => {
            let remedy = error.remedy();
            tracing::warn!(%error, remedy, "without control groups, memory and processes are limited per process and by watching");
            Ok(None)
        }
    }
}

async fn cancelled(messages: &mut mpsc::UnboundedReceiver<Message>) {
    loop {
        match messages.recv().await {
            Some(Message::Cancel) | None => return,
            Some(Message::Answer { .. }) => {}
        }
    }
}

/// Runs a task that has its place, on another worker if one was dead before it could take it.
async fn run(
    pool: &Arc<Pool>,
    mut assignment: Assignment,
    directory: &[u8],
    events: &EventSender,
    messages: &mut mpsc::UnboundedReceiver<Message>,
) -> Outcome {
    for _ in 0..ATTEMPTS {
        let acquired = tokio::select! {
            biased;
            worker = pool.acquire(&assignment.limits, directory) => worker,
            () = cancelled(messages) => {
                return verdict::refused(verdict::cancelled());
            }
        };
        let worker = match acquired {
            Ok(worker) => worker,
            Err(error) => return verdict::refused(error),
        };
        match execution::run(worker, assignment, events, messages).await {
            Ok(outcome) => return outcome,
            Err(NotStarted(returned)) => assignment = returned,
        }
    }
    verdict::refused(TaskError::new(
        ErrorCode::InternalError,
        format!("{ATTEMPTS} workers in a row were dead before they could take the task"),
    ))
}
