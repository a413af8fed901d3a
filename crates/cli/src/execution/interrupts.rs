//! Ctrl-C and the signals that ask a program to end.

use std::io;
use std::process;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::exit_status::ExitStatus;

/// The first signal asks for the task to be cancelled; the second one ends this process at once, because whoever
/// sends it has waited long enough. What is left of the task dies with its supervisor.
#[derive(Debug)]
pub(super) struct Interrupts {
    first: Arc<Notify>,
}

impl Interrupts {
    /// Catches SIGINT, SIGTERM and SIGHUP from now on. Must be called within a tokio runtime.
    pub(super) fn catch() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let first = Arc::new(Notify::new());
        let asked = Arc::clone(&first);
        tokio::spawn(async move {
            next(&mut interrupt, &mut terminate, &mut hangup).await;
            asked.notify_one();
            next(&mut interrupt, &mut terminate, &mut hangup).await;
            process::exit(ExitStatus::CancelledError.code().into());
        });
        Ok(Self { first })
    }

    /// Waits for the first signal; comes back at once if it has come already.
    pub(super) async fn first(&self) {
        self.first.notified().await;
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal, hangup: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
