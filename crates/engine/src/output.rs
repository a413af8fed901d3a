//! What a task writes and says while it runs: counted, cut at its limit, passed on.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::unix::pipe;
use tokio::time::Instant;

use crate::task::{EventSender, TaskEvent};

/// Bytes of stderr that are kept to see why a process ended.
const STDERR_TAIL: usize = 4096;
/// Bytes read from a pipe at a time.
const PART: usize = 16 * 1024;
/// Events that nobody has taken from which on the pipes are read less often.
const MOST_UNREAD: usize = 1024;
/// How long what is written then gathers in its pipe, so that single bytes do not become an event each.
const REST: Duration = Duration::from_millis(10);

/// More output than the limit allows.
#[derive(Debug)]
pub(crate) struct Exceeded;

/// One of the two pipes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// The output of one task.
#[derive(Debug)]
pub(crate) struct Output<'task> {
    events: &'task EventSender,
    /// Bytes that may still come.
    left: u64,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    stderr_tail: Vec<u8>,
    part: Vec<u8>,
    rest_until: Option<Instant>,
}

impl<'task> Output<'task> {
    pub(crate) fn new(
        events: &'task EventSender,
        limit: u64,
        stdout: Option<pipe::Receiver>,
        stderr: Option<pipe::Receiver>,
    ) -> Self {
        let part = vec![0; PART];
        Self { events, left: limit, stdout, stderr, stderr_tail: Vec::new(), part, rest_until: None }
    }

    /// Bytes that may still come.
    pub(crate) fn left(&self) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX)
    }

    /// Waits until a pipe can be read. Safe to cancel.
    pub(crate) async fn next(&self) -> Stream {
        if let Some(until) = self.rest_until {
            tokio::time::sleep_until(until).await;
        }
        tokio::select! {
            () = readable(&self.stdout) => Stream::Stdout,
            () = readable(&self.stderr) => Stream::Stderr,
        }
    }

    /// Passes on what is in a pipe.
    pub(crate) fn read(&mut self, stream: Stream) -> Result<(), Exceeded> {
        let pipe = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        match pipe.as_ref().map_or(Ok(0), |pipe| pipe.try_read(&mut self.part)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Ok(0) | Err(_) => {
                *pipe = None;
                Ok(())
            }
            Ok(count) => {
                self.rest_until = (self.events.unread() > MOST_UNREAD).then(|| Instant::now() + REST);
                self.pass_on(stream, count)
            }
        }
    }

    /// What the task wrote before its end is in the pipes already; a process that outlives it cannot add to it.
    pub(crate) fn drain(&mut self) {
        for (stream, pipe) in [(Stream::Stdout, self.stdout.take()), (Stream::Stderr, self.stderr.take())] {
            let Some(pipe) = pipe else { continue };
            while let Ok(count @ 1..) = rustix::io::read(pipe.as_fd(), &mut self.part[..]) {
                if self.pass_on(stream, count).is_err() {
                    break;
                }
            }
        }
    }

    fn pass_on(&mut self, stream: Stream, count: usize) -> Result<(), Exceeded> {
        let bytes = &self.part[..count];
        if matches!(stream, Stream::Stderr) {
            self.stderr_tail.extend_from_slice(bytes);
            let excess = self.stderr_tail.len().saturating_sub(STDERR_TAIL);
            self.stderr_tail.drain(..excess);
        }
        let shown = bytes.len().min(self.left());
        if shown > 0 {
            // A copy takes no more room than it has bytes.
            let bytes = Bytes::copy_from_slice(&bytes[..shown]);
            self.events.send(match stream {
                Stream::Stdout => TaskEvent::Stdout(bytes),
                Stream::Stderr => TaskEvent::Stderr(bytes),
            });
        }
        self.charge(count)
    }

    /// Passes an event on and counts it as so many bytes of output.
    pub(crate) fn spend(&mut self, bytes: usize, event: TaskEvent) -> Result<(), Exceeded> {
        self.events.send(event);
        self.charge(bytes)
    }

    /// Counts bytes of output. After the first that are too many there are none left.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let bytes = bytes as u64;
        if bytes > self.left {
            self.left = 0;
            return Err(Exceeded);
        }
        self.left -= bytes;
        Ok(())
    }

    /// The last bytes of stderr.
    pub(crate) fn stderr_tail(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.stderr_tail)
    }
}

/// Never comes for a pipe that has ended.
async fn readable(pipe: &Option<pipe::Receiver>) {
    match pipe {
        // An error is found again when the pipe is read.
        Some(pipe) => drop(pipe.readable().await),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::task::events;

    #[tokio::test]
    async fn what_is_beyond_the_limit_is_not_passed_on_at_the_end() {
        let (sender, mut receiver) = events();
        let (stdout, inside) = rustix::pipe::pipe().unwrap();
        rustix::io::ioctl_fionbio(&stdout, true).unwrap();
        let stdout = pipe::Receiver::from_owned_fd(stdout).unwrap();
        let mut output = Output::new(&sender, 20_000, Some(stdout), None);
        std::fs::File::from(inside).write_all(&[b'x'; 60_000]).unwrap();
        output.drain();
        drop(output);
        drop(sender);
        let mut bytes = 0;
        while let Some(TaskEvent::Stdout(part)) = receiver.next().await {
            bytes += part.len();
        }
        assert_eq!(bytes, 20_000);
    }

    #[tokio::test]
    async fn output_that_nobody_takes_gathers_in_its_pipe() {
        let (sender, mut receiver) = events();
        let (stdout, inside) = rustix::pipe::pipe().unwrap();
        rustix::io::ioctl_fionbio(&stdout, true).unwrap();
        let stdout = pipe::Receiver::from_owned_fd(stdout).unwrap();
        let mut output = Output::new(&sender, 1 << 20, Some(stdout), None);
        let mut inside = std::fs::File::from(inside);
        while output.rest_until.is_none() {
            assert!(sender.unread() <= MOST_UNREAD + 1);
            inside.write_all(b"x").unwrap();
            let stream = output.next().await;
            output.read(stream).unwrap();
        }
        let events = sender.unread();
        for _ in 0..3 {
            inside.write_all(b"x").unwrap();
        }
        let stream = output.next().await;
        output.read(stream).unwrap();
        assert_eq!(sender.unread(), events + 1);
        while sender.unread() > 0 {
            receiver.next().await;
        }
        inside.write_all(b"x").unwrap();
        let stream = output.next().await;
        output.read(stream).unwrap();
        assert!(output.rest_until.is_none());
    }
}
