//! Pages that a zygote used to start and does not use to wait.
//!
//! Starting Node.js touches some 35 MiB of its executable, and a process that only forks has no use for them. They are
//! pages of files, unchanged: the kernel reads them again, most often from its cache, if they are touched again. Workers
//! do not inherit them either way; a fork does not copy what can be read from a file (`fork(2)`, `madvise(2)`).

use std::ffi::c_void;

use crate::plan::HOST_PROCESSES;
use crate::system;

/// A mapping of a file that is private and cannot be written to, and of which no page is a changed copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unchanged {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) is_executable: bool,
}

/// Lets go of the pages of files that this process has mapped, may not write to, and has not changed.
pub(crate) fn leave_unchanged_pages() {
    for Unchanged { start, end, .. } in unchanged_mappings() {
        // SAFETY: what is read from such a mapping afterwards is what is read from it now.
        unsafe { libc::madvise(start as *mut c_void, end - start, libc::MADV_DONTNEED) };
    }
}

/// Gives memory that is free back to the kernel: a fork need not inherit it, and a worker that uses it gets an empty page
/// where it would get a copy.
pub(crate) fn leave_free_memory() {
    // SAFETY: it changes nothing that is in use.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Those of this process; none when the kernel does not tell, which costs memory and time and nothing else.
pub(crate) fn unchanged_mappings() -> Vec<Unchanged> {
    let mappings = system::read_at(HOST_PROCESSES, c"self/smaps").unwrap_or_default();
    unchanged(&String::from_utf8_lossy(&mappings))
}

/// Those in a text as `/proc/self/smaps` has it (`proc_pid_smaps(5)`).
fn unchanged(mappings: &str) -> Vec<Unchanged> {
    let mut found = Vec::new();
    let mut candidate = None;
    for line in mappings.lines() {
        if let Some(size) = line.strip_prefix("Anonymous:") {
            if size.trim() == "0 kB" {
                found.extend(candidate.take());
            }
        } else if let Some(mapping) = mapping(line) {
            candidate = mapping;
        }
    }
    found
}

/// The first line of a mapping: where it is if it is of a file and private, and cannot be written to.
fn mapping(line: &str) -> Option<Option<Unchanged>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    let permissions = fields.next()?;
    let is_read_only = matches!(permissions, "r--p" | "r-xp");
    // Offset and device stand before the inode, which is 0 for what is no file.
    let is_of_file = fields.nth(2)? != "0";
    let is_executable = permissions == "r-xp";
    Some((is_read_only && is_of_file).then_some(Unchanged { start, end, is_executable }))
}

#[cfg(test)]
mod tests {
    use super::{Unchanged, unchanged};

    #[test]
    fn only_what_a_file_still_has_is_let_go_of() {
        let mappings = "\
            1000-3000 r-xp 00000000 fe:00 77 /usr/bin/node\nRss: 8 kB\nAnonymous:             0 kB\n\
            3000-4000 r--p 00002000 fe:00 77 /usr/bin/node\nAnonymous:             4 kB\n\
            4000-5000 rw-p 00003000 fe:00 77 /usr/bin/node\nAnonymous:             0 kB\n\
            5000-6000 r--s 00003000 fe:00 78 /dev/shm/x\nAnonymous:             0 kB\n\
            6000-7000 r--p 00000000 00:00 0 \nAnonymous:             0 kB\n\
            7000-8000 r-xp 00000000 00:00 0 [vdso]\nAnonymous:             0 kB\n\
            8000-9000 r--p 00000000 00:01 5 /memfd:native (deleted)\nAnonymous:             0 kB\nVmFlags: rd\n";
        let code = Unchanged { start: 0x1000, end: 0x3000, is_executable: true };
        let data = Unchanged { start: 0x8000, end: 0x9000, is_executable: false };
        assert_eq!(unchanged(mappings), [code, data]);
        assert_eq!(unchanged(""), []);
    }
}
