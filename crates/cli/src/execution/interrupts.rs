//! Ctrl-C and the signals that ask a program to end.

use std::io;
use std::process;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::exit_status::ExitStatus;

/// The first signal asks for the task to be cancelled; the second one ends this process at once, because whoever
/// sends it has waited long enough. What is left of the task dies with its supervisor.
#[derive(Debug)]
pub(crate) struct Interrupts {
    first: Arc<Notify>,
}

impl Interrupts {
    /// Catches SIGINT, SIGTERM and SIGHUP from now on.
    ///
    /// They are waited for on a thread of their own: the second one must work even when the task's output cannot be
    /// written, or the engine is stuck.
    pub(crate) fn catch() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _context = runtime.enter();
            Signals {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
            }
        };
        let first = Arc::new(Notify::new());
        let asked = Arc::clone(&first);
        let wait = move || {
            runtime.block_on(async move {
                signals.next().await;
                asked.notify_one();
                signals.next().await;
                process::exit(ExitStatus::CancelledError.code().into());
            });
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
        Ok(Self { first })
    }

    /// Waits for the first signal; comes back at once if it has come already.
    pub(crate) async fn first(&self) {
        self.first.notified().await;
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
