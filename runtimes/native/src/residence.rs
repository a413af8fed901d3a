//! Pages that a zygote used to start and does not use to wait.
//!
//! Starting Node.js touches some 35 MiB of its executable, and a process that only forks has no use for them. They are
//! pages of files, unchanged: the kernel reads them again, most often from its cache, if they are touched again. Workers
//! do not inherit them either way; a fork does not copy what can be read from a file (`fork(2)`, `madvise(2)`).

use std::ffi::c_void;

use crate::plan::HOST_PROCESSES;
use crate::system;

/// Lets go of the pages of files that this process has mapped, may not write to, and has not changed.
pub(crate) fn leave_unchanged_pages() {
    // Without the list nothing is lost but memory.
    let Ok(mappings) = system::read_at(HOST_PROCESSES, c"self/smaps") else { return };
    for (start, end) in unchanged(&String::from_utf8_lossy(&mappings)) {
        // SAFETY: the mapping is of a file, private and read-only, and none of its pages is a changed copy: what is read
        // from it afterwards is what is read from it now.
        unsafe { libc::madvise(start as *mut c_void, end - start, libc::MADV_DONTNEED) };
    }
}

/// Start and end of such mappings in a text as `/proc/self/smaps` has it (`proc_pid_smaps(5)`).
fn unchanged(mappings: &str) -> Vec<(usize, usize)> {
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
fn mapping(line: &str) -> Option<Option<(usize, usize)>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let place = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    let is_read_only = matches!(fields.next()?, "r--p" | "r-xp");
    // Offset and device stand before the inode, which is 0 for what is no file.
    let is_of_file = fields.nth(2)? != "0";
    Some((is_read_only && is_of_file).then_some(place))
}

#[cfg(test)]
mod tests {
    use super::unchanged;

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
        assert_eq!(unchanged(mappings), [(0x1000, 0x3000), (0x8000, 0x9000)]);
        assert_eq!(unchanged(""), []);
    }
}
