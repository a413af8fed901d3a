//! V8's heap in one place.
//!
//! V8 takes its heap in parts of 256 KiB and asks the kernel for a random address for each. A fork then copies a page of
//! page tables or two for every part, and its end frees them: a third of what both cost. The launcher therefore loads
//! this library before Node.js (`LD_PRELOAD`, `ld.so(8)`), so that this `mmap` is the one that Node.js calls. It lets the
//! first part lie where V8 wants it, at random, and the others behind it.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The parts of V8's heap begin at multiples of this.
const PART: usize = 256 << 10;
/// What V8 takes at once for other purposes, such as the range of compiled code, is larger and stays where it wants it.
const LONGEST: usize = 8 << 20;
/// V8 takes so much more than it needs, to find an aligned part in it, and gives the rest back.
const SPARE: usize = PART - 4096;

/// Where the next part is to lie; 0 before the first.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// `mmap(2)`; a wish for an address, which only V8 has for such lengths, may be answered with another.
///
/// # Safety
///
/// As `mmap(2)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    wish: *mut c_void,
    length: usize,
    protection: i32,
    flags: i32,
    descriptor: i32,
    offset: i64,
) -> *mut c_void {
    let is_part = flags & !libc::MAP_NORESERVE == (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS)
        && !wish.is_null()
        && (PART..=LONGEST).contains(&length);
    let place = match NEXT.load(Ordering::Relaxed) {
        next if is_part && next != 0 => next as *mut c_void,
        _ => wish,
    };
    // SAFETY: the caller's promise. Without MAP_FIXED an address is a wish: nothing that is mapped there is replaced.
    let result = unsafe { libc::syscall(libc::SYS_mmap, place, length, protection, flags, descriptor, offset) };
    if is_part && result != -1 {
        let end = result as usize + length.saturating_sub(SPARE);
        NEXT.store(end.next_multiple_of(PART), Ordering::Relaxed);
    }
    result as *mut c_void
}
