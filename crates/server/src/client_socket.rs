//! The socket of one client, which takes a place as long as it is open and must not stand still.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

/// The socket of one client. Whoever holds it last, HTTP or a WebSocket, gives its place back.
///
/// A write that the client lets stand still for `write_timeout` fails with [`io::ErrorKind::TimedOut`]. While there is
/// nothing to write, nothing is timed.
#[derive(Debug)]
pub(crate) struct ClientSocket {
    stream: TcpStream,
    write_timeout: Duration,
    /// Ends when the write that stands still has done so for too long; `None` while none does.
    standstill: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl ClientSocket {
    pub(crate) fn new(stream: TcpStream, write_timeout: Duration, place: OwnedSemaphorePermit) -> Self {
        Self { stream, write_timeout, standstill: None, _place: place }
    }

    /// Passes on what became of a write, and ends one that stands still.
    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.standstill = None;
            return written;
        }
        let until = Instant::now() + self.write_timeout;
        let standstill = self.standstill.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(standstill.as_mut().poll(context));
        // What the client has not taken would stay in the memory of the kernel for minutes after the close.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ClientSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let written = Pin::new(&mut socket.stream).poll_write(context, bytes);
        socket.watch(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let written = Pin::new(&mut socket.stream).poll_write_vectored(context, parts);
        socket.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
