//! The parts of a program's file that every task uses, on pages of 2 MiB.
//!
//! A fork does not inherit what is mapped from a file: each worker meets the code of its interpreter anew, one fault for
//! every 64 KiB, and at its end the kernel takes down every page of it. For Node.js that is a tenth of a task's
//! processor time. Memory of the zygote's own is inherited, and a page of 2 MiB costs a fork as much as one of 4 KiB.
//! So the zygote puts copies of the busiest parts in place of them. Where the kernel has no such pages, all stays as it
//! is: with small pages a fork would cost more than the faults that it saves.

use std::ffi::c_void;
use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::plan::HOST_PROCESSES;
use crate::residence::{Unchanged, unchanged_mappings};
use crate::system;

const PAGE: usize = 4096;
const LARGE_PAGE: usize = 2 << 20;
/// Small pages in use from which on a part is worth a large one, eight faults of a worker. The memory that it takes
/// counts once for all workers.
const WORTHWHILE: usize = 128;
/// Makes the memory at hand one large page now, or fails (`madvise(2)`, Linux 6.1).
const COLLAPSE: i32 = 25;

/// Moves the parts that are in use; those that were let go of before (`leave_unchanged_pages`) count from then on.
pub(crate) fn move_busy_parts() {
    // The launcher has turned large pages off, and everything that comes later is to go without them again.
    if system::process_control(libc::PR_SET_THP_DISABLE, 0).is_ok() {
        move_parts_in_use();
        let _ = system::process_control(libc::PR_SET_THP_DISABLE, 1);
    }
}

fn move_parts_in_use() {
    let Ok(page_map) = system::open_at(HOST_PROCESSES, c"self/pagemap", libc::O_RDONLY) else { return };
    let page_map = File::from(page_map);
    for mapping in unchanged_mappings() {
        for part in parts(&mapping) {
            if pages_in_use(&page_map, part) >= WORTHWHILE && move_part(part, mapping.is_executable).is_none() {
                return;
            }
        }
    }
}

/// Where the large pages begin that lie within a mapping.
fn parts(mapping: &Unchanged) -> impl Iterator<Item = usize> + use<> {
    let end = mapping.end;
    (mapping.start.next_multiple_of(LARGE_PAGE)..end).step_by(LARGE_PAGE).filter(move |start| start + LARGE_PAGE <= end)
}

/// Pages that this process has touched: bit 63 of each word of `/proc/self/pagemap` (`proc_pid_pagemap(5)`).
fn pages_in_use(page_map: &File, start: usize) -> usize {
    const WORD: usize = size_of::<u64>();
    let mut words = [0; LARGE_PAGE / PAGE * WORD];
    let read = page_map.read_exact_at(&mut words, (start / PAGE * WORD) as u64);
    if read.is_err() { 0 } else { words.chunks_exact(WORD).filter(|word| word[WORD - 1] & 0x80 != 0).count() }
}

/// Puts a copy on a large page in place of what starts there; `None` if there is no such page.
fn move_part(start: usize, is_executable: bool) -> Option<()> {
    let protection = if is_executable { libc::PROT_READ | libc::PROT_EXEC } else { libc::PROT_READ };
    let writable = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: new memory, at a place that the kernel chooses.
    let room = unsafe { libc::mmap(std::ptr::null_mut(), 2 * LARGE_PAGE, writable, flags, -1, 0) };
    if room == libc::MAP_FAILED {
        return None;
    }
    let copy = (room as usize).next_multiple_of(LARGE_PAGE);
    // SAFETY: `copy` and the two megabytes after it lie in the new memory, which nobody else knows, and what starts at
    // `start` is as long and readable.
    let is_ready = unsafe {
        libc::madvise(copy as *mut c_void, LARGE_PAGE, libc::MADV_HUGEPAGE);
        std::ptr::copy_nonoverlapping(start as *const u8, copy as *mut u8, LARGE_PAGE);
        libc::madvise(copy as *mut c_void, LARGE_PAGE, COLLAPSE) == 0
            && libc::mprotect(copy as *mut c_void, LARGE_PAGE, protection) == 0
    };
    if is_ready {
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        // SAFETY: moving the copy there replaces bytes by the same bytes, in one system call of the only thread, so that
        // even code which runs there goes on.
        let moved = unsafe { libc::mremap(copy as *mut c_void, LARGE_PAGE, LARGE_PAGE, flags, start as *mut c_void) };
        if moved as usize != start {
            // What was there may be gone already.
            system::exit_now(70);
        }
    }
    // SAFETY: what is left of the new memory; `copy` is no longer mapped if it was moved.
    unsafe { libc::munmap(room, 2 * LARGE_PAGE) };
    is_ready.then_some(())
}
