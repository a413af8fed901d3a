//! Thin, safe forms of the system calls that the walls are made of. Each returns what the kernel said and decides
//! nothing.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

fn check(result: i64) -> io::Result<i64> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A path or string for the kernel; a NUL byte in it is an error.
pub(crate) fn text(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// `mount(2)`; `None` stands for a null pointer.
pub(crate) fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> io::Result<()> {
    let pointer = |value: Option<&CStr>| value.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: every pointer is null or a NUL-terminated string that outlives the call.
    let result =
        unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(options).cast()) };
    check(result.into()).map(drop)
}

/// Attributes for `mount_setattr(2)`, from `linux/mount.h`.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// `MOUNT_ATTR_RDONLY`
pub(crate) const READ_ONLY: u64 = 0x1;
/// `MOUNT_ATTR_NOSUID`
pub(crate) const NO_SET_USER_ID: u64 = 0x2;
/// `MOUNT_ATTR_NODEV`
pub(crate) const NO_DEVICES: u64 = 0x4;
/// `MOUNT_ATTR_NOEXEC`
pub(crate) const NO_EXECUTION: u64 = 0x8;

/// Adds attributes to the mount at `path` and, if `recursive`, to all below it: `mount_setattr(2)`, Linux 5.12. Unlike
/// a remount it keeps the attributes that are locked by the host.
pub(crate) fn add_mount_attributes(path: &CStr, attributes: u64, recursive: bool) -> io::Result<()> {
    let attributes = MountAttributes { set: attributes, clear: 0, propagation: 0, user_namespace: 0 };
    let flags = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: `path` is NUL-terminated, `attributes` has the size that is passed.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    check(result).map(drop)
}

/// `umount2(2)`
pub(crate) fn unmount(path: &CStr, flags: i32) -> io::Result<()> {
    // SAFETY: `path` is NUL-terminated.
    check(unsafe { libc::umount2(path.as_ptr(), flags) }.into()).map(drop)
}

/// `pivot_root(2)`
pub(crate) fn pivot_root(new_root: &CStr, old_root: &CStr) -> io::Result<()> {
    // SAFETY: both are NUL-terminated.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, new_root.as_ptr(), old_root.as_ptr()) }).map(drop)
}

/// Opens the mount or directory `path` below `directory` as a detached copy: `open_tree(2)`, Linux 5.2.
pub(crate) fn open_tree(directory: RawFd, path: &CStr) -> io::Result<OwnedFd> {
    /// `OPEN_TREE_CLONE`
    const CLONE: u32 = 1;
    let flags = CLONE | libc::O_CLOEXEC.cast_unsigned() | libc::AT_EMPTY_PATH.cast_unsigned();
    // SAFETY: `path` is NUL-terminated.
    let result = unsafe { libc::syscall(libc::SYS_open_tree, directory, path.as_ptr(), flags) };
    // SAFETY: the kernel made this descriptor for us.
    check(result).map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor as RawFd) })
}

/// Attaches a detached mount at `target`: `move_mount(2)`, Linux 5.2.
pub(crate) fn move_mount(tree: &OwnedFd, target: &CStr) -> io::Result<()> {
    /// `MOVE_MOUNT_F_EMPTY_PATH`
    const FROM_EMPTY_PATH: u32 = 4;
    // SAFETY: both paths are NUL-terminated.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            FROM_EMPTY_PATH,
        )
    };
    check(result).map(drop)
}

/// Arguments of `openat2(2)`.
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// Opens the directory `path` below `root` with `O_PATH`, following no symbolic link and never leaving `root`:
/// `openat2(2)`, Linux 5.6.
pub(crate) fn open_beneath(root: &OwnedFd, path: &CStr) -> io::Result<OwnedFd> {
    const NO_SYMBOLIC_LINKS: u64 = 0x04;
    const BENEATH: u64 = 0x08;
    let how = OpenHow {
        flags: (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: NO_SYMBOLIC_LINKS | BENEATH,
    };
    // SAFETY: `path` is NUL-terminated and `how` has the size that is passed.
    let result = unsafe {
        libc::syscall(libc::SYS_openat2, root.as_raw_fd(), path.as_ptr(), &raw const how, size_of::<OpenHow>())
    };
    // SAFETY: the kernel made this descriptor for us.
    check(result).map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor as RawFd) })
}

/// `openat(2)` without a mode, closed on `execve`.
pub(crate) fn open_at(directory: RawFd, path: &CStr, flags: i32) -> io::Result<OwnedFd> {
    // SAFETY: `path` is NUL-terminated.
    let result = unsafe { libc::openat(directory, path.as_ptr(), flags | libc::O_CLOEXEC) };
    // SAFETY: the kernel made this descriptor for us.
    check(result.into()).map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor as RawFd) })
}

/// `write(2)`, the whole of `bytes` in one call, as procfs and cgroup files require.
pub(crate) fn write_once(descriptor: RawFd, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the buffer has the stated length.
    check(unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) } as i64).map(drop)
}

