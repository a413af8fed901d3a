//! What a worker does between its fork and its task: it builds the walls that are its own and gives up everything
//! that it does not need.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::control::{Failure, ForkRequest, TASK_DIRECTORY_FAILURE};
use crate::inheritance::{self, Inherited};
use crate::plan::{
    HOST_PROCESSES, ResourceLimit, SOCKET, TASK_DIRECTORIES, TASK_DIRECTORY, TEMPORARY_DIRECTORY, WorkerPlan,
};
use crate::{capabilities, frames, landlock, system};

/// Builds the worker's walls; tells the supervisor and ends the process when one cannot be built.
pub(crate) fn set_up(
    plan: &WorkerPlan,
    request: &ForkRequest,
    descriptors: Vec<OwnedFd>,
    namespace: OwnedFd,
    inherited: &[Inherited],
) {
    if let Err(failure) = build(plan, request, descriptors, namespace, inherited) {
        let _ = frames::send(frames::FAILED, &failure.encode(), None);
        system::exit_now(70);
    }
}

fn build(
    plan: &WorkerPlan,
    request: &ForkRequest,
    descriptors: Vec<OwnedFd>,
    namespace: OwnedFd,
    inherited: &[Inherited],
) -> Result<(), Failure> {
    let failed = |wall: &'static str, step: &'static str| move |error: io::Error| Failure::new(wall, step, &error);
    let [socket, stdout, stderr, groups @ ..] = &descriptors[..] else {
        return Err(Failure::new("start", "find a worker's descriptors", &io::ErrorKind::InvalidInput.into()));
    };
    // From here on the control socket is closed and failures go to the worker's own socket.
    for (descriptor, place) in [(socket, SOCKET), (stdout, 1), (stderr, 2)] {
        system::duplicate_onto(descriptor.as_raw_fd(), place).map_err(failed("start", "place a descriptor"))?;
    }
    for group in groups {
        system::write_once(group.as_raw_fd(), b"0").map_err(failed("cgroup", "join the worker's cgroup"))?;
    }
    private_files(plan, request)?;
    let identity =
        if plan.nested_user_namespace { nest_user_namespace(request.user) } else { become_user(request.user) };
    identity.map_err(failed("user-namespace", "become the worker's user"))?;
    capabilities::drop_all().map_err(failed("no-new-privileges", "drop capabilities"))?;

    let per_request = [
        ResourceLimit { resource: libc::RLIMIT_NPROC, value: request.processes },
        ResourceLimit { resource: libc::RLIMIT_FSIZE, value: request.file_bytes },
        ResourceLimit { resource: libc::RLIMIT_DATA, value: request.data_bytes },
    ];
    for limit in per_request.iter().filter(|limit| limit.value > 0) {
        system::limit_resource(limit.resource, limit.value).map_err(failed("rlimit", "set a resource limit"))?;
    }
    leave_the_zygote(request).map_err(failed("start", "leave the zygote's session"))?;
    if !plan.landlock.is_empty() {
        landlock::restrict(&plan.landlock).map_err(failed("landlock", "restrict the file system"))?;
    }
    drop(namespace);
    drop(descriptors);
    system::close(HOST_PROCESSES);
    inheritance::open_input().map_err(failed("start", "open standard input"))?;
    if plan.keep_descriptors { inheritance::let_go(inherited) } else { system::close_from(SOCKET + 1) }
        .map_err(failed("start", "let go of the zygote's files"))?;
    // The last limit: with it the listener could not be sent while another task has many descriptors on their way.
    let limit_open_files = || match plan.open_files {
        0 => Ok(()),
        count => system::limit_resource(libc::RLIMIT_NOFILE, count),
    };
    let listener = install_filter(plan).map_err(failed("seccomp", "install the system call filter"))?;
    frames::send(frames::LISTENER, b"", listener.as_ref().map(AsRawFd::as_raw_fd))
        .map_err(failed("seccomp", "hand over the system call listener"))?;
    limit_open_files().map_err(failed("rlimit", "limit open files"))
}

