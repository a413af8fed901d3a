//! What is known of one task, from the moment that it is accepted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use stockade_engine::TaskNetwork;
use stockade_protocol::{Language, Outcome, TaskError};
use tokio::sync::watch;
use uuid::Uuid;

use super::files::{self, Base64Files};
use super::output::{Output, Stream};
use super::report::{Status, TaskReport, TaskView};
use crate::callers::Caller;

/// One task: shared by what drives it, the request that waits for it, and those that ask for it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: Uuid,
    /// The id of whose it is; nobody else can see it.
    pub(crate) owner: Arc<str>,
    /// The name of whose it is.
    pub(crate) caller: Arc<str>,
    pub(crate) language: Language,
    progress: Mutex<Progress>,
    /// Counts changes of `progress`.
    changes: watch::Sender<u64>,
    cancelled: watch::Sender<bool>,
    /// Somebody has been told the outcome.
    is_told: AtomicBool,
    /// Its hosts, if it has any.
    network: OnceLock<TaskNetwork>,
}

#[derive(Debug, Default)]
struct Progress {
    output: Output,
    outcome: Option<Outcome>,
}

/// Something that happened to a task.
#[derive(Debug)]
pub(crate) enum Happening {
    /// It wrote; the place is where what follows begins.
    Wrote { stream: Stream, text: String, place: usize },
    /// It has ended.
    Ended,
}

impl Record {
    pub(crate) fn new(caller: &Caller, language: Language) -> Arc<Self> {
        Arc::new(Self {
            id: Uuid::new_v4(),
            owner: caller.id(),
            caller: caller.name(),
            language,
            progress: Mutex::default(),
            changes: watch::Sender::new(0),
            cancelled: watch::Sender::new(false),
            is_told: AtomicBool::new(false),
            network: OnceLock::new(),
        })
    }

    /// Notes the hosts of a task that the engine has taken.
    pub(crate) fn has_network(&self, network: &TaskNetwork) {
        // A task is taken once.
        let _ = self.network.set(network.clone());
    }

    /// The hosts of the task, to be changed; `None` if it began without any.
    pub(crate) fn network(&self) -> Option<&TaskNetwork> {
        self.network.get()
    }

