//! Connections that the supervisor makes for a task.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as Pair;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stockade_egress::{NAME_SERVER, Session, name_server, relay};
use stockade_sandbox::{Call, CallSocket, Listener};
use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Bytes that fill a new pair, so that it is not ready for writing until its connection is made: more than a quarter of
/// the default buffer of 208 KiB (`unix_writable` in the kernel's `net/unix/af_unix.c`).
const FILLING: usize = 64 * 1024;
/// What a worker's end of a connection is told to be.
const OWN_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A call of `connect` that was granted and waits for its answer.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) listener: Arc<AsyncFd<Listener>>,
    pub(crate) call: Call,
    pub(crate) socket: CallSocket,
    pub(crate) destination: SocketAddr,
    pub(crate) peers: Peers,
}

/// The hosts behind a worker's sockets, by the inode of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers(Arc<Mutex<HashMap<u64, SocketAddr>>>);

impl Peers {
    /// Answers `getpeername` and `getsockname`. Sockets that are not of these connections are the task's own pairs.
    pub(crate) fn answer(&self, listener: &Listener, call: &Call) -> io::Result<()> {
        let peer = call.inode(call.integer(0)).ok().and_then(|inode| self.lock().get(&inode).copied());
        let Some(peer) = peer.filter(|_| listener.is_waiting(call)) else { return listener.let_through(call) };
        let address = if call.number() == libc::SYS_getpeername { peer } else { OWN_ADDRESS };
        match call.give_address(listener, address) {
            Ok(()) => listener.finish(call, 0),
            Err(_) => listener.finish(call, libc::EFAULT),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the connection and carries its bytes until one side ends it.
pub(crate) async fn make(request: Request, session: Session) {
    if request.destination == NAME_SERVER {
        answer_look_ups(request, session).await;
    } else if request.socket.is_nonblocking {
        connect_meanwhile(request, session).await;
    } else {
        connect(request, session).await;
    }
}

async fn answer_look_ups(request: Request, session: Session) {
    let Ok((ours, theirs)) = pair(request.socket.is_nonblocking) else { return request.fail(libc::ENOBUFS) };
    if request.hand_over(theirs, 0)
        && let Err(error) = name_server::serve(ours, session).await
    {
        tracing::debug!(%error, "a look-up of a task has failed");
    }
}

/// The caller waits until the connection is made.
async fn connect(request: Request, session: Session) {
    let destination = request.destination;
    let made = match session.connect(destination).await {
        Ok(host) => pair(false).map(|ends| (host, ends)),
        Err(error) => Err(error),
    };
    match made {
        Ok((host, (ours, theirs))) => {
            if request.hand_over(theirs, 0) {
                relay::carry(ours, host, destination, session).await;
            }
        }
        Err(error) => request.fail(errno(&error)),
    }
}

/// The caller goes on with a socket that is still connecting, as it does with one of its own.
async fn connect_meanwhile(request: Request, session: Session) {
    let destination = request.destination;
    let Ok((mut ours, mut theirs)) = pair(true) else { return request.fail(libc::ENOBUFS) };
    let is_full = theirs.write(&[0; FILLING]).is_ok_and(|count| count == FILLING);
    if !is_full {
        return request.fail(libc::ENOBUFS);
    }
    if !request.hand_over(theirs, libc::EINPROGRESS) {
        return;
    }
    // When this fails, the worker's end is reset, because it has sent bytes that nobody read.
    let Ok(host) = session.connect(destination).await else { return };
    if empty(&mut ours).await.is_ok() {
        relay::carry(ours, host, destination, session).await;
    }
}

async fn empty(ours: &mut UnixStream) -> io::Result<()> {
    let mut filling = vec![0; FILLING];
    ours.read_exact(&mut filling).await.map(drop)
}

/// Our end and the worker's.
fn pair(is_nonblocking: bool) -> io::Result<(UnixStream, Pair)> {
    let (ours, theirs) = Pair::pair()?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(is_nonblocking)?;
    Ok((UnixStream::from_std(ours)?, theirs))
}

impl Request {
    /// Puts the worker's end where its socket was, and answers the call with an error number or, if it is 0, with
    /// success. `false`: the caller is no more.
    fn hand_over(self, theirs: Pair, error: i32) -> bool {
        let listener = self.listener.get_ref();
        if let Ok(about) = rustix::fs::fstat(&theirs) {
            self.peers.lock().insert(about.st_ino, self.destination);
        }
        let placed = listener.replace(&self.call, self.call.integer(0), theirs.as_fd());
        placed.is_ok() && listener.finish(&self.call, error).is_ok()
    }

    fn fail(self, error: i32) {
        // An error here is the end of the caller.
        let _ = self.listener.get_ref().finish(&self.call, error);
    }
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(match error.kind() {
        io::ErrorKind::TimedOut => libc::ETIMEDOUT,
        io::ErrorKind::PermissionDenied => libc::EACCES,
        _ => libc::ECONNABORTED,
    })
}
