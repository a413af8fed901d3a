//! Node.js loads this library as an addon (Node-API) and calls its functions: `serve` in the zygote, `onIdle` in a
//! worker.

/// Gives the function `name` of Node.js the type that its documentation states.
macro_rules! function {
    ($name:literal, $kind:ty) => {
        // SAFETY: Node-API and libuv are stable C interfaces; the type is that of their documentation.
        symbol($name).map(|address| unsafe { std::mem::transmute::<*mut std::ffi::c_void, $kind>(address) })
    };
}

mod exit;
mod idle;

use std::ffi::{CStr, c_char, c_void};

use super::symbol;
use crate::inheritance::range;
use crate::plan::HOST_PROCESSES;
use crate::system;
use crate::zygote::{self, Interpreter};

type Environment = *mut c_void;
type Value = *mut c_void;
type Status = i32;
type Callback = extern "C" fn(Environment, *mut c_void) -> Value;

/// Node.js around a fork.
struct Node {
    event_loop: *mut c_void,
}

impl Interpreter for Node {
    /// V8 marks its heap `MADV_DONTFORK`; a worker would crash at its first step. The zygote runs no more JavaScript
    /// from here on, so undoing it once is enough.
    fn before_first_fork(&mut self) {
        let Ok(maps) = system::read_at(HOST_PROCESSES, c"self/maps") else { return };
        for line in maps.split(|byte| *byte == b'\n') {
            if let Some((start, end)) = range(line) {
                // SAFETY: MADV_DOFORK changes no contents; mappings that do not take it answer EINVAL.
                unsafe { libc::madvise(start as *mut c_void, end - start, libc::MADV_DOFORK) };
            }
        }
    }

    fn after_fork_in_worker(&mut self) {
        if let Some(fork_loop) = function!(c"uv_loop_fork", extern "C" fn(*mut c_void) -> i32) {
            fork_loop(self.event_loop);
        }
    }
}

extern "C" fn serve(environment: Environment, information: *mut c_void) -> Value {
    serve_from_javascript(environment, information).unwrap_or(std::ptr::null_mut())
}

fn serve_from_javascript(environment: Environment, information: *mut c_void) -> Option<Value> {
    let text_of = function!(
        c"napi_get_value_string_utf8",
        extern "C" fn(Environment, Value, *mut c_char, usize, *mut usize) -> Status
    )?;

    let [text] = arguments(environment, information)?;
    let mut hello = vec![0_u8; 64 * 1024];
    let mut length = 0;
    text_of(environment, text, hello.as_mut_ptr().cast(), hello.len(), &raw mut length);
    let event_loop = event_loop(environment)?;
    // Without it a worker would not end by itself; tasks that need no exit status would still run.
    let _ = exit::leave_at_once();
    zygote::serve(&hello[..length], &mut Node { event_loop });
    Some(std::ptr::null_mut())
}

extern "C" fn on_idle(environment: Environment, information: *mut c_void) -> Value {
    let callbacks = arguments(environment, information);
    if let (Some(callbacks), Some(event_loop)) = (callbacks, event_loop(environment)) {
        // A second watch, or a libuv without these functions, changes nothing.
        let _ = idle::watch(environment, event_loop, callbacks);
    }
    std::ptr::null_mut()
}

/// The first arguments of a call from JavaScript; missing ones are `undefined`.
fn arguments<const COUNT: usize>(environment: Environment, information: *mut c_void) -> Option<[Value; COUNT]> {
    let arguments_of = function!(
        c"napi_get_cb_info",
        extern "C" fn(Environment, *mut c_void, *mut usize, *mut Value, *mut Value, *mut *mut c_void) -> Status
    )?;
    let (mut count, mut values) = (COUNT, [std::ptr::null_mut(); COUNT]);
    let nothing = std::ptr::null_mut();
    arguments_of(environment, information, &raw mut count, values.as_mut_ptr(), nothing, nothing.cast());
    Some(values)
}

fn event_loop(environment: Environment) -> Option<*mut c_void> {
    let event_loop_of = function!(c"napi_get_uv_event_loop", extern "C" fn(Environment, *mut *mut c_void) -> Status)?;
    let mut event_loop = std::ptr::null_mut();
    event_loop_of(environment, &raw mut event_loop);
    Some(event_loop)
}

/// Called by Node.js when the addon is loaded; adds the functions to its exports.
#[unsafe(no_mangle)]
pub(super) extern "C" fn napi_register_module_v1(environment: Environment, exports: Value) -> Value {
    let function_of = function!(
        c"napi_create_function",
        extern "C" fn(Environment, *const c_char, usize, Callback, *mut c_void, *mut Value) -> Status
    );
    let set_property =
        function!(c"napi_set_named_property", extern "C" fn(Environment, Value, *const c_char, Value) -> Status);
    if let (Some(function_of), Some(set_property)) = (function_of, set_property) {
        let functions: [(&CStr, Callback); 2] = [(c"serve", serve), (c"onIdle", on_idle)];
        for (name, callback) in functions {
            let mut function = std::ptr::null_mut();
            let (text, length) = (name.as_ptr(), name.count_bytes());
            function_of(environment, text, length, callback, std::ptr::null_mut(), &raw mut function);
            set_property(environment, exports, text, function);
        }
    }
    exports
}
