//! What a caller holds of a task that was accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use stockade_protocol::{Outcome, RawJson};
use tokio::sync::mpsc;

use crate::network::TaskNetwork;

/// What happens while a task runs, in order; [`TaskEvent::Finished`] comes last and once.
#[derive(Debug)]
pub enum TaskEvent {
    /// Bytes that the task wrote to stdout.
    Stdout(Bytes),
    /// Bytes that the task wrote to stderr.
    Stderr(Bytes),
    /// A message of the harness for the caller: one JSON value.
    Log(RawJson),
    /// The code asks the caller; answer with [`RunningTask::answer`].
    Request {
        /// Goes into the answer.
        id: u32,
        /// What is asked for.
        name: String,
        /// JSON value.
        parameters: RawJson,
    },
    /// The end.
    Finished(Box<Outcome>),
}

/// The way of a task's events to its caller.
pub(crate) fn events() -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let unread = Arc::new(AtomicUsize::new(0));
    (EventSender { sender, unread: Arc::clone(&unread) }, EventReceiver { receiver, unread })
}

/// The task's end.
#[derive(Debug)]
pub(crate) struct EventSender {
    sender: mpsc::UnboundedSender<TaskEvent>,
    unread: Arc<AtomicUsize>,
}

/// The caller's end.
#[derive(Debug)]
pub(crate) struct EventReceiver {
    receiver: mpsc::UnboundedReceiver<TaskEvent>,
    unread: Arc<AtomicUsize>,
}

impl EventSender {
    /// Passes an event on. A caller that is gone needs none.
    pub(crate) fn send(&self, event: TaskEvent) {
        self.unread.fetch_add(1, Ordering::Relaxed);
        let _ = self.sender.send(event);
    }

    /// Events that the caller has not taken.
    pub(crate) fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }
}

impl EventReceiver {
    /// The next event; `None` when there will be none.
    pub(crate) async fn next(&mut self) -> Option<TaskEvent> {
        let event = self.receiver.recv().await?;
        self.unread.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }
}

/// What a caller tells a running task.
#[derive(Debug)]
pub(crate) enum Message {
    Answer { id: u32, answer: Result<RawJson, RawJson> },
    Cancel,
}

/// A task that was accepted. Dropping it cancels the task.
#[derive(Debug)]
pub struct RunningTask {
    pub(crate) events: EventReceiver,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) network: Option<TaskNetwork>,
}

impl RunningTask {
    /// The next event; `None` after [`TaskEvent::Finished`].
    pub async fn next_event(&mut self) -> Option<TaskEvent> {
        self.events.next().await
    }

    /// Answers a request of the running code: a value, or an error value that the code's promise or call fails with.
    /// An answer to a task that has ended is dropped.
    pub fn answer(&self, id: u32, answer: Result<RawJson, RawJson>) {
        let _ = self.messages.send(Message::Answer { id, answer });
    }

    /// The hosts that the task may reach, to be changed while it waits or runs; `None`: it began without any and gains
    /// none.
    pub fn network(&self) -> Option<&TaskNetwork> {
        self.network.as_ref()
    }

    /// Ends the task with `CANCELLED_ERROR`; its outcome still comes.
    pub fn cancel(&self) {
        let _ = self.messages.send(Message::Cancel);
    }

    /// Waits for the end, dropping all other events.
    pub async fn outcome(mut self) -> Outcome {
        loop {
            match self.next_event().await {
                Some(TaskEvent::Finished(outcome)) => return *outcome,
                Some(_) => {}
                None => return crate::verdict::engine_stopped(),
            }
        }
    }
}
