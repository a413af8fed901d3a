//! Which pool takes a task: one for each language of each package set.
//!
//! The pools of the languages that an engine is started with are there from its start to its end. A further package set
//! has its pools from the first task that names it until others need the memory.
//!
//! - `foundation`: what every pool is built on, and its start, without the packages that would keep it from starting.
//! - `set_pool`: the pool of one language of one set, while there is one, and the tasks that hold it.
//! - `budget`: which idle pool is stopped when there are too many.

mod budget;
mod foundation;
mod set_pool;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stockade_protocol::{ErrorCode, Language, TaskError};
use tokio::task::AbortHandle;

use crate::configuration::RuntimeConfiguration;
use crate::error::EngineError;
use crate::pool::Pool;
use crate::status::{PackageSetStatus, RuntimeStatus};
use crate::verdict;

pub(crate) use budget::Budget;
pub(crate) use foundation::Foundation;
use set_pool::{Attempt, Told};
pub(crate) use set_pool::{Lease, SetPool};

/// All pools of an engine.
#[derive(Debug)]
pub(crate) struct PackageSets {
    foundation: Foundation,
    /// Of the set without a name.
    unnamed: BTreeMap<Language, Arc<SetPool>>,
    named: BTreeMap<String, BTreeMap<Language, Arc<SetPool>>>,
    budget: Budget,
    ends: Mutex<Ends>,
    /// One replacement after the other: two at once could end in either order.
    replacing: tokio::sync::Mutex<()>,
}

/// What has to be ended with the engine.
#[derive(Debug, Default)]
struct Ends {
    /// Every pool whose processes are not all gone.
    pools: Vec<Arc<Pool>>,
    starting: Vec<AbortHandle>,
    stopped: bool,
}

impl Ends {
    fn stop(&mut self) {
        self.stopped = true;
        std::mem::take(&mut self.starting).iter().for_each(AbortHandle::abort);
        self.pools.iter().for_each(|pool| pool.stop());
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.stop();
    }
}

impl PackageSets {
    /// Starts the pools of the set without a name and waits until each has a waiting worker.
    pub(crate) async fn start(
        foundation: Foundation,
        runtimes: Vec<RuntimeConfiguration>,
        sets: BTreeMap<String, Vec<RuntimeConfiguration>>,
        budget: Budget,
    ) -> Result<Self, EngineError> {
        let mut starting = tokio::task::JoinSet::new();
        for runtime in runtimes {
            let foundation = foundation.clone();
            starting.spawn(async move { foundation.start(runtime).await });
        }
        let (mut unnamed, mut ends) = (BTreeMap::new(), Ends::default());
        while let Some(started) = starting.join_next().await {
            let pool =
                started.map_err(|error| EngineError::System { step: "start a zygote", error: error.into() })??;
            ends.pools.push(Arc::clone(&pool));
            unnamed.insert(pool.configuration.language.clone(), Arc::new(SetPool::running(pool)));
        }
        let named = sets.into_iter().map(|(name, runtimes)| {
            let pools = runtimes.into_iter().map(|runtime| {
                let language = runtime.language.clone();
                (language, Arc::new(SetPool::absent(name.clone(), runtime)))
            });
            let pools = pools.collect();
            (name, pools)
        });
        let named = named.collect();
        let replacing = tokio::sync::Mutex::default();
        Ok(Self { foundation, unnamed, named, budget, ends: Mutex::new(ends), replacing })
    }

    /// Where the tasks of a language and a package set go.
    pub(crate) fn find(&self, set: Option<&str>, language: &Language) -> Result<&Arc<SetPool>, TaskError> {
        let pools = match set {
            None => &self.unnamed,
            Some(name) => self.named.get(name).ok_or_else(|| {
                let message = match self.named.is_empty() {
                    true => format!("there is no package set `{name}`, nor any other"),
                    false => format!("there is no package set `{name}`; there are: {}", names(self.named.keys())),
                };
                TaskError::new(ErrorCode::ValidationError, message)
            })?,
        };
        pools.get(language).ok_or_else(|| {
            let known = names(pools.keys().map(Language::name));
            let message = match set {
                None => format!("no runtime for the language `{language}`; there are: {known}"),
                Some(name) => format!("the package set `{name}` is not for {language}; it is for: {known}"),
            };
            TaskError::new(ErrorCode::ValidationError, message)
        })
    }

