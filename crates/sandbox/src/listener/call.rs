//! One call that waits for an answer.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags};

use super::memory::Memory;
use super::socket_address::{self, encode, parse};
use super::{Listener, Notification};
use crate::system_calls;

/// A call that a process behind a filter has made and that waits for its answer.
#[derive(Debug)]
pub struct Call {
    id: u64,
    /// The thread, as the supervisor numbers it.
    thread: u32,
    number: i32,
    /// Its arguments: plain numbers, and addresses in the caller's memory.
    pub arguments: [u64; 6],
}

/// What a descriptor of the caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSocket {
    /// A stream of IPv4 or IPv6.
    pub is_internet_stream: bool,
    /// Calls on it do not wait.
    pub is_nonblocking: bool,
}

impl Call {
    pub(super) fn new(notification: &Notification) -> Self {
        let Notification { id, process, number, arguments, .. } = *notification;
        Self { id, thread: process, number, arguments }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Number of the call on this architecture.
    pub fn number(&self) -> libc::c_long {
        self.number.into()
    }

    /// Name of the call, such as `socket`.
    pub fn name(&self) -> &'static str {
        system_calls::name(self.number()).unwrap_or("an unknown system call")
    }

    /// Whether it may go on whoever makes it. The supervisor is asked because it may have a better answer.
    pub fn is_harmless(&self) -> bool {
        matches!(self.number(), libc::SYS_getsockname | libc::SYS_getpeername)
    }

    /// An argument that the kernel takes as an `int`.
    pub fn integer(&self, index: usize) -> i32 {
        self.arguments[index] as i32
    }

    /// The address that `connect(2)` is called with. `None` for one that is of another family or malformed. Valid only
    /// if [`Listener::is_waiting`] says so afterwards.
    pub fn destination(&self) -> io::Result<Option<SocketAddr>> {
        let size = usize::try_from(self.arguments[2]).unwrap_or(usize::MAX).min(socket_address::SIZE);
        let mut bytes = [0; socket_address::SIZE];
        let read = self.memory().read(self.arguments[1], &mut bytes[..size])?;
        Ok(parse(&bytes[..read]))
    }

    /// Writes an address where `getpeername(2)` and `getsockname(2)` want theirs.
    pub fn give_address(&self, listener: &Listener, address: SocketAddr) -> io::Result<()> {
        let memory = self.memory();
        let mut room = [0; size_of::<libc::socklen_t>()];
        memory.read(self.arguments[2], &mut room)?;
        let bytes = encode(address);
        let written = (libc::socklen_t::from_ne_bytes(room) as usize).min(bytes.len());
        let memory = memory.for_writing();
        if !listener.is_waiting(self) {
            return Err(io::ErrorKind::NotFound.into());
        }
        memory.write(self.arguments[1], &bytes[..written])?;
        memory.write(self.arguments[2], &(bytes.len() as libc::socklen_t).to_ne_bytes())
    }

    fn memory(&self) -> Memory {
        Memory::of(self.thread)
    }

    /// What tells the caller's descriptor of this number from all others of this machine: the number of its inode. Valid
    /// only if [`Listener::is_waiting`] says so afterwards.
    pub fn inode(&self, descriptor: i32) -> io::Result<u64> {
        Ok(rustix::fs::fstat(self.copy_of(descriptor)?)?.st_ino)
    }

    /// What the caller's descriptor of this number is. Valid only if [`Listener::is_waiting`] says so
    /// afterwards.
    pub fn socket(&self, descriptor: i32) -> io::Result<CallSocket> {
        let copy = self.copy_of(descriptor)?;
        let family = sockopt::socket_domain(&copy)?;
        let is_internet = family == AddressFamily::INET || family == AddressFamily::INET6;
        Ok(CallSocket {
            is_internet_stream: is_internet && sockopt::socket_type(&copy)? == SocketType::STREAM,
            is_nonblocking: rustix::fs::fcntl_getfl(&copy)?.contains(rustix::fs::OFlags::NONBLOCK),
        })
    }

    fn copy_of(&self, descriptor: i32) -> io::Result<OwnedFd> {
        let process = rustix::process::pidfd_open(self.process()?, PidfdFlags::empty())?;
        Ok(rustix::process::pidfd_getfd(process, descriptor, PidfdGetfdFlags::empty())?)
    }

    /// The process of the thread (`proc_pid_status(5)`, `Tgid`).
    fn process(&self) -> io::Result<Pid> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.thread))?;
        let number =
            status.lines().find_map(|line| line.strip_prefix("Tgid:")).and_then(|text| text.trim().parse().ok());
        number.and_then(Pid::from_raw).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}
