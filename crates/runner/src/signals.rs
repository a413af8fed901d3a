//! The signals that end a runner.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::error::RunnerError;

/// A request to end. The second does not wait for running tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}

/// Listens for SIGTERM and SIGINT.
pub(crate) fn listen() -> Result<UnboundedReceiver<Signal>, RunnerError> {
    let (sender, receiver) = unbounded_channel();
    forward(SignalKind::terminate(), Signal::Terminate, sender.clone())?;
    forward(SignalKind::interrupt(), Signal::Interrupt, sender)?;
    Ok(receiver)
}

fn forward(kind: SignalKind, meaning: Signal, sender: UnboundedSender<Signal>) -> Result<(), RunnerError> {
    let mut stream = signal(kind).map_err(RunnerError::Signals)?;
    tokio::spawn(async move { while stream.recv().await.is_some() && sender.send(meaning).is_ok() {} });
    Ok(())
}
