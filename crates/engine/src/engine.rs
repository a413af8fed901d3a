//! Admission: which task runs now, which waits, which is refused.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use stockade_egress::{EgressConfiguration, Session};
use stockade_protocol::frame;
use stockade_protocol::{ErrorCode, Language, Network, Outcome, Program, Task, TaskError};
use stockade_sandbox::cgroup::Cgroups;
use stockade_sandbox::{Identity, Wall};
use tokio::sync::{Notify, Semaphore, mpsc};

use crate::configuration::{EngineConfiguration, RuntimeKind};
use crate::error::EngineError;
use crate::execution::{self, Assignment, NotStarted};
use crate::interpreter;
use crate::load::Load;
use crate::pool::Pool;
use crate::slot::Slots;
use crate::status::{EngineStatus, RuntimeStatus};
use crate::task::{self, EventSender, Message, RunningTask, TaskEvent};
use crate::{verdict, zygote};

/// Workers that may die before they have a task until the task is given up.
const ATTEMPTS: usize = 3;
/// Longest path of a task directory in bytes: `PATH_MAX` of the kernel without the NUL byte.
const LONGEST_PATH: usize = 4095;
/// How long a stopped engine waits for the last processes to be gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What keeps a task with hosts from all others: its own sockets lead nowhere, and the supervisor is asked to connect.
const WALLS_OF_HOSTS: [Wall; 2] = [Wall::NetworkNamespace, Wall::Seccomp];

