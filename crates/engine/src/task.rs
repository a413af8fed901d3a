//! What a caller holds of a task that was accepted.

use bytes::Bytes;
use stockade_protocol::{Network, Outcome, RawJson};
use tokio::sync::mpsc;

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
    Finished(Outcome),
}

/// What a caller tells a running task.
#[derive(Debug)]
pub(crate) enum Message {
    Answer { id: u32, answer: Result<RawJson, RawJson> },
    Network(Network),
    Cancel,
}

/// A task that was accepted. Dropping it cancels the task.
#[derive(Debug)]
pub struct RunningTask {
    pub(crate) events: mpsc::UnboundedReceiver<TaskEvent>,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
}

impl RunningTask {
    /// The next event; `None` after [`TaskEvent::Finished`].
    pub async fn next_event(&mut self) -> Option<TaskEvent> {
        self.events.recv().await
    }

    /// Answers a request of the running code: a value, or an error value that the code's promise or call fails with.
    /// An answer to a task that has ended is dropped.
    pub fn answer(&self, id: u32, answer: Result<RawJson, RawJson>) {
        let _ = self.messages.send(Message::Answer { id, answer });
    }

    /// Replaces the list of hosts that the task may reach. Open connections stay; a task that began without any gains
    /// none.
    pub fn change_network(&self, network: Network) {
        let _ = self.messages.send(Message::Network(network));
    }

    /// Ends the task with `CANCELLED_ERROR`; its outcome still comes.
    pub fn cancel(&self) {
        let _ = self.messages.send(Message::Cancel);
    }

    /// Waits for the end, dropping all other events.
    pub async fn outcome(mut self) -> Outcome {
        loop {
            match self.next_event().await {
                Some(TaskEvent::Finished(outcome)) => return outcome,
                Some(_) => {}
                None => return crate::verdict::engine_stopped(),
            }
        }
    }
}
