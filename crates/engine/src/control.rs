//! The supervisor's end of a zygote's control socket.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use stockade_sandbox::control::{self, MAXIMUM_MESSAGE, Request, ZygoteMessage};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Sends fork requests and receives what the zygote says.
#[derive(Debug)]
pub(crate) struct Control(AsyncFd<OwnedFd>);

impl Control {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        stockade_sandbox::watch(socket, Interest::READABLE | Interest::WRITABLE).map(Self)
    }

    /// Sends a request with its descriptors.
    pub(crate) async fn request(&self, request: &Request, descriptors: &[RawFd]) -> io::Result<()> {
        let bytes = request.encode();
        loop {
            match control::send(self.0.as_raw_fd(), &bytes, descriptors) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.0.writable().await?.clear_ready(),
                result => return result,
            }
        }
    }

    /// The next message and its descriptor; `None` when the zygote is gone.
    pub(crate) async fn receive(&self) -> io::Result<Option<(ZygoteMessage, Option<OwnedFd>)>> {
        let mut buffer = vec![0; MAXIMUM_MESSAGE];
        loop {
            let mut ready = self.0.readable().await?;
            match ready.try_io(|socket| control::receive(socket.as_raw_fd(), &mut buffer)) {
                Ok(Ok((0, _))) => return Ok(None),
                Ok(Ok((count, mut descriptors))) => {
                    let message = ZygoteMessage::decode(&buffer[..count]).ok_or(io::ErrorKind::InvalidData)?;
                    return Ok(Some((message, descriptors.pop())));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
    }

    /// Ends the conversation: the zygote, its launcher and all their workers end.
    pub(crate) fn close(&self) {
        // The zygote may be gone already: ENOTCONN.
        let _ = rustix::net::shutdown(self.0.get_ref(), rustix::net::Shutdown::Both);
    }
}