/// A running engine; clones share it.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pools: HashMap<Language, Arc<Pool>>,
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
        for pool in self.pools.values() {
            pool.stop();
        }
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
        let identity = Identity::of_this_process();
        let waiting: usize = configuration.runtimes.iter().map(|runtime| runtime.waiting_workers).sum();
        // A worker that is being killed keeps its place for some milliseconds: twice as many places as can be in use.
        let places = 2 * (configuration.maximum_tasks + waiting) + 2 * configuration.runtimes.len();
        let slots = Arc::new(Slots::new(cgroups(&configuration.without_walls)?, places));
        let load = Arc::new(Load::default());
        let task_directory = configuration.task_directory.as_deref().map(zygote::resolve_directory).transpose()?;

        let mut starting = tokio::task::JoinSet::new();
        for runtime in configuration.runtimes {
            let directory: Option<&Path> =
                task_directory.as_deref().filter(|_| runtime.language == Language::JavaScript);
            let specification =
                interpreter::specification(&runtime, directory, slots.have_groups(), &configuration.without_walls)?;
            starting.spawn(Pool::start(runtime, specification, identity, Arc::clone(&slots), Arc::clone(&load)));
        }
        let mut pools = HashMap::new();
        while let Some(started) = starting.join_next().await {
            let pool =
                started.map_err(|error| EngineError::System { step: "start a zygote", error: error.into() })??;
            pools.insert(pool.configuration.language.clone(), pool);
        }
        Ok(Self(Arc::new(Shared {
            pools,
            places: Arc::new(Semaphore::new(configuration.maximum_tasks)),
            maximum_tasks: configuration.maximum_tasks,
            maximum_queue: configuration.maximum_queue,
            queued: AtomicUsize::new(0),
            load,
            egress: Arc::new(configuration.egress),
            missing_for_hosts: configuration.without_walls.into_iter().find(|wall| WALLS_OF_HOSTS.contains(wall)),
            draining: AtomicBool::new(false),
            idle: Notify::new(),
        })))
    }

    /// Accepts a task or refuses it, at once: `CAPACITY_ERROR` when the queue is full or the engine is draining,
    /// `VALIDATION_ERROR` when the task cannot run here at all, `PERMISSION_ERROR` when it may not have a host. Must be called within a tokio runtime.
    pub fn submit(&self, task: Task) -> Result<RunningTask, TaskError> {
        let shared = &self.0;
        let pool = shared.pool(&task)?;
        if !task.network.allowed_hosts.is_empty() {
            shared.check_hosts(&task.network)?;
        }
        let (assignment, directory) = assignment(task, pool, &shared.egress)?;
        if shared.draining.load(Ordering::SeqCst) {
            return Err(TaskError::new(ErrorCode::CapacityError, "The engine is shutting down and takes no new tasks"));
        }
        let place = match Arc::clone(&shared.places).try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => {
                shared.join_queue()?;
                None
            }
        };
        shared.load.add();
        let (event_sender, events) = task::events();
        let (messages, mut message_receiver) = mpsc::unbounded_channel();
        let pool = Arc::clone(pool);
        let engine = self.clone();
        tokio::spawn(async move {
            let place = match place {
                Some(place) => Some(place),
                None => {
                    let waited = tokio::select! {
                        place = Arc::clone(&engine.0.places).acquire_owned() => place.ok(),
                        () = cancelled(&mut message_receiver) => None,
                    };
                    engine.0.queued.fetch_sub(1, Ordering::SeqCst);
                    waited
                }
            };
            let outcome = match place {
                Some(_) => run(&pool, assignment, &directory, &event_sender, &mut message_receiver).await,
                None => verdict::refused(TaskError::new(ErrorCode::CancelledError, "The task was cancelled")),
            };
            drop(place);
            if engine.0.load.remove() {
                engine.0.idle.notify_waiters();
            }
            event_sender.send(TaskEvent::Finished(outcome));
            pool.replenish();
            if engine.0.load.leaves_room() {
                // Workers of the other languages were kept cold for this task's sake.
                engine.0.pools.values().for_each(Pool::replenish);
            }
        });
        Ok(RunningTask { events, messages })
    }

    /// Runs a task to its end and drops its output. A refusal is an outcome too.
    pub async fn run(&self, task: Task) -> Outcome {
        match self.submit(task) {
            Ok(running) => running.outcome().await,
            Err(error) => verdict::refused(error),
        }
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
        for pool in self.0.pools.values() {
            pool.stop();
        }
        let gone = async {
            while !self.0.pools.values().all(|pool| pool.is_empty()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(STOP_LIMIT, gone).await.is_err() {
            tracing::error!("processes of workers are still there {} s after the stop", STOP_LIMIT.as_secs());
        }
    }

    /// How long `forks` bare forks of a language's warmed interpreter take, `in_flight` at a time, each ending at once
    /// and without any wall of a worker: the floor under the engine's speed. `None` for a language that is not there.
    pub async fn measure_floor(&self, language: &Language, forks: u32, in_flight: u32) -> Option<Duration> {
        self.0.pools.get(language)?.measure_floor(forks, in_flight).await
    }

    /// State of each language, for people and metrics.
    pub fn status(&self) -> EngineStatus {
        let queued = self.0.queued.load(Ordering::SeqCst);
        let mut runtimes: Vec<RuntimeStatus> = self.0.pools.values().map(|pool| RuntimeStatus::of(pool)).collect();
        runtimes.sort_by(|one, other| one.language.cmp(&other.language));
        EngineStatus {
            runtimes,
            queued,
            running: self.0.load.tasks().saturating_sub(queued),
            maximum_tasks: self.0.maximum_tasks,
            maximum_queue: self.0.maximum_queue,
            draining: self.0.draining.load(Ordering::SeqCst),
        }
    }
}

impl Shared {
    fn pool(&self, task: &Task) -> Result<&Arc<Pool>, TaskError> {
        self.pools.get(&task.language).ok_or_else(|| {
            let mut known: Vec<&str> = self.pools.keys().map(Language::name).collect();
            known.sort_unstable();
            TaskError::new(
                ErrorCode::ValidationError,
                format!("no runtime for the language `{}`; there are: {}", task.language, known.join(", ")),
            )
        })
    }

    /// Whether a task may have these hosts here.
    fn check_hosts(&self, network: &Network) -> Result<(), TaskError> {
        if let Some(wall) = self.missing_for_hosts {
            let message =
                format!("Tasks cannot be given hosts without the wall `{wall}`: they would reach all others too");
            return Err(TaskError::new(ErrorCode::ValidationError, message)
                .with_description("`stockade doctor` says how to build the wall."));
        }
        match self.egress.first_beyond(network) {
            None => Ok(()),
            Some(host) => {
                let message =
                    format!("The task may not have `{host}`: it is not among the hosts that tasks may reach here");
                Err(TaskError::new(ErrorCode::PermissionError, message)
                    .with_description("The operator allows hosts with `network.allowed_hosts` in the configuration."))
            }
        }
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
            Some(Message::Answer { .. } | Message::Network(_)) => {}
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
                return verdict::refused(TaskError::new(ErrorCode::CancelledError, "The task was cancelled"));
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

/// What a worker gets for a task, and the task directory to fork it for.
fn assignment(task: Task, pool: &Pool, egress: &Arc<EgressConfiguration>) -> Result<(Assignment, Vec<u8>), TaskError> {
    use std::os::unix::ffi::OsStrExt;
    let is_command = matches!(pool.configuration.kind, RuntimeKind::Command { .. });
    let mut settings = serde_json::Map::new();
    if let Some(allow) = &task.allow {
        settings.insert("allow".to_owned(), serde_json::json!(allow));
    }
    let mut environment = pool.configuration.environment.clone();
    environment.extend(task.environment.clone());
    if !environment.is_empty() {
        settings.insert("environment".to_owned(), serde_json::json!(environment));
    }
    let mut directory = Vec::new();
    if let Program::Code { code, .. } | Program::N8n { code, .. } = &task.program
        && !is_command
    {
        check_text(code)?;
    }
    let (settings, code, is_program) = match task.program {
        Program::Code { file_name, code } if is_command => {
            let parts = std::iter::once(file_name)
                .chain(task.environment.iter().map(|(name, value)| format!("{name}={value}")))
                .collect::<Vec<_>>();
            (parts.join("\0").into_bytes(), code, true)
        }
        Program::Code { file_name, code } => {
            settings.insert("mode".to_owned(), "code".into());
            settings.insert("file".to_owned(), file_name.into());
            (to_bytes(settings), code, false)
        }
        Program::N8n { code, settings: more } => {
            settings.insert("mode".to_owned(), "n8n".into());
            settings.extend(more);
            (to_bytes(settings), code, false)
        }
        Program::Directory { path, arguments } => {
            settings.insert("mode".to_owned(), "directory".into());
            settings.insert("arguments".to_owned(), serde_json::json!(arguments));
            directory = path.as_os_str().as_bytes().to_vec();
            if directory.is_empty() || directory.len() > LONGEST_PATH || directory.contains(&0) {
                let message = "The path of the task directory is empty, too long or has a NUL byte";
                return Err(TaskError::new(ErrorCode::ValidationError, message));
            }
            (to_bytes(settings), Bytes::new(), true)
        }
    };
    let head = frame::task_head(&settings, &code, task.inputs.len())
        .ok_or_else(|| TaskError::new(ErrorCode::ValidationError, "code and inputs together are larger than 4 GiB"))?;
    let has_network = !task.network.allowed_hosts.is_empty();
    let network = has_network.then(|| Session::new(Arc::clone(egress), task.network));
    let head = head.freeze();
    Ok((Assignment { head, inputs: task.inputs, limits: task.limits, network, is_program }, directory))
}

/// Code is UTF-8 for every interpreter, whatever it says of itself: an interpreter of its own accord would replace what
/// it cannot read.
fn check_text(code: &[u8]) -> Result<(), TaskError> {
    let Err(error) = std::str::from_utf8(code) else { return Ok(()) };
    let valid = &code[..error.valid_up_to()];
    let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = format!("The code is not UTF-8: byte {} is 0x{:02x}", valid.len() + 1, code[valid.len()]);
    let mut refusal = TaskError::new(ErrorCode::ValidationError, message);
    refusal.line = u32::try_from(line).ok();
    Err(refusal)
}

fn to_bytes(settings: serde_json::Map<String, serde_json::Value>) -> Vec<u8> {
    serde_json::Value::Object(settings).to_string().into_bytes()
}