    /// The pool for a task that has its place. One that is not there is started, once for all tasks that wait for it.
    pub(crate) async fn lease(self: &Arc<Self>, of: &Arc<SetPool>) -> Result<Lease, TaskError> {
        // Counted from here on, so that a pool does not go between its start and the task that it was started for.
        let interest = of.interest();
        loop {
            let mut start = match of.take(&interest) {
                Attempt::Taken(lease) => return Ok(lease),
                Attempt::Wait(start) => start,
                Attempt::Start(told, start) => {
                    let begun = tokio::spawn(Arc::clone(self).start_set(Arc::clone(of), told));
                    let mut ends = self.ends();
                    ends.starting.retain(|starting| !starting.is_finished());
                    ends.starting.push(begun.abort_handle());
                    if ends.stopped {
                        begun.abort();
                    }
                    start
                }
            };
            match start.wait_for(Option::is_some).await.map(|told| told.clone()) {
                Ok(Some(Err(error))) => return Err(error),
                Ok(_) => {}
                Err(_) => return Err(verdict::stopped()),
            }
        }
    }

    async fn start_set(self: Arc<Self>, of: Arc<SetPool>, told: Told) {
        let configuration = of.configuration();
        tracing::debug!(package_set = of.name(), language = %configuration.language, "starting a package set");
        match self.foundation.start((*configuration).clone()).await {
            Ok(pool) => {
                self.register(&pool);
                pool.warn_of_missing(of.name());
                of.started(pool);
                told.send_replace(Some(Ok(())));
                self.weigh().await;
            }
            Err(error) => {
                tracing::warn!(package_set = of.name(), %error, "a package set cannot be started");
                of.failed(&error);
                told.send_replace(Some(Err(verdict::set_not_started(of.name().unwrap_or_default(), &error))));
            }
        }
    }

    /// Puts another configuration in the place of one, and loses no task: another pool is started and takes the tasks
    /// from then on, and the old one ends after its last. A set that is not running has nothing to start.
    ///
    /// Gives the modules that could not be preloaded. An error leaves everything as it was.
    pub(crate) async fn replace(
        &self,
        set: Option<&str>,
        configuration: RuntimeConfiguration,
    ) -> Result<Vec<String>, EngineError> {
        let of = self.find(set, &configuration.language).map_err(|error| EngineError::NoSuchPool(error.message))?;
        let _replacing = self.replacing.lock().await;
        // Held, so that the pool is not stopped meanwhile for want of memory.
        let Some(interest) = of.hold_running(&configuration).await else { return Ok(Vec::new()) };
        let pool = self.foundation.start(configuration).await?;
        self.register(&pool);
        let missing = pool.status().missing;
        of.swap(&interest, pool);
        drop(interest);
        self.weigh().await;
        Ok(missing)
    }

    /// Stops what is too much, if anything can be stopped.
    pub(crate) fn trim(&self) {
        self.budget.keep(self.named());
    }

    /// Measures what each set takes, then stops what is too much.
    async fn weigh(&self) {
        let running: Vec<_> = self.named().filter_map(|of| Some((Arc::clone(of), of.running_pool()?))).collect();
        if !running.is_empty() {
            let measured = tokio::task::spawn_blocking(move || {
                running.into_iter().for_each(|(of, pool)| of.weighs(&pool, pool.proportional_bytes()));
            });
            // Without a measure the last ones hold.
            let _ = measured.await;
        }
        self.trim();
    }

    fn register(&self, pool: &Arc<Pool>) {
        let mut ends = self.ends();
        ends.pools.retain(|pool| !pool.has_ended());
        ends.pools.push(Arc::clone(pool));
        if ends.stopped {
            pool.stop();
        }
    }

    /// Lets workers that were kept cold get warm.
    pub(crate) fn replenish(&self) {
        for of in self.unnamed.values().chain(self.named()) {
            if let Some(pool) = of.running_pool() {
                pool.replenish();
            }
        }
    }

    /// Ends every zygote and every worker; tasks that wait are told.
    pub(crate) fn stop(&self) {
        self.ends().stop();
    }

    /// Waits, after a stop, until no process is left.
    pub(crate) async fn ended(&self) {
        while !self.ends().pools.iter().all(|pool| pool.is_empty()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The pool of a language in the set without a name.
    pub(crate) fn unnamed_pool(&self, language: &Language) -> Option<Arc<Pool>> {
        self.unnamed.get(language)?.running_pool()
    }

    /// The languages of the set without a name, sorted.
    pub(crate) fn runtimes(&self) -> Vec<RuntimeStatus> {
        self.unnamed.values().filter_map(|of| of.running_pool()).map(|pool| RuntimeStatus::of(&pool)).collect()
    }

    /// Each language of each named set, sorted.
    pub(crate) fn statuses(&self) -> Vec<PackageSetStatus> {
        self.named().map(|of| of.status()).collect()
    }

    fn named(&self) -> impl Iterator<Item = &Arc<SetPool>> {
        self.named.values().flat_map(BTreeMap::values)
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn names(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}