    /// Takes what the task wrote.
    pub(crate) fn write(&self, stream: Stream, bytes: &[u8]) {
        self.lock().output.write(stream, bytes);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Takes the outcome: the last change.
    pub(crate) fn end(&self, outcome: Outcome) {
        {
            let mut progress = self.lock();
            progress.output.finish();
            progress.outcome = Some(outcome);
        }
        self.changes.send_modify(|count| *count += 1);
    }

    /// Asks for the end of the task; of no effect when it has ended.
    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Waits until somebody has asked for the end of the task.
    pub(crate) async fn cancelled(&self) {
        // The sender is part of this record, so that waiting cannot fail.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }

    /// Waits for the end of the task.
    pub(crate) async fn ended(&self) {
        let mut changes = self.changes.subscribe();
        while !self.has_ended() {
            let _ = changes.changed().await;
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// Whether somebody has been told the outcome.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Relaxed)
    }

    /// Notes that somebody knows the outcome.
    pub(crate) fn tell(&self) {
        self.is_told.store(true, Ordering::Relaxed);
    }

    /// The next thing that happened after a place in the output; waits for it if need be.
    pub(crate) async fn after(&self, place: usize) -> Happening {
        let mut changes = self.changes.subscribe();
        loop {
            {
                let progress = self.lock();
                if let Some((stream, text, place)) = progress.output.after(place) {
                    return Happening::Wrote { stream, text: text.to_owned(), place };
                }
                if progress.outcome.is_some() {
                    return Happening::Ended;
                }
            }
            let _ = changes.changed().await;
        }
    }

    /// What there is to tell now.
    pub(crate) fn view(&self) -> TaskView {
        self.show(&self.lock())
    }

    fn show(&self, progress: &Progress) -> TaskView {
        let outcome = progress.outcome.as_ref();
        if outcome.is_some() {
            self.tell();
        }
        let (status, result, error) = match outcome.map(|outcome| &outcome.result) {
            None => (Status::Running, None, None),
            Some(Ok(result)) => (Status::Ok, result.clone(), None),
            Some(Err(error)) => (Status::Error, None, Some(error.clone())),
        };
        let report = TaskReport {
            error,
            stdout: progress.output.of(Stream::Stdout),
            stderr: progress.output.of(Stream::Stderr),
            exit_code: outcome.and_then(|outcome| outcome.exit_code),
            usage: outcome.map(|outcome| outcome.usage),
            denied: outcome.map(|outcome| outcome.denied.clone()).unwrap_or_default(),
            network: outcome.and_then(|outcome| outcome.network.clone()),
            files: outcome.and_then(|outcome| outcome.files.clone()).map(Base64Files),
        };
        TaskView { id: self.id, status, language: self.language.name().to_owned(), result, report }
    }

    /// Bytes of memory, about.
    pub(crate) fn size(&self) -> usize {
        let progress = self.lock();
        size_of::<Self>() + progress.output.size() + progress.outcome.as_ref().map_or(0, size)
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of memory beside the outcome itself, about.
fn size(outcome: &Outcome) -> usize {
    // A field that is new must be counted too.
    let Outcome { result, exit_code: _, usage: _, denied, network, files } = outcome;
    let result = match result {
        Ok(result) => result.as_ref().map_or(0, |result| result.bytes().len()),
        Err(error) => {
            let TaskError { code: _, message, name, line: _, column: _, stack, description, details } = error;
            let texts = [Some(message), name.as_ref(), stack.as_ref(), description.as_ref()];
            texts.into_iter().flatten().map(String::len).sum::<usize>()
                + details.as_ref().map_or(0, |details| details.bytes().len())
        }
    };
    let denied: usize = denied.iter().map(|call| size_of::<String>() + call.len()).sum();
    let refused = network.iter().flat_map(|network| &network.refused);
    let refused: usize = refused.map(|refused| size_of_val(refused) + refused.host.len()).sum();
    result + denied + refused + files.as_ref().map_or(0, files::size)
}

/// Cancels the task of a request whose client has gone.
#[derive(Debug)]
pub(crate) struct CancelOnDrop(pub(crate) Arc<Record>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_protocol::network::{Refusal, RefusedHost};
    use stockade_protocol::{ErrorCode, NetworkUsage, RawJson};

    /// Bytes of everything that is long in these tests.
    const LONG: usize = 10_000;

    fn size_with(change: impl FnOnce(&mut Outcome)) -> usize {
        let mut outcome = Outcome::refused(TaskError::new(ErrorCode::RuntimeError, ""));
        change(&mut outcome);
        let record = Record::new(&Caller::anonymous(), Language::Python);
        record.end(outcome);
        record.size()
    }

    #[test]
    fn everything_of_an_outcome_is_counted() {
        let long = || "x".repeat(LONG);
        let json = || RawJson::from_value(&long().into());
        let with_error = |change: fn(&mut TaskError, String)| {
            size_with(|outcome| change(outcome.result.as_mut().unwrap_err(), long()))
        };
        let network = NetworkUsage {
            refused: vec![RefusedHost { host: long(), reason: Refusal::NotAllowed }],
            ..NetworkUsage::default()
        };
        let sizes = [
            with_error(|error, long| error.message = long),
            with_error(|error, long| error.name = Some(long)),
            with_error(|error, long| error.stack = Some(long)),
            with_error(|error, long| error.description = Some(long)),
            with_error(|error, long| error.details = Some(RawJson::from_value(&long.into()))),
            size_with(|outcome| outcome.result = Ok(Some(json()))),
            size_with(|outcome| outcome.denied = vec![long()]),
            size_with(|outcome| outcome.network = Some(network)),
            size_with(|outcome| outcome.files = Some([("a".parse().unwrap(), long().into())].into())),
        ];
        let nothing = size_with(|_| {});
        assert!(nothing < LONG && sizes.iter().all(|size| *size >= nothing + LONG), "{nothing} {sizes:?}");
    }
}
