//! What a fork hands on that its two processes go on to share: open files, and memory that is mapped as shared. Through
//! either a task could reach the next one, or its zygote, which has no system call filter.

use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};

use crate::plan::{HOST_PROCESSES, SOCKET};
use crate::system;

/// An open file of the zygote that its interpreter keeps.
pub(crate) struct Inherited {
    descriptor: RawFd,
    /// Device and inode, which tell a pipe from one that was opened later.
    identity: Option<(u64, u64)>,
}

/// The files that the zygote's interpreter has opened.
pub(crate) fn open_files() -> io::Result<Vec<Inherited>> {
    let is_interpreters = |descriptor: &RawFd| *descriptor > HOST_PROCESSES;
    let open = system::list_at(HOST_PROCESSES, c"self/fd")?;
    let descriptors = open.iter().filter_map(|name| name.to_str().ok()?.parse().ok()).filter(is_interpreters);
    // The listing itself had a descriptor, which is closed again.
    let look = |descriptor| Some(Inherited { descriptor, identity: system::pipe_identity(descriptor).ok()? });
    Ok(descriptors.filter_map(look).collect())
}

/// Takes shared memory that could be written out of what forks get: a worker that looks for it ends by a signal.
pub(crate) fn keep_shared_memory_to_itself() -> io::Result<()> {
    let maps = system::read_at(HOST_PROCESSES, c"self/maps")?;
    for line in maps.split(|byte| *byte == b'\n').filter(|line| is_shared(line)) {
        if let Some((start, end)) = range(line) {
            system::keep_from_forks(start, end - start)?;
        }
    }
    Ok(())
}

/// In a worker: every file of the zygote becomes the null device, which is opened anew, and so does standard input. The
/// numbers stay taken: parts of the interpreter that have no thread in a worker still write to theirs.
///
/// Pipes that the interpreter has opened since the fork, in handlers of its own, are the worker's.
pub(crate) fn let_go(inherited: &[Inherited]) -> io::Result<()> {
    for file in inherited {
        let is_same = match file.identity {
            Some(_) => system::pipe_identity(file.descriptor)? == file.identity,
            None => true,
        };
        if is_same {
            system::duplicate_closed_on_execute(0, file.descriptor)?;
        }
    }
    Ok(())
}

/// In a worker: standard input of its own. The one of the zygote has flags that all workers would share.
pub(crate) fn open_input() -> io::Result<()> {
    let null: OwnedFd = system::open_at(libc::AT_FDCWD, c"/dev/null", libc::O_RDWR)?;
    system::duplicate_onto(null.as_raw_fd(), 0)?;
    if null.as_raw_fd() <= SOCKET {
        let _ = null.into_raw_fd();
    }
    Ok(())
}

/// Whether a line of `/proc/self/maps` (`proc_pid_maps(5)`) describes memory that can be written by one process and
/// read by another. What is mapped from a file of the root, for reading, cannot be written by anybody.
fn is_shared(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let mut fields = text.split_ascii_whitespace();
    let permissions = fields.nth(1).unwrap_or_default();
    let path = fields.nth(3).unwrap_or_default();
    let is_file = path.starts_with('/') && !path.starts_with("/memfd:") && !path.starts_with("/dev/");
    permissions.ends_with('s') && (permissions.contains('w') || !is_file)
}

/// Start and end of the mapping that a line of `/proc/self/maps` describes.
pub(crate) fn range(line: &[u8]) -> Option<(usize, usize)> {
    let line = std::str::from_utf8(line).ok()?;
    let (start, end) = line.split_once(' ')?.0.split_once('-')?;
    Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_maps() {
        assert_eq!(range(b"7f00-7fff rw-p 00000000 00:00 0 [heap]"), Some((0x7f00, 0x7fff)));
        assert_eq!(range(b""), None);
    }

    #[test]
    fn shared_memory_is_told_from_what_nobody_can_write() {
        for (line, expected) in [
            ("7f00-7fff rw-p 00000000 00:00 0 [heap]", false),
            ("7f00-7fff rw-s 00000000 00:10 3594805    anon_inode:[io_uring]", true),
            ("7f00-7fff rw-s 00000000 00:01 1234    /dev/zero (deleted)", true),
            ("7f00-7fff r--s 00000000 00:01 1234    /memfd:x (deleted)", true),
            ("7f00-7fff r--s 00000000 fe:00 1234    /usr/lib/gconv/gconv-modules.cache", false),
            ("", false),
        ] {
            assert_eq!(is_shared(line.as_bytes()), expected, "{line}");
        }
    }
}
