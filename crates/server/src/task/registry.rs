//! The tasks that can be asked for: those that run, and for some time those that have ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::record::Record;
use super::shares::{Kept, Place, Shares};
use crate::configuration::Retention;
use crate::problem::{Kind, Problem};

/// Idempotency keys that are known, for each outcome that may be kept: a key is small, and its promise outlives the
/// outcome of its request.
const KEYS_PER_OUTCOME: usize = 10;

/// SHA-256 of a request, to tell a repetition from another request with the same key.
pub(crate) type Fingerprint = [u8; 32];

/// What a caller names a request, so that repeating it does not run it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IdempotencyKey {
    /// The id of the caller.
    pub(crate) owner: Arc<str>,
    pub(crate) key: Box<str>,
}

/// The tasks of the service.
#[derive(Debug)]
pub(crate) struct Registry {
    retention: Retention,
    tasks: Mutex<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    by_id: HashMap<Uuid, Entry>,
    by_key: HashMap<IdempotencyKey, (Fingerprint, Once)>,
    running: usize,
    /// The tasks that have ended.
    ended: Shares<Uuid>,
    /// The keys of those that had to go before their time.
    spent: Shares<IdempotencyKey>,
}

#[derive(Debug)]
struct Entry {
    record: Arc<Record>,
    key: Option<IdempotencyKey>,
    /// Where it is among those that have ended.
    place: Option<Place>,
}

/// What became of a request with an idempotency key.
#[derive(Debug)]
enum Once {
    /// It is being submitted, until the sender is dropped.
    Beginning(watch::Sender<()>),
    /// Its task, which runs or has ended.
    Task(Arc<Record>),
    /// It ran; its outcome had to go.
    Spent,
}

impl Registry {
    pub(crate) fn new(retention: Retention) -> Self {
        Self { retention, tasks: Mutex::default() }
    }

    /// Adds a task that was accepted.
    pub(crate) fn begin(&self, record: Arc<Record>) {
        self.lock().begin(record, None);
    }

    /// Adds the task that `submit` gives, unless one of this key is there already: then nothing of `submit`.
    pub(crate) async fn begin_once<T>(
        &self,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
        submit: impl FnOnce() -> Result<(Arc<Record>, T), Problem>,
    ) -> Result<(Arc<Record>, Option<T>), Problem> {
        while let Some(known) = self.claim(&key, fingerprint)? {
            match known {
                Claimed::Task(record) => return Ok((record, None)),
                // It ends with an error: the sender is dropped.
                Claimed::Beginning(mut begun) => drop(begun.changed().await),
            }
        }
        // Submitting hashes and checks what may be megabytes: nobody else waits for that.
        let submitted = submit();
        let mut tasks = self.lock();
        match submitted {
            Ok((record, accepted)) => {
                tasks.by_key.insert(key.clone(), (fingerprint, Once::Task(Arc::clone(&record))));
                tasks.begin(Arc::clone(&record), Some(key));
                Ok((record, Some(accepted)))
            }
            Err(problem) => {
                tasks.by_key.remove(&key);
                Err(problem)
            }
        }
    }

    /// What there is of a key already; `None`: it is the caller's now.
    fn claim(&self, key: &IdempotencyKey, fingerprint: Fingerprint) -> Result<Option<Claimed>, Problem> {
        let mut tasks = self.lock();
        match tasks.by_key.get(key) {
            Some((known, _)) if *known != fingerprint => Err(Problem::new(
                Kind::KeyReuse,
                "another request was sent with this Idempotency-Key; use a new key for a new request",
            )),
            Some((_, Once::Task(record))) => Ok(Some(Claimed::Task(Arc::clone(record)))),
            Some((_, Once::Beginning(sender))) => Ok(Some(Claimed::Beginning(sender.subscribe()))),
            Some((_, Once::Spent)) => Err(Problem::new(
                Kind::State,
                "the request with this Idempotency-Key has run; its outcome was forgotten to make room for later ones. \
                 To run it again, send it with a new key",
            )),
            None => {
                tasks.by_key.insert(key.clone(), (fingerprint, Once::Beginning(watch::Sender::new(()))));
                Ok(None)
            }
        }
    }

    /// A task has ended; kept for its caller, or forgotten.
    pub(crate) fn end(&self, record: &Record, is_kept: bool) {
        let mut tasks = self.lock();
        tasks.running -= 1;
        if is_kept {
            tasks.keep(record);
            tasks.forget_beyond(&self.retention);
        } else {
            tasks.remove(record.id);
        }
    }

    /// Forgets what has been kept long enough.
    pub(crate) fn forget_old(&self) {
        self.lock().forget_old(self.retention.time);
    }

