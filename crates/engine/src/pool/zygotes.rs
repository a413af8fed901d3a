//! One zygote after the other, and what each tells.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use stockade_sandbox::control::{WorkerExit, ZygoteMessage};
use tokio::io::Interest;

use super::{LONGEST_PAUSE, Pool};
use crate::control::Control;
use crate::error::EngineError;
use crate::worker::{Process, Worker};
use crate::{verdict, zygote};

impl Pool {
    pub(super) async fn start_zygote(&self) -> Result<Arc<Control>, EngineError> {
        let language = &self.configuration.language;
        let zygote::Started { control, hello, launcher } =
            zygote::start(language, self.specification.clone(), self.identity).await?;
        let control = Arc::new(control);
        let mut state = self.lock();
        if state.stopped {
            // It was stopped while the zygote was starting: whoever hears it sees its end at once.
            control.close();
        }
        state.control = Some(Arc::clone(&control));
        state.hello = hello;
        state.launcher = launcher;
        state.is_irreplaceable = false;
        state.problem = None;
        Ok(control)
    }

    /// Hears one zygote after the other, until the pool is stopped.
    pub(super) async fn keep(self: Arc<Self>, mut control: Arc<Control>) {
        loop {
            self.listen(&control).await;
            if !self.zygote_is_gone() {
                return;
            }
            match self.replace_zygote().await {
                Some(replacement) => control = replacement,
                None => return,
            }
            self.replenish();
        }
    }

    /// Hears one zygote until its end.
    async fn listen(&self, control: &Control) {
        while let Ok(Some((message, descriptor))) = control.receive().await {
            match message {
                ZygoteMessage::Forked { worker } => self.forked(worker, descriptor),
                ZygoteMessage::Exited(exit) => self.exited(exit.worker, Some(exit)),
                ZygoteMessage::ForkFailed { worker, error } => {
                    let error = std::io::Error::from_raw_os_error(error);
                    tracing::warn!(language = %self.configuration.language, worker, %error, "the zygote cannot fork");
                    self.exited(worker, None);
                }
                ZygoteMessage::Failed(failure) => {
                    tracing::error!(language = %self.configuration.language, %failure, "the zygote failed");
                }
                ZygoteMessage::Measured { microseconds } => {
                    if let Some(measurement) = self.lock().measurement.take() {
                        let _ = measurement.send(Duration::from_micros(microseconds));
                    }
                }
                ZygoteMessage::Hello(_) => {}
            }
        }
    }

    fn forked(&self, worker: u32, descriptor: Option<OwnedFd>) {
        let mut state = self.lock();
        if let (Some(living), Some(descriptor)) = (state.living.get_mut(&worker), descriptor) {
            let process = Arc::new(descriptor);
            living.process = Some(Arc::clone(&process));
            if let Some(forked) = living.forked.take() {
                // The one that waits for it has given up: `process` is dropped there and nobody kills the worker.
                if let Err(process) = forked.send(process) {
                    drop(Process(process));
                }
            }
        }
    }

    fn exited(&self, worker: u32, exit: Option<WorkerExit>) {
        let (living, lost) = {
            let mut state = self.lock();
            let take = |workers: &mut VecDeque<Worker>| {
                let place = workers.iter().position(|waiting| waiting.number == worker);
                place.and_then(|place| workers.remove(place))
            };
            let lost = take(&mut state.waiting).or_else(|| take(&mut state.cold));
            (state.living.remove(&worker), lost)
        };
        if let Some(living) = living {
            let _ = living.exit.send(exit);
        }
        drop(lost);
    }

    /// Takes leave of a dead zygote; `false` when the pool was stopped. Its running workers go on without it, and
    /// their ends are seen by their descriptors.
    fn zygote_is_gone(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        state.control = None;
        let orphans = std::mem::take(&mut state.living);
        let waiting = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.cold));
        let stopped = state.stopped;
        if !stopped {
            state.problem = Some("the zygote has ended and is being replaced".to_owned());
            tracing::warn!(language = %self.configuration.language, "the zygote has ended and is being replaced");
        }
        drop(state);
        drop(waiting);
        for orphan in orphans.into_values() {
            tokio::spawn(async move {
                if let Some(process) = orphan.process
                    && let Ok(process) = stockade_sandbox::watch(process, Interest::READABLE)
                {
                    // A pidfd becomes readable when the process ends (`pidfd_open(2)`).
                    let _ = process.readable().await;
                }
                let _ = orphan.exit.send(None);
                drop(orphan.slot);
            });
        }
        !stopped
    }

    /// Starts zygotes until one is ready; `None` when the pool was stopped.
    async fn replace_zygote(&self) -> Option<Arc<Control>> {
        let mut pause = Duration::from_millis(10);
        loop {
            match self.start_zygote().await {
                Ok(control) => return Some(control),
                Err(error) => {
                    let mut state = self.lock();
                    if state.stopped {
                        return None;
                    }
                    tracing::error!(language = %self.configuration.language, %error, "the zygote cannot be replaced");
                    state.problem = Some(error.to_string());
                    state.is_irreplaceable = true;
                    let error = verdict::no_worker(&error);
                    for request in std::mem::take(&mut state.requests) {
                        let _ = request.send(Err(error.clone()));
                    }
                }
            }
            tokio::time::sleep(pause).await;
            if self.lock().stopped {
                return None;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
