//! Waiting for descriptors that tokio has no type for.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::listener::Listener;

/// A value that owns one descriptor, gives the same one every time and closes it only when it is dropped.
pub trait OwnsDescriptor: AsRawFd + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for OwnedFd {}
impl sealed::Sealed for Arc<OwnedFd> {}
impl sealed::Sealed for Listener {}
impl OwnsDescriptor for OwnedFd {}
impl OwnsDescriptor for Arc<OwnedFd> {}
impl OwnsDescriptor for Listener {}

/// Registers a descriptor, so that its readiness can be waited for. It should not block.
pub fn watch<T: OwnsDescriptor>(owner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: the sealed trait is only implemented for types that own their descriptor, give it unchanged and keep it
    // open as long as they live, which is as long as the AsyncFd holds them.
    unsafe { AsyncFd::register_with_interest(owner, interest) }.map_err(|error| error.into_parts().1)
}
