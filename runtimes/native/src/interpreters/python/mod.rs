//! CPython loads this library with `ctypes.PyDLL` and calls [`stockade_serve`], holding its global lock all the time:
//! nothing else runs in a zygote. A worker calls [`stockade_encode_json`] and [`stockade_decode_json`] for values that
//! are large.

mod decode;
mod encode;
mod objects;

use objects::{Interface, Object};

use super::symbol;
use crate::zygote::{self, Interpreter};

/// CPython's hooks around a fork (`PyOS_BeforeFork` and its kind, Python/C API reference "Operating System
/// Utilities").
struct Python {
    before: Option<extern "C" fn()>,
    after_in_parent: Option<extern "C" fn()>,
    after_in_child: Option<extern "C" fn()>,
}

impl Python {
    fn find() -> Self {
        let function = |name| {
            // SAFETY: each of the three hooks takes and returns nothing.
            symbol(name).map(|address| unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn()>(address) })
        };
        Self {
            before: function(c"PyOS_BeforeFork"),
            after_in_parent: function(c"PyOS_AfterFork_Parent"),
            after_in_child: function(c"PyOS_AfterFork_Child"),
        }
    }
}

impl Interpreter for Python {
    fn before_fork(&mut self) {
        if let Some(hook) = self.before {
            hook();
        }
    }

    fn after_fork_in_zygote(&mut self) {
        if let Some(hook) = self.after_in_parent {
            hook();
        }
    }

    fn after_fork_in_worker(&mut self) {
        if let Some(hook) = self.after_in_child {
            hook();
        }
    }
}

/// Serves the supervisor from a Python zygote. Returns in each worker, and never in the zygote.
///
/// # Safety
///
/// `hello` points to `length` readable bytes. The process has one thread.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn stockade_serve(hello: *const u8, length: i32) {
    // SAFETY: the caller promises `length` readable bytes.
    let hello = unsafe { std::slice::from_raw_parts(hello, usize::try_from(length).unwrap_or(0)) };
    zygote::serve(hello, &mut Python::find());
}

/// Whether this interpreter has all that the next two functions need.
#[unsafe(no_mangle)]
pub(super) extern "C" fn stockade_knows_json() -> bool {
    Interface::get().is_some()
}

/// The JSON of a value as `bytes`; raises `ValueError` when that is left to Python. [`stockade_knows_json`] was true.
#[unsafe(no_mangle)]
pub(super) extern "C" fn stockade_encode_json(value: Object) -> Object {
    let Some(interface) = Interface::get() else { return std::ptr::null_mut() };
    interface.answer(encode::encode(interface, value))
}

/// The value of a JSON text; raises `ValueError` when that is left to Python.
///
/// # Safety
///
/// `text` points to `length` bytes that nobody changes meanwhile. [`stockade_knows_json`] was true.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn stockade_decode_json(text: *const u8, length: usize) -> Object {
    // SAFETY: the caller promises `length` readable bytes.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    let Some(interface) = Interface::get() else { return std::ptr::null_mut() };
    interface.answer(decode::decode(interface, text))
}
