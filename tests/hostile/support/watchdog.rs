//! Ends the whole test process when a trial hangs, with the name of the trial: a supervisor that is wedged may have
//! taken the timers of this process with it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Longer than any trial takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(240);

/// Watches from its making until it is dropped.
pub(crate) struct Watchdog {
    _end: Sender<()>,
}

impl Watchdog {
    pub(crate) fn watch(name: &str) -> Self {
        let (_end, ended) = channel();
        let name = name.to_owned();
        std::thread::spawn(move || bark(&name, &ended));
        Self { _end }
    }
}

fn bark(name: &str, ended: &Receiver<()>) {
    if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        eprintln!("\n{name} hangs: no end in {PATIENCE:?}");
        std::process::exit(101);
    }
}
