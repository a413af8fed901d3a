//! Tries the namespaces as Stockade makes them: the user namespace first, the others with the privilege inside it.

use std::fs;
use std::io;

use super::facts::Facts;
use super::probe::{Answer, Reporter, Step, try_in_child};
use crate::identity::Identity;

/// Makes all namespaces in one forked process, however many of them fail.
pub(super) fn try_all(facts: &Facts) -> io::Result<Vec<Answer>> {
    let identity = facts.identity;
    let nested = matches!(identity, Identity::Single { .. });
    let mut mapped = Ok(());
    let map = |process| {
        mapped = write_identity_map(process, &identity);
        mapped.is_ok()
    };
    // SAFETY: `make_all` makes system calls only.
    let mut answers = unsafe { try_in_child(|reporter| make_all(reporter, nested), map) }?;
    let error = mapped.err().map_or(0, |error| error.raw_os_error().unwrap_or(libc::EIO));
    answers.push(Answer { step: Step::IdentityMap, error });
    Ok(answers)
}

fn make_all(reporter: &Reporter<'_>, nested: bool) {
    // SAFETY: takes no pointers.
    let unshare = |step, namespace| reporter.answer(step, unsafe { libc::unshare(namespace) }.into());
    if !unshare(Step::UserNamespace, libc::CLONE_NEWUSER) || !reporter.wait() {
        return;
    }
    if unshare(Step::MountNamespace, libc::CLONE_NEWNS) {
        reporter.answer(Step::Mount, mount_file_system().into());
    }
    if unshare(Step::PidNamespace, libc::CLONE_NEWPID) {
        reporter.answer(Step::FirstProcess, fork_once().into());
    }
    unshare(Step::NetworkNamespace, libc::CLONE_NEWNET);
    unshare(Step::IpcNamespace, libc::CLONE_NEWIPC);
    if nested {
        // Without privilege each worker gets a user namespace of its own within that of its zygote.
        unshare(Step::NestedUserNamespace, libc::CLONE_NEWUSER);
    }
}

/// Mounts an empty `tmpfs`, of which the host sees nothing: mounts of a namespace that belongs to another user
/// namespace do not propagate (`mount_namespaces(7)`).
fn mount_file_system() -> libc::c_int {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    // SAFETY: all strings are NUL-terminated and there are no options.
    unsafe { libc::mount(c"probe".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr(), flags, std::ptr::null()) }
}

/// Makes the first process of the new pid namespace and waits for its end.
fn fork_once() -> libc::c_int {
    // SAFETY: the new process ends at once.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(0),
            ..0 => -1,
            process => {
                libc::waitpid(process, std::ptr::null_mut(), 0);
                0
            }
        }
    }
}

fn write_identity_map(process: libc::pid_t, identity: &Identity) -> io::Result<()> {
    let write = |file: &str, text: &str| fs::write(format!("/proc/{process}/{file}"), text);
    if matches!(identity, Identity::Single { .. }) {
        write("setgroups", "deny")?;
    }
    write("uid_map", &identity.map(false))?;
    write("gid_map", &identity.map(true))
}
