//! How the two interpreters load this library.

mod node;
mod python;

use std::ffi::CStr;

/// Looks a function up among everything that the process has loaded: this library must load into both interpreters,
/// so it cannot be linked against either.
fn symbol(name: &CStr) -> Option<*mut libc::c_void> {
    // SAFETY: the name is NUL-terminated.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}
