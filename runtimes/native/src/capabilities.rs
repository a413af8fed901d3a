//! Capabilities (`capabilities(7)`): the zygote keeps the four that its forks need, a worker keeps none.

use std::io;

/// `CAP_SETGID`
const SET_GROUP: u32 = 6;
/// `CAP_SETUID`
const SET_USER: u32 = 7;
/// `CAP_SYS_ADMIN`: namespaces and mounts within the zygote's own user namespace.
const SYSTEM_ADMINISTRATION: u32 = 21;

/// `CAP_SETFCAP`: mapping the zygote's user 0 into a worker's own user namespace takes it (`user_namespaces(7)`).
const SET_FILE_CAPABILITIES: u32 = 31;

/// The capabilities, within its own user namespace, that a zygote forks workers with.
const ZYGOTE: [u32; 4] = [SET_GROUP, SET_USER, SYSTEM_ADMINISTRATION, SET_FILE_CAPABILITIES];

/// `_LINUX_CAPABILITY_VERSION_3`
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    process: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn get() -> io::Result<[Data; 2]> {
    let mut header = Header { version: VERSION, process: 0 };
    let mut data = [Data { effective: 0, permitted: 0, inheritable: 0 }; 2];
    // SAFETY: version 3 takes a header and two data elements.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(data) }
}

fn set(data: [Data; 2]) -> io::Result<()> {
    let header = Header { version: VERSION, process: 0 };
    // SAFETY: version 3 takes a header and two data elements.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn ambient(operation: i32, capability: u32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    let result = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, operation, capability, 0, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Empties the bounding set, so that no later `execve` adds a capability.
fn drop_bounding_set() -> io::Result<()> {
    for capability in 0..64 {
        // SAFETY: takes no pointers. EINVAL: the kernel has no capability of this number and none above it.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } < 0 {
            let error = io::Error::last_os_error();
            return if error.raw_os_error() == Some(libc::EINVAL) { Ok(()) } else { Err(error) };
        }
    }
    Ok(())
}

/// Keeps what a zygote needs, also over the `execve` of its interpreter, and nothing else.
///
/// The order matters: an inheritable capability must still be in the bounding set when it is added, and emptying the
/// bounding set takes a capability (`CAP_SETPCAP`) that the last step gives up.
pub(crate) fn keep_for_zygote() -> io::Result<()> {
    let kept: u32 = ZYGOTE.iter().map(|capability| 1 << capability).sum();
    let [low, high] = get()?;
    let everything = |data: Data, inheritable| Data { effective: data.permitted, inheritable, ..data };
    set([everything(low, kept), everything(high, 0)])?;
    drop_bounding_set()?;
    let only = |capabilities| Data { effective: capabilities, permitted: capabilities, inheritable: capabilities };
    set([only(kept), only(0)])?;
    ZYGOTE.iter().try_for_each(|capability| ambient(libc::PR_CAP_AMBIENT_RAISE, *capability))
}

/// Gives up every capability.
pub(crate) fn drop_all() -> io::Result<()> {
    ambient(libc::PR_CAP_AMBIENT_CLEAR_ALL, 0)?;
    set([Data { effective: 0, permitted: 0, inheritable: 0 }; 2])
}
