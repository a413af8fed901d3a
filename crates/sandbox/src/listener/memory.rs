//! The memory of a process that waits for an answer.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;

/// The memory of a thread's process.
pub(super) struct Memory {
    thread: u32,
    /// Holds on to this memory, whatever becomes of the number of the thread (`proc_pid_mem(5)`).
    file: Option<File>,
}

impl Memory {
    pub(super) fn of(thread: u32) -> Self {
        Self { thread, file: None }
    }

    /// Reads what is there, up to the length of `into`; a thread that has ended, and whose number another has by now,
    /// is told by asking the listener afterwards.
    pub(super) fn read(&self, address: u64, into: &mut [u8]) -> io::Result<usize> {
        let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: into.len() };
        let mut local = [IoSliceMut::new(into)];
        // SAFETY: `IoSliceMut` is an `iovec`; the kernel checks the address, which is one of another process.
        let read = unsafe {
            libc::process_vm_readv(self.thread as i32, local.as_mut_ptr().cast(), 1, &raw const remote, 1, 0)
        };
        usize::try_from(read).map_err(|_| io::Error::last_os_error())
    }

    /// Takes hold of the memory. Whoever asks the listener after this knows whose it is. The file belongs to root; a
    /// supervisor that is not root goes without, and reaches no processes but its own user's by their numbers.
    pub(super) fn for_writing(mut self) -> Self {
        self.file = OpenOptions::new().write(true).open(format!("/proc/{}/mem", self.thread)).ok();
        self
    }

    /// Writes all of it.
    pub(super) fn write(&self, address: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(file) = &self.file else { return self.write_by_number(address, bytes) };
        file.write_all_at(bytes, address)
    }

    fn write_by_number(&self, address: u64, bytes: &[u8]) -> io::Result<()> {
        if rustix::process::geteuid().is_root() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: bytes.len() };
        let local = [IoSlice::new(bytes)];
        // SAFETY: `IoSlice` is an `iovec`; the kernel checks the address, which is one of another process.
        let written =
            unsafe { libc::process_vm_writev(self.thread as i32, local.as_ptr().cast(), 1, &raw const remote, 1, 0) };
        if usize::try_from(written) == Ok(bytes.len()) { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
