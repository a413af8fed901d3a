//! Programs and closures under the filter.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use stockade_sandbox::system_calls::{Denial, worker_filter};
use stockade_sandbox::{Listener, control};

/// Longer than any program here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Names of the calls that were denied, in order.
    pub(crate) denied: Vec<&'static str>,
}

/// Runs a program under the filter and answers its denied calls as a supervisor does.
pub(crate) fn run(command: &mut Command) -> Finished {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    let filter = worker_filter(Denial::Notify);
    let socket = theirs.as_raw_fd();
    // SAFETY: `install` and `send` make system calls only; `filter` was made before the fork.
    unsafe {
        command.pre_exec(move || {
            let listener = install(&filter, Denial::Notify)?;
            control::send(socket, b"listener", &[listener.as_raw_fd()])
        });
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(theirs);
    let mut buffer = [0; 16];
    let (_, mut descriptors) = control::receive(ours.as_raw_fd(), &mut buffer).unwrap();
    let listener = Listener::new(descriptors.pop().unwrap());
    let process = rustix::process::Pid::from_child(&child);
    let answering = std::thread::spawn(move || {
        let denied = answer(&listener);
        if denied.is_none() {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
        denied
    });
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Finished {
        status: output.status,
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        denied: answering.join().unwrap().expect("the program ends in time"),
    }
}

/// Denies calls until the last process with this filter is gone; `None` when that takes too long.
fn answer(listener: &Listener) -> Option<Vec<&'static str>> {
    let start = Instant::now();
    let mut denied = Vec::new();
    while start.elapsed() < PATIENCE {
        let mut ready = [PollFd::new(listener, PollFlags::IN)];
        let _ = poll(&mut ready, Some(&Duration::from_secs(1).try_into().unwrap()));
        let happened = ready[0].revents();
        if happened.contains(PollFlags::IN) {
            // The caller may have been killed in between.
            let Ok(call) = listener.next_call() else { continue };
            if call.is_harmless() {
                let _ = listener.let_through(&call);
            } else {
                let _ = listener.finish(&call, libc::EPERM);
                denied.push(call.name());
            }
        } else if happened.contains(PollFlags::HUP) {
            return Some(denied);
        }
    }
    None
}

/// Makes one call in a forked child under the filter without a listener; gives its `errno`, or 0 for success.
pub(crate) fn errno_of(number: libc::c_long, arguments: [usize; 6]) -> i32 {
    let status = in_child(|| {
        let [a, b, c, d, e, f] = arguments;
        // SAFETY: the tests pass numbers and pointers to constants.
        let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
        if result < 0 { io::Error::last_os_error().raw_os_error().unwrap_or(255) } else { 0 }
    });
    assert!(libc::WIFEXITED(status), "wait status {status:#x} for call {number}");
    libc::WEXITSTATUS(status)
}

/// Runs a closure that makes system calls only in a forked child under the filter; gives the wait status.
pub(crate) fn in_child(closure: impl FnOnce() -> i32) -> i32 {
    let filter = worker_filter(Denial::Errno);
    // SAFETY: the child makes system calls and ends without running anything of this process's.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let status = install(&filter, Denial::Errno).map_or(254, |_| closure());
        // SAFETY: ends the process.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status
}

/// Installs the filter in this process. Without a listener, what stands in for one is the process's input.
fn install(filter: &[libc::sock_filter], denial: Denial) -> io::Result<OwnedFd> {
    use std::os::fd::FromRawFd;
    let flags = match denial {
        Denial::Notify => libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
        Denial::Errno => 0,
    };
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: `program` and the filter that it points to outlive the call.
    let result = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel made the listener for us; descriptor 0 is not used afterwards.
    Ok(unsafe { OwnedFd::from_raw_fd(result as RawFd) })
}
