//! Node.js loads this library as an addon (Node-API) and calls its functions in the zygote: `leaveUnchangedPages`,
//! `onIdle`, and at last `serve`.

mod exit;
mod functions;
mod idle;

use std::ffi::{CStr, c_void};

use self::functions::{Functions, functions};
use crate::inheritance::range;
use crate::plan::HOST_PROCESSES;
use crate::zygote::{self, Interpreter};
use crate::{residence, system};

type Environment = *mut c_void;
type Value = *mut c_void;
type Callback = extern "C" fn(Environment, *mut c_void) -> Value;

/// `napi_int32_array` of `napi_typedarray_type`.
const INT32_ARRAY: i32 = 5;

/// Node.js around a fork.
struct Node {
    functions: &'static Functions,
    event_loop: *mut c_void,
    /// What is filled with random bytes in each worker, and how many.
    seed: (*mut c_void, usize),
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
        (self.functions.fork_loop)(self.event_loop);
        let (seed, length) = self.seed;
        // SAFETY: Node.js runs no JavaScript since it told where the array is, so that nothing has moved it.
        let filled = unsafe { libc::getrandom(seed, length, 0) };
        if usize::try_from(filled) != Ok(length) {
            // Its numbers would be those of another worker.
            system::exit_now(70);
        }
    }
}

extern "C" fn serve(environment: Environment, information: *mut c_void) -> Value {
    if let Some(functions) = functions() {
        let [text, seed] = arguments(functions, environment, information);
        let mut hello = vec![0_u8; 64 * 1024];
        let mut length = 0;
        (functions.text_of)(environment, text, hello.as_mut_ptr().cast(), hello.len(), &raw mut length);
        // Without it a worker would not end by itself; tasks that need no exit status would still run.
        let _ = exit::leave_at_once();
        let seed = integers(functions, environment, seed);
        zygote::serve(&hello[..length], &mut Node { functions, event_loop: event_loop(functions, environment), seed });
    }
    std::ptr::null_mut()
}

extern "C" fn on_idle(environment: Environment, information: *mut c_void) -> Value {
    if let Some(functions) = functions() {
        let callbacks = arguments(functions, environment, information);
        idle::watch(functions, environment, event_loop(functions, environment), callbacks);
    }
    std::ptr::null_mut()
}

/// To be called before the zygote plays its last task: what that one uses is what all tasks use.
extern "C" fn leave_unchanged_pages(_environment: Environment, _information: *mut c_void) -> Value {
    residence::leave_unchanged_pages();
    std::ptr::null_mut()
}

/// The first arguments of a call from JavaScript; missing ones are `undefined`.
fn arguments<const COUNT: usize>(
    functions: &Functions,
    environment: Environment,
    information: *mut c_void,
) -> [Value; COUNT] {
    let (mut count, mut values) = (COUNT, [std::ptr::null_mut(); COUNT]);
    let nothing = std::ptr::null_mut();
    (functions.arguments)(environment, information, &raw mut count, values.as_mut_ptr(), nothing, nothing.cast());
    values
}

/// Where the numbers of an `Int32Array` are, and their bytes; none for another value.
fn integers(functions: &Functions, environment: Environment, array: Value) -> (*mut c_void, usize) {
    let (mut kind, mut count, mut data) = (0, 0, std::ptr::null_mut());
    let nothing = std::ptr::null_mut();
    let status = (functions.typed_array)(
        environment,
        array,
        &raw mut kind,
        &raw mut count,
        &raw mut data,
        nothing,
        nothing.cast(),
    );
    if status == 0 && kind == INT32_ARRAY { (data, count * size_of::<i32>()) } else { (std::ptr::null_mut(), 0) }
}

fn event_loop(functions: &Functions, environment: Environment) -> *mut c_void {
    let mut event_loop = std::ptr::null_mut();
    (functions.event_loop)(environment, &raw mut event_loop);
    event_loop
}

/// Called by Node.js when the addon is loaded; adds the functions to its exports.
#[unsafe(no_mangle)]
pub(super) extern "C" fn napi_register_module_v1(environment: Environment, exports: Value) -> Value {
    if let Some(functions) = functions() {
        let exported: [(&CStr, Callback); 3] =
            [(c"leaveUnchangedPages", leave_unchanged_pages), (c"serve", serve), (c"onIdle", on_idle)];
        for (name, callback) in exported {
            let mut function = std::ptr::null_mut();
            let (text, length) = (name.as_ptr(), name.count_bytes());
            (functions.create_function)(environment, text, length, callback, std::ptr::null_mut(), &raw mut function);
            (functions.set_property)(environment, exports, text, function);
        }
    }
    exports
}
