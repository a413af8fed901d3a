//! System calls that a filter leaves to the supervisor: the kernel asks, the supervisor answers (`seccomp_unotify(2)`).
//!
//! - [`Listener`]: takes calls and answers them.
//! - [`Call`]: one call, with what can be known of its arguments.

mod call;
mod memory;
mod socket_address;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

pub use call::{Call, CallSocket};

/// The listener of one worker's system call filter.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// `struct seccomp_notif`
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Notification {
    id: u64,
    process: u32,
    flags: u32,
    number: i32,
    architecture: u32,
    instruction: u64,
    arguments: [u64; 6],
}

/// `struct seccomp_notif_resp`
#[repr(C)]
struct Response {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

/// `struct seccomp_notif_addfd`
#[repr(C)]
struct Addition {
    id: u64,
    flags: u32,
    source: u32,
    target: u32,
    target_flags: u32,
}

const RECEIVE: libc::c_ulong = request(3, 0, size_of::<Notification>());
const SEND: libc::c_ulong = request(3, 1, size_of::<Response>());
const IS_VALID: libc::c_ulong = request(1, 2, size_of::<u64>());
const ADD: libc::c_ulong = request(1, 3, size_of::<Addition>());
/// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`: the kernel goes on with the call.
const CONTINUE: u32 = 1;
/// `SECCOMP_ADDFD_FLAG_SETFD`: at the number of `target`.
const SET: u32 = 1;

/// `_IOC('!', …)` of `linux/seccomp.h`; direction 1 writes, 3 writes and reads.
const fn request(direction: usize, number: usize, size: usize) -> libc::c_ulong {
    (direction << 30 | size << 16 | (b'!' as usize) << 8 | number) as libc::c_ulong
}

impl Listener {
    /// The listener that a worker has handed over.
    pub fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Takes one waiting call; whoever made it waits until it is answered. `WouldBlock` when there is none; `ENOENT`
    /// when the caller was killed in between.
    pub fn next_call(&self) -> io::Result<Call> {
        let mut readiness = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one live entry, and no waiting.
        let count = unsafe { libc::poll(&raw mut readiness, 1, 0) };
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // SAFETY: an all-zero notification is a valid one, and the kernel demands zeros.
        let mut notification: Notification = unsafe { std::mem::zeroed() };
        // SAFETY: RECEIVE fills a `struct seccomp_notif`.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE, &raw mut notification) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Call::new(&notification))
    }

    /// Makes the call fail with this error number, such as `EPERM`, or return 0 without doing anything if it is 0.
    pub fn finish(&self, call: &Call, error: i32) -> io::Result<()> {
        self.send(&Response { id: call.id(), value: 0, error: -error, flags: 0 })
    }

    /// Lets the kernel go on with the call, with the arguments that it has by then: other threads can change what lies
    /// behind its pointers. Only for calls whose plain numbers decide whether they are harmless.
    pub fn let_through(&self, call: &Call) -> io::Result<()> {
        self.send(&Response { id: call.id(), value: 0, error: 0, flags: CONTINUE })
    }

    /// Puts a copy of a descriptor in the place of the caller's descriptor `target`, which is closed; the copy is closed
    /// when the caller executes another program. The call still waits for its answer.
    pub fn replace(&self, call: &Call, target: i32, source: BorrowedFd<'_>) -> io::Result<()> {
        let (source, target) = (source.as_raw_fd() as u32, target as u32);
        let addition = Addition { id: call.id(), flags: SET, source, target, target_flags: libc::O_CLOEXEC as u32 };
        // SAFETY: ADD reads a `struct seccomp_notif_addfd`.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), ADD, &raw const addition) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Whether the caller still waits. What was read from its memory or its descriptors before this says yes was its
    /// own, and not that of another process with the same number.
    pub fn is_waiting(&self, call: &Call) -> bool {
        let id = call.id();
        // SAFETY: IS_VALID reads one number.
        unsafe { libc::ioctl(self.0.as_raw_fd(), IS_VALID, &raw const id) == 0 }
    }

    fn send(&self, response: &Response) -> io::Result<()> {
        // SAFETY: SEND reads a `struct seccomp_notif_resp`.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), SEND, std::ptr::from_ref(response)) } < 0 {
            let error = io::Error::last_os_error();
            // The caller was killed before the answer, which it needs no more.
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
        }
        Ok(())
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_are_those_of_the_kernel_header() {
        assert_eq!((RECEIVE, SEND), (0xc050_2100, 0xc018_2101));
        assert_eq!((IS_VALID, ADD), (0x4008_2102, 0x4018_2103));
    }
}
