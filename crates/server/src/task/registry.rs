//! The tasks that can be asked for: those that run, and for some time those that have ended.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::record::Record;
use crate::configuration::Retention;
use crate::problem::{Kind, Problem};

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
    by_key: HashMap<IdempotencyKey, (Fingerprint, Arc<Record>)>,
    running: usize,
    /// The oldest first; some may be removed already.
    ended: VecDeque<Ended>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    record: Arc<Record>,
    key: Option<IdempotencyKey>,
}

#[derive(Debug)]
struct Ended {
    id: Uuid,
    at: Instant,
    bytes: usize,
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
    pub(crate) fn begin_once<T>(
        &self,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
        submit: impl FnOnce() -> Result<(Arc<Record>, T), Problem>,
    ) -> Result<(Arc<Record>, Option<T>), Problem> {
        let mut tasks = self.lock();
        if let Some((known, record)) = tasks.by_key.get(&key) {
            if *known != fingerprint {
                return Err(Problem::new(
                    Kind::KeyReuse,
                    "another request was sent with this Idempotency-Key; use a new key for a new request",
                ));
            }
            return Ok((Arc::clone(record), None));
        }
        let (record, accepted) = submit()?;
        tasks.by_key.insert(key.clone(), (fingerprint, Arc::clone(&record)));
        tasks.begin(Arc::clone(&record), Some(key));
        Ok((record, Some(accepted)))
    }

    /// A task has ended; kept for its caller, or forgotten.
    pub(crate) fn end(&self, record: &Record, is_kept: bool) {
        let mut tasks = self.lock();
        tasks.running -= 1;
        if is_kept {
            let bytes = record.size();
            tasks.bytes += bytes;
            tasks.ended.push_back(Ended { id: record.id, at: Instant::now(), bytes });
            tasks.forget_beyond(&self.retention);
        } else {
            tasks.remove(record.id);
        }
    }

    /// Forgets what has been kept long enough.
    pub(crate) fn forget_old(&self) {
        self.lock().forget_beyond(&self.retention);
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
        tasks.ended.iter().rev().take_while(|ended| ended.at.elapsed() < age).any(|ended| is_untold(&ended.id))
    }

    /// Outcomes that are kept, and their bytes.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let tasks = self.lock();
        (tasks.by_id.len().saturating_sub(tasks.running), tasks.bytes)
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

impl Tasks {
    fn begin(&mut self, record: Arc<Record>, key: Option<IdempotencyKey>) {
        self.running += 1;
        self.by_id.insert(record.id, Entry { record, key });
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(Entry { key: Some(key), .. }) = self.by_id.remove(&id) {
            self.by_key.remove(&key);
        }
    }

    fn forget_beyond(&mut self, retention: &Retention) {
        while let Some(oldest) = self.ended.front() {
            let is_within = oldest.at.elapsed() < retention.time
                && self.bytes <= retention.bytes
                && self.ended.len() <= retention.tasks;
            if is_within {
                return;
            }
            let (id, bytes) = (oldest.id, oldest.bytes);
            self.ended.pop_front();
            self.bytes -= bytes;
            self.remove(id);
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
        record.end(Outcome {
            result: Ok(None),
            exit_code: None,
            usage: Usage::default(),
            denied: Vec::new(),
            network: None,
            files: None,
        });
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

    #[test]
    fn a_key_runs_its_request_once() {
        let registry = Registry::new(RETENTION);
        let key = || IdempotencyKey { owner: "ada".into(), key: "order-7".into() };
        let begin = |fingerprint, runs: bool| {
            registry.begin_once(key(), fingerprint, || {
                assert!(runs, "it runs again");
                Ok((record(), ()))
            })
        };
        let (first, accepted) = begin([1; 32], true).unwrap();
        assert!(accepted.is_some());
        let (second, accepted) = begin([1; 32], false).unwrap();
        assert!(accepted.is_none() && Arc::ptr_eq(&first, &second));
        let other = begin([2; 32], false).unwrap_err();
        assert_eq!(other.kind(), Kind::KeyReuse);
        registry.end(&first, true);
        registry.forget(first.id);
        assert!(begin([2; 32], true).unwrap().1.is_some());
    }
}
