//! The Landlock wall (`Documentation/userspace-api/landlock.rst`): the second wall for files.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::plan::LandlockRule;
use crate::system;

/// `LANDLOCK_ACCESS_FS_EXECUTE`
pub const EXECUTE: u64 = 1 << 0;
/// `LANDLOCK_ACCESS_FS_WRITE_FILE`
pub const WRITE_FILE: u64 = 1 << 1;
/// `LANDLOCK_ACCESS_FS_READ_FILE`
pub const READ_FILE: u64 = 1 << 2;
/// `LANDLOCK_ACCESS_FS_READ_DIR`
pub const READ_DIRECTORY: u64 = 1 << 3;
const MAKE_CHARACTER_DEVICE: u64 = 1 << 6;
const MAKE_BLOCK_DEVICE: u64 = 1 << 11;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const DEVICE_CONTROL: u64 = 1 << 15;

/// The first version of Landlock, Linux 5.13: the accesses 0 to 12.
const FIRST_VERSION: u64 = (1 << 13) - 1;
/// TCP bind and connect, version 4.
const NETWORK: u64 = 0b11;
/// Abstract Unix sockets and signals, version 6.
const SCOPES: u64 = 0b11;

/// What version `version` of Landlock can govern about files.
fn handled(version: i64) -> u64 {
    let mut access = FIRST_VERSION;
    for (since, right) in [(2, REFER), (3, TRUNCATE), (5, DEVICE_CONTROL)] {
        if version >= since {
            access |= right;
        }
    }
    access
}

/// What a task may do in its own `/tmp`: everything but device files.
pub const OWN_FILES: u64 =
    (FIRST_VERSION | REFER | TRUNCATE | DEVICE_CONTROL) & !(MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE);

#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scopes: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    access: u64,
    parent: RawFd,
}

/// The kernel's version of Landlock; 0 when it has none or it is not enabled.
pub fn version() -> i64 {
    // SAFETY: a null attribute of size 0 with LANDLOCK_CREATE_RULESET_VERSION asks for the version only.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, 1) }.max(0)
}

/// Restricts this process to `rules`: nothing else of the file system, no TCP, no abstract sockets and no signals of
/// processes outside. A rule for a path that does not exist is left out: what is not there needs no permission.
pub(crate) fn restrict(rules: &[LandlockRule]) -> io::Result<()> {
    let version = version();
    let attributes = RulesetAttributes {
        files: handled(version),
        network: if version >= 4 { NETWORK } else { 0 },
        scopes: if version >= 6 { SCOPES } else { 0 },
    };
    let size = match version {
        ..4 => 8,
        4..6 => 16,
        _ => size_of::<RulesetAttributes>(),
    };
    // SAFETY: `attributes` is at least `size` bytes long.
    let result = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attributes, size, 0) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel made this descriptor for us.
    let ruleset = unsafe { OwnedFd::from_raw_fd(result as RawFd) };
    for rule in rules {
        let parent = match system::open_at(libc::AT_FDCWD, system::text(&rule.path)?.as_c_str(), libc::O_PATH) {
            Ok(parent) => parent,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let beneath = PathBeneath { access: rule.access & attributes.files, parent: parent.as_raw_fd() };
        // SAFETY: LANDLOCK_RULE_PATH_BENEATH (1) takes this structure.
        let added =
            unsafe { libc::syscall(libc::SYS_landlock_add_rule, ruleset.as_raw_fd(), 1, &raw const beneath, 0) };
        if added < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: takes no pointers.
    if unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
