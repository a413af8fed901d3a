//! System calls that a worker's filter leaves to the supervisor: denied and named, or granted to a task with a network.
//!
//! A task that may reach hosts makes the same calls as any program. Its own sockets lead nowhere: they are in a network
//! namespace without interfaces. On `connect` the supervisor makes the connection, if the task may have it, and puts one
//! end of a pair of sockets in the place of the caller's.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use stockade_egress::{NAME_SERVER, Session};
use stockade_protocol::NetworkUsage;
use stockade_sandbox::{Call, CallSocket, Listener};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;

use crate::connection::{self, Peers};

/// Denied system calls that are answered with `EPERM` and remembered; from then on the kernel answers `ENOSYS` by
/// itself, so that a task cannot keep the supervisor busy.
const MAXIMUM_DENIALS: usize = 64;
/// Calls of a task that are looked at, which are some for each of its connections; later ones are denied unseen.
const MAXIMUM_CALLS: usize = 4096;
/// Connections and look-ups that are open at one time; each takes descriptors and memory of the supervisor.
const MAXIMUM_OPEN: usize = 100;
/// Where the bits of `socket(2)`'s type end and its flags begin (`include/linux/net.h`).
const SOCKET_TYPE_MASK: i32 = 0xf;

/// The calls of one worker that has a task.
#[derive(Debug)]
pub(crate) struct Calls {
    listener: Option<Arc<AsyncFd<Listener>>>,
    network: Option<Session>,
    /// Connections and look-ups; they end with the task.
    connections: JoinSet<()>,
    /// Which hosts the worker's sockets of those connections lead to.
    peers: Peers,
    calls: usize,
    denials: usize,
    denied: Vec<String>,
}

/// What becomes of a call that the filter does not allow by itself.
enum Ruling {
    /// It goes on as it is.
    LetThrough,
    /// It succeeds without doing anything.
    Pretend,
    /// It fails like this, and nobody needs to be told.
    Fail(i32),
    /// It is answered with the address of a connection, or goes on.
    Address,
    /// It is answered by a connection.
    Connect(CallSocket, SocketAddr),
    /// It fails and is named in the outcome.
    Deny,
}

impl Calls {
    pub(crate) fn new(listener: Option<AsyncFd<Listener>>, network: Option<Session>) -> Self {
        Self {
            listener: listener.map(Arc::new),
            network,
            connections: JoinSet::new(),
            peers: Peers::default(),
            calls: 0,
            denials: 0,
            denied: Vec::new(),
        }
    }

    /// The next call; `None` when there will be none. Safe to cancel.
    pub(crate) async fn next(&self) -> Option<Call> {
        next(self.listener.as_deref()).await
    }

    /// Answers a call that [`Calls::next`] gave.
    pub(crate) fn handle(&mut self, call: Option<Call>) {
        let Some((listener, call)) = self.listener.clone().zip(call) else {
            self.listener = None;
            return;
        };
        let ruling = match &self.network {
            _ if self.calls >= MAXIMUM_CALLS => Ruling::Deny,
            Some(network) => rule(listener.get_ref(), &call, network),
            None if call.is_harmless() => Ruling::LetThrough,
            None => Ruling::Deny,
        };
        self.calls += 1;
        let answered = match (ruling, &self.network) {
            (Ruling::LetThrough, _) => listener.get_ref().let_through(&call),
            (Ruling::Pretend, _) => listener.get_ref().finish(&call, 0),
            (Ruling::Fail(error), _) => listener.get_ref().finish(&call, error),
            (Ruling::Address, _) => self.peers.answer(listener.get_ref(), &call),
            (Ruling::Connect(socket, destination), Some(network)) => {
                while self.connections.try_join_next().is_some() {}
                if self.connections.len() < MAXIMUM_OPEN {
                    let peers = self.peers.clone();
                    let request = connection::Request { listener, call, socket, destination, peers };
                    self.connections.spawn(connection::make(request, network.clone()));
                    return;
                }
                listener.get_ref().finish(&call, libc::EMFILE)
            }
            (Ruling::Deny | Ruling::Connect(..), _) => {
                self.remember(call.name());
                listener.get_ref().finish(&call, libc::EPERM)
            }
        };
        if answered.is_err() || self.denials >= MAXIMUM_DENIALS {
            self.listener = None;
        }
    }

    fn remember(&mut self, name: &str) {
        self.denials += 1;
        if !self.denied.iter().any(|known| known == name) {
            self.denied.push(name.to_owned());
        }
    }

    /// Names of the calls that were denied, in order of first use.
    pub(crate) fn denied(&mut self) -> Vec<String> {
        std::mem::take(&mut self.denied)
    }

    /// What the task did with its network, if it had one.
    pub(crate) fn network_usage(&self) -> Option<NetworkUsage> {
        self.network.as_ref().map(Session::usage)
    }
}

/// The next call that waits behind a listener; `None` when the listener is of no more use.
pub(crate) async fn next(listener: Option<&AsyncFd<Listener>>) -> Option<Call> {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        let mut ready = listener.readable().await.ok()?;
        // Every process behind the filter is gone: the descriptor stays readable and nothing comes any more.
        let is_last = ready.ready().is_read_closed();
        match ready.try_io(|listener| listener.get_ref().next_call()) {
            Ok(Ok(call)) => return Some(call),
            Ok(Err(error)) if is_last || !may_go_on(&error) => return None,
            // The caller was killed before its call could be answered.
            Ok(Err(_)) => ready.clear_ready(),
            Err(_would_block) => {}
        }
    }
}

fn may_go_on(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR))
}

/// Rules on a call of a task that has a network.
fn rule(listener: &Listener, call: &Call, network: &Session) -> Ruling {
    match call.number() {
        libc::SYS_socket => match (call.integer(0), call.integer(1) & SOCKET_TYPE_MASK, call.integer(2)) {
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => Ruling::LetThrough,
            // How the C library asks which kinds of addresses there are; it tries all when it is not told.
            (libc::AF_NETLINK, ..) => Ruling::Fail(libc::EAFNOSUPPORT),
            _ => Ruling::Deny,
        },
        // Options of a connection that is made elsewhere.
        libc::SYS_setsockopt => match (call.integer(1), call.integer(2)) {
            (libc::IPPROTO_TCP | libc::IPPROTO_IP | libc::IPPROTO_IPV6, _)
            | (libc::SOL_SOCKET, libc::SO_KEEPALIVE | libc::SO_REUSEADDR | libc::SO_LINGER) => Ruling::Pretend,
            _ => Ruling::Deny,
        },
        libc::SYS_getsockname | libc::SYS_getpeername => Ruling::Address,
        // Clients give their end an address before they connect, and libraries see by it whether there is IPv6.
        libc::SYS_bind => Ruling::Fail(libc::EADDRNOTAVAIL),
        libc::SYS_connect => {
            let (Ok(socket), Ok(Some(destination))) = (call.socket(call.integer(0)), call.destination()) else {
                return Ruling::Deny;
            };
            if !listener.is_waiting(call) || !socket.is_internet_stream {
                return Ruling::Deny;
            }
            if destination != NAME_SERVER && network.admit(destination).is_err() {
                return Ruling::Fail(libc::EACCES);
            }
            Ruling::Connect(socket, destination)
        }
        _ => Ruling::Deny,
    }
}
