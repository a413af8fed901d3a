//! Denied system calls: the kernel asks, the supervisor answers `EPERM` and remembers the name
//! (`seccomp_unotify(2)`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use crate::system_calls;

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

const RECEIVE: libc::c_ulong = request(0, size_of::<Notification>());
const SEND: libc::c_ulong = request(1, size_of::<Response>());

/// `_IOWR('!', number, size)` of `linux/seccomp.h`.
const fn request(number: usize, size: usize) -> libc::c_ulong {
    (3 << 30 | size << 16 | (b'!' as usize) << 8 | number) as libc::c_ulong
}

impl Listener {
    /// The listener that a worker has handed over.
    pub fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Takes one waiting call, answers `EPERM` and gives the call's name. Blocks until there is one: call it when the
    /// descriptor is readable. `ENOENT` means that the caller was killed in between.
    pub fn deny_next(&self) -> io::Result<&'static str> {
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
        let response = Response { id: notification.id, value: 0, error: -libc::EPERM, flags: 0 };
        // SAFETY: SEND reads a `struct seccomp_notif_resp`.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), SEND, &raw const response) } < 0 {
            let error = io::Error::last_os_error();
            // The caller was killed before the answer; its call was denied all the same.
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
        }
        Ok(system_calls::name(notification.number.into()).unwrap_or("an unknown system call"))
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
        assert_eq!(RECEIVE, 0xc050_2100);
        assert_eq!(SEND, 0xc018_2101);
    }
}