    /// The task of the caller with the id `owner`.
    pub(crate) fn find(&self, owner: &str, id: Uuid) -> Option<Arc<Record>> {
        let tasks = self.lock();
        let entry = tasks.by_id.get(&id)?;
        // The task of another caller is as good as none: its id must not be worth guessing.
        (*entry.record.owner == *owner).then(|| Arc::clone(&entry.record))
    }

    /// Forgets a task that has ended.
    pub(crate) fn forget(&self, id: Uuid) {
        self.lock().remove(id);
    }

    /// Tasks that run or wait for a place.
    pub(crate) fn running(&self) -> usize {
        self.lock().running
    }

    /// Whether an outcome waits for its caller that is not older than this.
    pub(crate) fn has_untold(&self, age: Duration) -> bool {
        let tasks = self.lock();
        let is_untold = |id| tasks.by_id.get(id).is_some_and(|entry| !entry.record.is_told());
        tasks.ended.younger(age).any(is_untold)
    }

    /// Outcomes that are kept, and their bytes.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let tasks = self.lock();
        (tasks.ended.length(), tasks.ended.bytes())
    }

    /// Asks for the end of every task that runs.
    pub(crate) fn cancel_all(&self) {
        for entry in self.lock().by_id.values() {
            entry.record.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that was there already.
enum Claimed {
    Task(Arc<Record>),
    Beginning(watch::Receiver<()>),
}

impl Tasks {
    fn begin(&mut self, record: Arc<Record>, key: Option<IdempotencyKey>) {
        self.running += 1;
        self.by_id.insert(record.id, Entry { record, key, place: None });
    }

    fn keep(&mut self, record: &Record) {
        // Its caller may have forgotten it in the moment of its end.
        let Some(entry) = self.by_id.get_mut(&record.id) else { return };
        entry.place = Some(self.ended.keep(&record.owner, record.id, Instant::now(), record.size()));
    }

    fn remove(&mut self, id: Uuid) {
        let Some(Entry { record, key, place }) = self.by_id.remove(&id) else { return };
        if let Some(place) = place {
            self.ended.remove(&record.owner, place);
        }
        if let Some(key) = key {
            self.by_key.remove(&key);
        }
    }

    fn forget_old(&mut self, time: Duration) {
        while let Some(Kept { thing: id, .. }) = self.ended.remove_old(time) {
            self.remove(id);
        }
        while let Some(Kept { thing: key, .. }) = self.spent.remove_old(time) {
            self.by_key.remove(&key);
        }
    }

    fn forget_beyond(&mut self, retention: &Retention) {
        self.forget_old(retention.time);
        while let Some(Kept { thing: id, since, .. }) = self.ended.remove_beyond(retention.tasks, retention.bytes) {
            let Some(Entry { key: Some(key), .. }) = self.by_id.remove(&id) else { continue };
            if let Some((_, once)) = self.by_key.get_mut(&key) {
                *once = Once::Spent;
                self.spent.keep(&Arc::clone(&key.owner), key, since, 0);
            }
        }
        let keys = retention.tasks.saturating_mul(KEYS_PER_OUTCOME);
        while let Some(Kept { thing: key, .. }) = self.spent.remove_beyond(keys, usize::MAX) {
            self.by_key.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callers::{Caller, Policy};
    use stockade_protocol::{Language, Outcome, Usage};

    const RETENTION: Retention = Retention { time: Duration::from_secs(10), bytes: 1 << 20, tasks: 3 };

    fn record() -> Arc<Record> {
        Record::new(&Caller::new("ada", "ada", Policy::default()), Language::Python)
    }

    fn ended(registry: &Registry, is_kept: bool) -> Uuid {
        let record = record();
        registry.begin(Arc::clone(&record));
        record.end(nothing());
        registry.end(&record, is_kept);
        record.id
    }

    #[test]
    fn the_oldest_go_first() {
        let registry = Registry::new(RETENTION);
        let ids: Vec<Uuid> = (0..5).map(|_| ended(&registry, true)).collect();
        let found: Vec<bool> = ids.iter().map(|id| registry.find("ada", *id).is_some()).collect();
        assert_eq!(found, [false, false, true, true, true]);
        assert_eq!((registry.running(), registry.kept().0), (0, 3));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let registry = Registry::new(Retention { bytes: 1, ..RETENTION });
        let id = ended(&registry, true);
        assert!(registry.find("ada", id).is_none());
        assert_eq!(registry.kept(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn outcomes_are_forgotten_after_their_time() {
        let registry = Registry::new(RETENTION);
        let id = ended(&registry, true);
        tokio::time::advance(RETENTION.time / 2).await;
        registry.forget_old();
        assert!(registry.find("ada", id).is_some());
        tokio::time::advance(RETENTION.time / 2).await;
        registry.forget_old();
        assert!(registry.find("ada", id).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_waits_for_its_caller_a_while() {
        let registry = Registry::new(RETENTION);
        let id = ended(&registry, true);
        assert!(registry.has_untold(RETENTION.time));
        tokio::time::advance(RETENTION.time / 2).await;
        assert!(registry.has_untold(RETENTION.time) && !registry.has_untold(RETENTION.time / 2));
        registry.find("ada", id).unwrap().view();
        assert!(!registry.has_untold(RETENTION.time));
        ended(&registry, false);
        assert!(!registry.has_untold(RETENTION.time));
    }

    #[test]
    fn nobody_finds_the_tasks_of_others_or_what_was_not_kept() {
        let registry = Registry::new(RETENTION);
        let kept = ended(&registry, true);
        assert!(registry.find("grace", kept).is_none());
        let dropped = ended(&registry, false);
        assert!(registry.find("ada", dropped).is_none());
    }

    fn key() -> IdempotencyKey {
        IdempotencyKey { owner: "ada".into(), key: "order-7".into() }
    }

    /// The task of a request with `key()`, and whether it began with this one.
    async fn begin(registry: &Registry, fingerprint: Fingerprint) -> Result<(Arc<Record>, bool), Problem> {
        let (record, accepted) = registry.begin_once(key(), fingerprint, || Ok((record(), ()))).await?;
        Ok((record, accepted.is_some()))
    }

    fn nothing() -> Outcome {
        Outcome {
            result: Ok(None),
            exit_code: None,
            usage: Usage::default(),
            denied: Vec::new(),
            network: None,
            files: None,
        }
    }

    #[tokio::test]
    async fn a_key_runs_its_request_once() {
        let registry = Registry::new(RETENTION);
        let (first, begins) = begin(&registry, [1; 32]).await.unwrap();
        assert!(begins);
        let (second, begins) = begin(&registry, [1; 32]).await.unwrap();
        assert!(!begins && Arc::ptr_eq(&first, &second));
        assert_eq!(begin(&registry, [2; 32]).await.unwrap_err().kind(), Kind::KeyReuse);
        registry.end(&first, true);
        registry.forget(first.id);
        assert_eq!((registry.running(), registry.kept()), (0, (0, 0)));
        assert!(begin(&registry, [2; 32]).await.unwrap().1);
    }

    #[tokio::test]
    async fn whoever_comes_while_a_request_is_submitted_waits_for_it() {
        let registry = Registry::new(RETENTION);
        let refuse = || Err::<(Arc<Record>, ()), _>(Problem::new(Kind::Unavailable, "no"));
        let mut second = Box::pin(begin(&registry, [1; 32]));
        let first = registry.begin_once(key(), [1; 32], || {
            // The registry is free for others meanwhile, and the second request finds the first.
            assert_eq!(registry.running(), 0);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(second.as_mut().poll(&mut context).is_pending());
            refuse()
        });
        assert_eq!(first.await.unwrap_err().kind(), Kind::Unavailable);
        assert!(second.await.unwrap().1, "a request that was refused is not one that ran");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_keeps_its_promise_without_its_outcome() {
        let registry = Registry::new(RETENTION);
        let (first, _) = begin(&registry, [1; 32]).await.unwrap();
        first.end(nothing());
        registry.end(&first, true);
        for _ in 0..RETENTION.tasks {
            ended(&registry, true);
        }
        assert!(registry.find("ada", first.id).is_none());
        assert_eq!(begin(&registry, [1; 32]).await.unwrap_err().kind(), Kind::State);
        assert_eq!(begin(&registry, [2; 32]).await.unwrap_err().kind(), Kind::KeyReuse);
        tokio::time::advance(RETENTION.time).await;
        registry.forget_old();
        assert!(begin(&registry, [1; 32]).await.unwrap().1);
    }

    #[test]
    fn a_caller_that_keeps_much_costs_others_nothing() {
        let registry = Registry::new(RETENTION);
        let of_grace = Record::new(&Caller::new("grace", "grace", Policy::default()), Language::Python);
        registry.begin(Arc::clone(&of_grace));
        of_grace.end(nothing());
        registry.end(&of_grace, true);
        for _ in 0..5 {
            ended(&registry, true);
        }
        assert!(registry.find("grace", of_grace.id).is_some());
        assert_eq!(registry.kept().0, RETENTION.tasks);
    }
}
