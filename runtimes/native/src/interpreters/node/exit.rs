//! How a worker of Node.js leaves.
//!
//! At its end Node.js joins threads that only the zygote has: a fork takes along the thread that forks and no other.
//! So the worker gets an exit handler that leaves at once. Node.js has no C interface for it; the function is
//! `node::SetProcessExitHandler` of its embedder interface (`src/node.h`), whose argument is a `std::function` as
//! libstdc++ lays it out (`bits/std_function.h`): two words of state, a manager, an invoker.

use std::ffi::c_void;

use crate::interpreters::symbol;
use crate::system;

/// Gives the function `name` of Node.js the type that its header states.
macro_rules! function {
    ($name:literal, $kind:ty) => {
        // SAFETY: the type is that of the header of Node.js or V8, which the name has in it, mangled.
        symbol($name).map(|address| unsafe { std::mem::transmute::<*mut c_void, $kind>(address) })
    };
}

/// `std::function<void(node::Environment*, int)>` without state.
#[repr(C)]
struct ExitHandler {
    state: [*mut c_void; 2],
    manager: extern "C" fn(*mut c_void, *const c_void, i32) -> bool,
    invoker: extern "C" fn(*const c_void, *mut *mut c_void, *mut i32),
}

/// Copies and destroys nothing, since there is no state.
extern "C" fn manage(_to: *mut c_void, _from: *const c_void, _operation: i32) -> bool {
    false
}

extern "C" fn leave(_state: *const c_void, _environment: *mut *mut c_void, status: *mut i32) {
    // SAFETY: the invoker gets a reference to the exit status.
    system::exit_now(unsafe { *status })
}

/// Makes this process and its forks leave at once when Node.js ends. `None` when this Node.js has no such function.
pub(super) fn leave_at_once() -> Option<()> {
    let isolate = function!(c"_ZN2v87Isolate10GetCurrentEv", extern "C" fn() -> *mut c_void)?;
    let context = function!(c"_ZN2v87Isolate17GetCurrentContextEv", extern "C" fn(*mut c_void) -> *mut c_void)?;
    let environment = function!(
        c"_ZN4node21GetCurrentEnvironmentEN2v85LocalINS0_7ContextEEE",
        extern "C" fn(*mut c_void) -> *mut c_void
    )?;
    let set_handler = function!(
        c"_ZN4node21SetProcessExitHandlerEPNS_11EnvironmentEOSt8functionIFvS1_iEE",
        extern "C" fn(*mut c_void, *mut ExitHandler)
    )?;
    let mut handler = ExitHandler { state: [std::ptr::null_mut(); 2], manager: manage, invoker: leave };
    set_handler(environment(context(isolate())), &raw mut handler);
    Some(())
}
