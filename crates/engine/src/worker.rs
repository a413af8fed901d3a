//! A worker as the supervisor holds it: its sockets, its listener and the power to end it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use rustix::process::Signal;
use stockade_protocol::frame::{FrameError, FrameReader, WorkerFrame};
use stockade_sandbox::control::WorkerExit;
use stockade_sandbox::{Listener, control};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, WriteHalf, pipe};
use tokio::sync::oneshot;

use crate::slot::SlotLease;

/// Frames before the task are short; nothing longer is accepted from a worker that has no task yet.
const MAXIMUM_EARLY_PAYLOAD: usize = 4096;
/// Least bytes of room for a read.
const READ_SIZE: usize = 4096;

/// A forked process behind all its walls. Dropping it kills it and everything that it started.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) number: u32,
    pub(crate) frames: FrameSocket,
    pub(crate) stdout: Option<pipe::Receiver>,
    pub(crate) stderr: Option<pipe::Receiver>,
    pub(crate) listener: Option<AsyncFd<Listener>>,
    pub(crate) process: Process,
    /// Comes when every process of the worker is gone; `None` inside when nobody can say how it ended.
    pub(crate) exit: oneshot::Receiver<Option<WorkerExit>>,
    pub(crate) slot: Arc<SlotLease>,
}

impl Worker {
    /// What is in the worker's stderr now.
    pub(crate) fn printed(&self) -> String {
        let mut printed = vec![0; 4096];
        let count = self.stderr.as_ref().and_then(|pipe| rustix::io::read(pipe, &mut printed[..]).ok()).unwrap_or(0);
        String::from_utf8_lossy(&printed[..count]).trim().to_owned()
    }
}

/// The first process of a worker's pid namespace; shared with the pool, which watches for its end.
#[derive(Debug)]
pub(crate) struct Process(pub(crate) Arc<OwnedFd>);

impl Process {
    /// Kills the process, and with it the kernel kills everything in its pid namespace (`pid_namespaces(7)`).
    pub(crate) fn kill(&self) {
        // The process may have ended by itself: ESRCH.
        let _ = rustix::process::pidfd_send_signal(&*self.0, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The socket that carries frames.
#[derive(Debug)]
pub(crate) struct FrameSocket {
    pub(crate) stream: UnixStream,
    pub(crate) reader: FrameReader,
}

/// What came from a worker's socket.
#[derive(Debug)]
pub(crate) enum Received {
    Frame(WorkerFrame),
    /// The other end is closed: every process of the worker is gone, or has closed it.
    End,
}

/// Why nothing can be read from a worker any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("reading from the worker failed: {0}")]
    Socket(#[from] io::Error),
}

impl FrameSocket {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, reader: FrameReader::default() }
    }

    /// Both directions, to be used at the same time.
    pub(crate) fn split(&mut self) -> (FrameStream<'_>, WriteHalf<'_>) {
        let (read, write) = self.stream.split();
        (FrameStream { stream: read, reader: &mut self.reader }, write)
    }

    /// The next frame with at most `maximum` bytes of payload. Safe to cancel.
    pub(crate) async fn receive(&mut self, maximum: usize) -> Result<Received, ReceiveError> {
        self.split().0.receive(maximum).await
    }

    /// Waits until the worker has built its walls; gives the listener of its filter.
    pub(crate) async fn receive_listener(&mut self) -> Result<Option<OwnedFd>, StartError> {
        loop {
            let mut part = [0; 1024];
            let socket = self.stream.as_raw_fd();
            let (count, mut descriptors) =
                self.stream.async_io(Interest::READABLE, || control::receive(socket, &mut part)).await?;
            if count == 0 {
                return Err(StartError::Ended);
            }
            self.reader.buffer().extend_from_slice(&part[..count]);
            match self.reader.next_frame(MAXIMUM_EARLY_PAYLOAD).map_err(ReceiveError::from)? {
                Some(WorkerFrame::Listener) => return Ok(descriptors.pop()),
                Some(WorkerFrame::Failed(failure)) => return Err(StartError::failed(&failure)),
                Some(_) => return Err(StartError::Unexpected),
                None => {}
            }
        }
    }

    /// Waits until the worker is warm.
    pub(crate) async fn receive_waiting(&mut self) -> Result<(), StartError> {
        match self.receive(MAXIMUM_EARLY_PAYLOAD).await? {
            Received::Frame(WorkerFrame::Waiting) => Ok(()),
            Received::Frame(WorkerFrame::Failed(failure)) => Err(StartError::failed(&failure)),
            Received::Frame(_) => Err(StartError::Unexpected),
            Received::End => Err(StartError::Ended),
        }
    }
}

/// The direction from worker to supervisor.
pub(crate) struct FrameStream<'socket> {
    stream: ReadHalf<'socket>,
    reader: &'socket mut FrameReader,
}

impl FrameStream<'_> {
    /// The next frame with at most `maximum` bytes of payload. Safe to cancel.
    pub(crate) async fn receive(&mut self, maximum: usize) -> Result<Received, ReceiveError> {
        loop {
            if let Some(frame) = self.reader.next_frame(maximum)? {
                return Ok(Received::Frame(frame));
            }
            if self.reader.buffer().capacity() == self.reader.buffer().len() {
                self.reader.buffer().reserve(READ_SIZE);
            }
            match self.stream.read_buf(self.reader.buffer()).await {
                Ok(0) => return Ok(Received::End),
                Ok(_) => {}
                // A worker that is killed with unread input resets the connection.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Received::End),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Why a worker never came to wait for a task.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Wall(stockade_sandbox::SandboxError),
    #[error("the worker ended before it was ready")]
    Ended,
    #[error("the worker sent a frame that it should not send before its task")]
    Unexpected,
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    #[error("a system call failed: {0}")]
    System(#[from] io::Error),
    #[error("the zygote has ended and is being replaced")]
    NoZygote,
    #[error("the worker needs more memory than its limit before it has a task")]
    Memory,
    #[error("every place for a worker is taken")]
    NoSlot,
    #[error("{0}")]
    Slot(String),
    #[error("the worker did not get ready in time")]
    Slow,
    #[error("{error}; it printed:\n{output}")]
    Printed { error: Box<StartError>, output: String },
}

impl StartError {
    /// Adds what is known of a worker that did not get ready: that memory ran out, or what it printed.
    pub(crate) fn explained_by(self, worker: &Worker) -> Self {
        if worker.slot.usage().is_some_and(|usage| usage.memory_limit_hits > 0) {
            return Self::Memory;
        }
        let output = worker.printed();
        if output.is_empty() { self } else { Self::Printed { error: Box::new(self), output } }
    }

    /// Whether another attempt would end the same.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Memory | Self::Wall(stockade_sandbox::SandboxError::TaskDirectory(_)) => true,
            Self::Printed { error, .. } => error.is_final(),
            _ => false,
        }
    }

    fn failed(encoded: &[u8]) -> Self {
        match control::Failure::decode(encoded) {
            Some(failure) => Self::Wall(stockade_sandbox::SandboxError::from_failure(failure)),
            None => Self::Unexpected,
        }
    }
}
