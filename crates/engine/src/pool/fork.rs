//! One worker: forked, walled in, rehearsed.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;
use stockade_protocol::frame::REHEARSE;
use stockade_protocol::{Language, Limits};
use stockade_sandbox::control::{ForkRequest, Request};
use stockade_sandbox::{Call, Listener, Wall};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::{Living, Pool};
use crate::calls;
use crate::configuration::RuntimeKind;
use crate::worker::{FrameSocket, Process, StartError, Worker};

/// Files and directories that `/tmp` can hold.
const TEMPORARY_FILES: u64 = 16 * 1024;
/// How long a worker may take to be warm.
const WORKER_START_LIMIT: Duration = Duration::from_secs(30);

impl Pool {
    /// Forks a worker and waits until its walls are up: it can take a task, though a cold one.
    pub(super) async fn fork(&self, limits: &Limits, directory: Vec<u8>) -> Result<Worker, StartError> {
        let slot = self.slots.take(limits).map_err(|error| StartError::Slot(error.to_string()))?;
        let slot = Arc::new(slot.ok_or(StartError::NoSlot)?);
        let (outside, inside) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .map_err(std::io::Error::from)?;
        rustix::io::ioctl_fionbio(&outside, true).map_err(std::io::Error::from)?;
        let stream = UnixStream::from_std(outside.into())?;
        let (stdout, stdout_inside) = output_pipe()?;
        let (stderr, stderr_inside) = output_pipe()?;

        let (forked, process) = oneshot::channel();
        let (exit, exited) = oneshot::channel();
        let (control, number) = {
            let mut state = self.lock();
            let control = state.control.clone().filter(|_| !state.stopped).ok_or(StartError::NoZygote)?;
            let number = state.next_number;
            state.next_number = number.wrapping_add(1);
            let living = Living { forked: Some(forked), process: None, exit, slot: Arc::clone(&slot) };
            state.living.insert(number, living);
            (control, number)
        };
        let has_rlimit = !self.specification.without_walls.contains(&Wall::Rlimit);
        let request = Request::Fork(ForkRequest {
            worker: number,
            user: slot.user,
            temporary_storage_bytes: limits.temporary_storage_bytes,
            temporary_storage_files: TEMPORARY_FILES,
            processes: if has_rlimit { process_limit(limits) } else { 0 },
            // Beyond what `/tmp` can hold, so that a file which grows meets a full disk first, as programs expect.
            file_bytes: if has_rlimit { limits.temporary_storage_bytes.saturating_mul(2) } else { 0 },
            data_bytes: if has_rlimit { self.data_limit(limits) } else { 0 },
            directory,
        });
        let mut descriptors = vec![inside.as_raw_fd(), stdout_inside.as_raw_fd(), stderr_inside.as_raw_fd()];
        if let Some(group) = &slot.group {
            descriptors.extend(group.join_files().iter().map(AsRawFd::as_raw_fd));
        }
        if let Err(error) = control.request(&request, &descriptors).await {
            self.lock().living.remove(&number);
            return Err(error.into());
        }
        // The worker's ends must be its own alone, so that their closing is seen.
        drop((inside, stdout_inside, stderr_inside));

        let process = Process(process.await.map_err(|_| StartError::Ended)?);
        let mut worker = Worker {
            number,
            frames: FrameSocket::new(stream),
            stdout: Some(stdout),
            stderr: Some(stderr),
            listener: None,
            process,
            exit: exited,
            slot,
        };
        let walled = tokio::time::timeout(WORKER_START_LIMIT, receive_listener(&mut worker)).await;
        match walled.unwrap_or(Err(StartError::Slow)) {
            Ok(()) => Ok(worker),
            Err(error) => Err(error.explained_by(&worker)),
        }
    }

    /// Lets a worker play a task, so that its real one does not pay for the copies of pages that a first run makes.
    pub(super) async fn rehearse(&self, mut worker: Worker) -> Result<Worker, StartError> {
        if matches!(self.configuration.kind, RuntimeKind::Zygote { .. }) {
            let rehearsed = tokio::time::timeout(WORKER_START_LIMIT, rehearse(&mut worker)).await;
            if let Err(error) = rehearsed.unwrap_or(Err(StartError::Slow)) {
                return Err(error.explained_by(&worker));
            }
        }
        Ok(worker)
    }

    /// The second wall for memory: CPython answers it with a `MemoryError` that has a line. V8 reserves far more than
    /// it uses and would abort, so for JavaScript the cgroup alone decides.
    fn data_limit(&self, limits: &Limits) -> u64 {
        if self.configuration.language == Language::Python { limits.memory_bytes } else { 0 }
    }
}

/// Waits until the worker's walls are up.
async fn receive_listener(worker: &mut Worker) -> Result<(), StartError> {
    if let Some(listener) = worker.frames.receive_listener().await? {
        let listener = Listener::new(listener);
        worker.listener = Some(stockade_sandbox::watch(listener, Interest::READABLE)?);
    }
    Ok(())
}

/// Lets the worker rehearse, denying system calls meanwhile as while a task runs.
async fn rehearse(worker: &mut Worker) -> Result<(), StartError> {
    worker.frames.stream.write_all(&REHEARSE).await?;
    loop {
        tokio::select! {
            biased;
            result = worker.frames.receive_waiting() => return result,
            call = calls::next(worker.listener.as_ref()) => worker.listener = answer(worker.listener.take(), call),
        }
    }
}

/// Answers a call of a worker that has no task; gives the listener back while it is of use.
fn answer(listener: Option<AsyncFd<Listener>>, call: Option<Call>) -> Option<AsyncFd<Listener>> {
    let (listener, call) = listener.zip(call)?;
    let answered = if call.is_harmless() {
        listener.get_ref().let_through(&call)
    } else {
        tracing::debug!(name = call.name(), "a system call was denied while a worker was getting warm");
        listener.get_ref().finish(&call, libc::EPERM)
    };
    answered.is_ok().then_some(listener)
}

/// The second wall for processes, a little beyond the first: whoever counts refusals, or the processes there are, must
/// see the limit passed, and the kernel asks for this one before it asks the cgroup.
fn process_limit(limits: &Limits) -> u64 {
    const BEYOND: u64 = 16;
    u64::from(limits.processes) + BEYOND
}

fn output_pipe() -> Result<(pipe::Receiver, OwnedFd), std::io::Error> {
    let (outside, inside) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(outside.as_fd(), true)?;
    Ok((pipe::Receiver::from_owned_fd(outside)?, inside))
}