/// Reads the whole file at `path` below `directory`.
pub(crate) fn read_at(directory: RawFd, path: &CStr) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::from(open_at(directory, path, libc::O_RDONLY)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `sethostname(2)`
pub(crate) fn set_host_name(name: &str) -> io::Result<()> {
    // SAFETY: the name has the stated length.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }.into()).map(drop)
}

/// `unshare(2)`
pub(crate) fn unshare(namespaces: i32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::unshare(namespaces) }.into()).map(drop)
}

/// `setns(2)`
pub(crate) fn enter_namespace(namespace: &OwnedFd, kind: i32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::setns(namespace.as_raw_fd(), kind) }.into()).map(drop)
}

/// `dup2(2)`; equal descriptors stay as they are.
pub(crate) fn duplicate_onto(from: RawFd, onto: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers; `onto` is one of the fixed descriptors that this process reserves.
    check(unsafe { libc::dup2(from, onto) }.into()).map(drop)
}

/// `dup3(2)` with `O_CLOEXEC`.
pub(crate) fn duplicate_closed_on_execute(from: RawFd, onto: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers; `onto` is a descriptor that no Rust value owns.
    check(unsafe { libc::dup3(from, onto, libc::O_CLOEXEC) }.into()).map(drop)
}

/// Device and inode of a pipe; `None` for anything else that is open.
pub(crate) fn pipe_identity(descriptor: RawFd) -> io::Result<Option<(u64, u64)>> {
    // SAFETY: an all-zero stat is a valid one.
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `found` outlives the call.
    check(unsafe { libc::fstat(descriptor, &raw mut found) }.into())?;
    Ok((found.st_mode & libc::S_IFMT == libc::S_IFIFO).then_some((found.st_dev, found.st_ino)))
}

/// The names in a directory below `directory`.
pub(crate) fn list_at(directory: RawFd, path: &CStr) -> io::Result<Vec<CString>> {
    let opened = open_at(directory, path, libc::O_RDONLY | libc::O_DIRECTORY)?;
    // SAFETY: the stream takes the descriptor over, which nobody else owns.
    let stream = unsafe { libc::fdopendir(opened.into_raw_fd()) };
    if stream.is_null() {
        return Err(io::Error::last_os_error());
    }
    let mut names = Vec::new();
    loop {
        // SAFETY: the stream is open and used by this thread alone.
        let entry = unsafe { libc::readdir(stream) };
        if entry.is_null() {
            break;
        }
        // SAFETY: the entry's name is NUL-terminated and lives until the next call.
        names.push(unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) }.to_owned());
    }
    // SAFETY: closes the stream and its descriptor, once.
    unsafe { libc::closedir(stream) };
    Ok(names)
}

/// `madvise(2)` with `MADV_DONTFORK`: forks have nothing at these addresses.
pub(crate) fn keep_from_forks(start: usize, length: usize) -> io::Result<()> {
    // SAFETY: changes no contents and nothing in this process.
    check(unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTFORK) }.into()).map(drop)
}

/// Closes a descriptor that no Rust value owns.
pub(crate) fn close(descriptor: RawFd) {
    // SAFETY: the caller names one of the fixed descriptors that no Rust value owns.
    unsafe { libc::close(descriptor) };
}

/// Closes every descriptor from `first` on: `close_range(2)`, Linux 5.9.
pub(crate) fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers; the caller gives up all descriptors from `first` on.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// `prctl(2)` with one argument.
pub(crate) fn process_control(option: i32, argument: libc::c_ulong) -> io::Result<()> {
    // SAFETY: only options that take an integer are passed by this crate.
    check(unsafe { libc::prctl(option, argument, 0, 0, 0) }.into()).map(drop)
}

/// `setrlimit(2)`, soft and hard limit equal.
pub(crate) fn limit_resource(resource: u32, value: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: `limit` outlives the call.
    check(unsafe { libc::setrlimit(resource, &raw const limit) }.into()).map(drop)
}

/// Sets real, effective and saved user and group ids and empties the supplementary groups.
pub(crate) fn become_user(user: u32) -> io::Result<()> {
    // The raw calls act on this thread, which is the only one; glibc's forms would signal others.
    // SAFETY: no pointers but the null list of zero groups.
    unsafe {
        check(libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<libc::gid_t>()))?;
        check(libc::syscall(libc::SYS_setresgid, user, user, user))?;
        check(libc::syscall(libc::SYS_setresuid, user, user, user))?;
    }
    Ok(())
}

/// `fork(2)` of the C library, which runs the handlers that libraries have registered for it.
pub(crate) fn fork() -> io::Result<libc::pid_t> {
    // SAFETY: the process has one thread, so that the child may go on as its parent would.
    let process = unsafe { libc::fork() };
    check(process.into()).map(|_| process)
}

/// `pidfd_open(2)`, Linux 5.3.
pub(crate) fn open_process(process: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers.
    let result = check(unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) })?;
    // SAFETY: the kernel made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(result as RawFd) })
}

/// Leaves this process at once: no exit handlers, no flushing of buffers that belong to the zygote.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit(2)` ends the process.
    unsafe { libc::_exit(status) }
}

/// Replaces this process by a program; returns only on failure.
pub(crate) fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: both arrays end in null and their strings outlive the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}