/// A private `/tmp`, and the task's own directory instead of all of them.
fn private_files(plan: &WorkerPlan, request: &ForkRequest) -> Result<(), Failure> {
    let failed = |step: &'static str| move |error: io::Error| Failure::new("mount-namespace", step, &error);
    let of_task = |step: &'static str| move |error: io::Error| Failure::new(TASK_DIRECTORY_FAILURE, step, &error);
    system::unshare(libc::CLONE_NEWNS).map_err(failed("make a mount namespace"))?;
    let options =
        format!("mode=1777,size={},nr_inodes={}", request.temporary_storage_bytes, request.temporary_storage_files);
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOATIME;
    system::text(TEMPORARY_DIRECTORY.as_bytes())
        .and_then(|target| {
            let options = system::text(options.as_bytes())?;
            system::mount(Some(c"tmp"), &target, Some(c"tmpfs"), flags, Some(&options))
        })
        .map_err(failed("mount `/tmp`"))?;
    if plan.task_directories {
        if !request.directory.is_empty() {
            show_task_directory(&request.directory).map_err(of_task("show the task's directory"))?;
        }
        system::text(TASK_DIRECTORIES.as_bytes())
            .and_then(|path| system::unmount(&path, libc::MNT_DETACH))
            .map_err(failed("hide the other task directories"))?;
    }
    Ok(())
}

fn show_task_directory(relative: &[u8]) -> io::Result<()> {
    let all = system::text(TASK_DIRECTORIES.as_bytes())?;
    let all = system::open_at(libc::AT_FDCWD, &all, libc::O_PATH | libc::O_DIRECTORY)?;
    let directory = system::open_beneath(&all, system::text(relative)?.as_c_str())?;
    let tree = system::open_tree(directory.as_raw_fd(), c"")?;
    system::move_mount(&tree, system::text(TASK_DIRECTORY.as_bytes())?.as_c_str())
}

/// A user id per worker, where the supervisor could map many.
fn become_user(user: u32) -> io::Result<()> {
    system::become_user(user)
}

/// A user namespace per worker, where the supervisor could map only one user id: limits that the kernel counts per
/// user, such as `RLIMIT_NPROC`, then count per worker all the same (`user_namespaces(7)`, Linux 5.14).
fn nest_user_namespace(user: u32) -> io::Result<()> {
    system::unshare(libc::CLONE_NEWUSER)?;
    let map = format!("{user} 0 1");
    for (file, text) in [(c"self/setgroups", "deny"), (c"self/uid_map", &map), (c"self/gid_map", &map)] {
        let file = system::open_at(HOST_PROCESSES, file, libc::O_WRONLY)?;
        system::write_once(file.as_raw_fd(), text.as_bytes())?;
    }
    Ok(())
}

/// Its own session without a terminal, its own place to work in, and memory that only it can look into.
fn leave_the_zygote(request: &ForkRequest) -> io::Result<()> {
    // SAFETY: none of the three takes a pointer; the signal mask is emptied with a live set.
    unsafe {
        libc::setsid();
        libc::umask(0o022);
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
    system::process_control(libc::PR_SET_DUMPABLE, 0)?;
    let place = if request.directory.is_empty() { TEMPORARY_DIRECTORY } else { TASK_DIRECTORY };
    std::env::set_current_dir(place)
}

#[repr(C)]
struct Program {
    length: libc::c_ushort,
    instructions: *const u64,
}

/// Installs the filter with `seccomp(2)`; gives the listener if the plan asks for one.
fn install_filter(plan: &WorkerPlan) -> io::Result<Option<OwnedFd>> {
    const SET_MODE_FILTER: libc::c_ulong = 1;
    const NEW_LISTENER: libc::c_ulong = 1 << 3;
    /// Signals wait until a call that the supervisor has taken is answered. Otherwise a caught one would make it fail,
    /// or be made again, while the supervisor still works on it. Linux 5.19.
    const WAIT_KILLABLE: libc::c_ulong = 1 << 5;
    if plan.filter.is_empty() {
        return Ok(None);
    }
    let length = u16::try_from(plan.filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // A `sock_filter` is eight bytes: code u16, jt u8, jf u8, k u32, which the plan keeps as one u64.
    let program = Program { length, instructions: plan.filter.as_ptr() };
    // SAFETY: `program` describes the live instructions of the plan.
    let install =
        |flags: libc::c_ulong| unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, &raw const program) };
    let flags = if plan.listener { NEW_LISTENER | WAIT_KILLABLE } else { 0 };
    let mut result = install(flags);
    if result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) {
        // An older kernel, which knows no such flag.
        result = install(flags & !WAIT_KILLABLE);
    }
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: with NEW_LISTENER the kernel made this descriptor for us.
    Ok(plan.listener.then(|| unsafe { OwnedFd::from_raw_fd(result as RawFd) }))
}
