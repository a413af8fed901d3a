//! Trying something in a forked process, which tells step by step what the kernel answered.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::pipe::{PipeFlags, pipe_with};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    UserNamespace,
    IdentityMap,
    MountNamespace,
    Mount,
    PidNamespace,
    FirstProcess,
    NetworkNamespace,
    IpcNamespace,
    NestedUserNamespace,
    ResourceLimits,
    NoNewPrivileges,
    Filter,
}

impl Step {
    const ALL: [Self; 12] = [
        Self::UserNamespace,
        Self::IdentityMap,
        Self::MountNamespace,
        Self::Mount,
        Self::PidNamespace,
        Self::FirstProcess,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::NestedUserNamespace,
        Self::ResourceLimits,
        Self::NoNewPrivileges,
        Self::Filter,
    ];
}

/// What the kernel answered to one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) step: Step,
    /// `errno`, or 0 for success.
    pub(super) error: i32,
}

/// Bytes of an answer on its way through the pipe: the step and the error.
const ANSWER_LENGTH: usize = 5;

/// The child's end: it reports, and can wait for its parent.
pub(super) struct Reporter<'a> {
    report: BorrowedFd<'a>,
    go: BorrowedFd<'a>,
}

impl Reporter<'_> {
    /// Reports the result of a system call that has just returned, and whether it succeeded.
    pub(super) fn answer(&self, step: Step, result: libc::c_long) -> bool {
        // SAFETY: `errno` belongs to this thread.
        let error = if result < 0 { unsafe { *libc::__errno_location() } } else { 0 };
        let [a, b, c, d] = error.to_ne_bytes();
        // A parent that is gone needs no answer.
        let _ = rustix::io::write(self.report, &[step as u8, a, b, c, d]);
        error == 0
    }

    /// Waits until the parent lets it go on; `false` when the parent is gone.
    pub(super) fn wait(&self) -> bool {
        rustix::io::read(self.go, &mut [0_u8; 1]) == Ok(1)
    }
}

/// Runs `child` in a forked process. After its first answer, while it may be waiting, `parent` gets its id and decides
/// whether it may go on.
///
/// # Safety
/// `child` runs in a copy of this process whose other threads are gone, perhaps with locks held. It must make system
/// calls only: no allocation, nothing that takes a lock.
///
/// # Errors
/// Of `pipe2(2)` and `fork(2)`; `UnexpectedEof` when the child was killed before its first answer.
pub(super) unsafe fn try_in_child(
    child: impl FnOnce(&Reporter<'_>),
    parent: impl FnOnce(libc::pid_t) -> bool,
) -> io::Result<Vec<Answer>> {
    let (answers, report) = pipe_with(PipeFlags::CLOEXEC)?;
    let (go_inside, go) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the child does nothing that the contract of this function excludes, and ends with `_exit`.
    let process = unsafe { libc::fork() };
    if process == 0 {
        // The child's own copy of the other end must not keep it waiting when its parent is gone.
        // SAFETY: the descriptor is this copy's own, and this copy never drops `go`.
        unsafe { libc::close(go.as_raw_fd()) };
        child(&Reporter { report: std::os::fd::AsFd::as_fd(&report), go: std::os::fd::AsFd::as_fd(&go_inside) });
        // SAFETY: ends the process without running anything of the parent's.
        unsafe { libc::_exit(0) }
    }
    if process < 0 {
        return Err(io::Error::last_os_error());
    }
    drop((report, go_inside));
    let result = read(answers, go, || parent(process));
    let mut status = 0;
    // SAFETY: `status` outlives the call. The child ends by itself: its waits end with the pipes.
    while unsafe { libc::waitpid(process, &raw mut status, 0) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
    result
}

fn read(answers: OwnedFd, go: OwnedFd, parent: impl FnOnce() -> bool) -> io::Result<Vec<Answer>> {
    let mut answers = std::fs::File::from(answers);
    let mut bytes = vec![0; ANSWER_LENGTH];
    answers.read_exact(&mut bytes)?;
    let mut go = std::fs::File::from(go);
    if parent() {
        // A child that does not wait has perhaps ended already.
        let _ = go.write_all(b"g");
    }
    drop(go);
    answers.read_to_end(&mut bytes)?;
    let decode = |bytes: &[u8]| {
        let [step, error @ ..] = *bytes.first_chunk::<ANSWER_LENGTH>()?;
        Some(Answer { step: *Step::ALL.get(usize::from(step))?, error: i32::from_ne_bytes(error) })
    };
    Ok(bytes.chunks(ANSWER_LENGTH).filter_map(decode).collect())
}
