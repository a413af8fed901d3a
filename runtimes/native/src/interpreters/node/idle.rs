//! Noticing that the event loop of a worker has nothing left to wait for.
//!
//! Node.js then emits `beforeExit` and, if that started nothing, ends. It finds out after `uv_run` returns, and by then
//! it waits for V8's threads, which a worker does not have. So a handle of ours looks in each turn of the loop, without
//! keeping the loop alive itself, and calls JavaScript instead.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::functions::Functions;
use super::{Environment, Value};

/// More than any handle of libuv takes (`uv_handle_size`: 120 bytes for these two).
type Handle = [u64; 64];

/// What the handles need; set once in a worker, used on its main thread alone.
struct Watch {
    functions: &'static Functions,
    environment: usize,
    callbacks: [usize; 2],
    event_loop: usize,
    prepare: usize,
    again: usize,
}

static WATCH: OnceLock<Watch> = OnceLock::new();
/// The loop was found idle in the turn before this one.
static QUIET: AtomicBool = AtomicBool::new(false);

extern "C" fn nothing(_handle: *mut c_void) {}

/// Calls `callbacks[0]` when the loop is idle, and `callbacks[1]` when it still is after that. A second watch changes
/// nothing.
pub(super) fn watch(
    functions: &'static Functions,
    environment: Environment,
    event_loop: *mut c_void,
    callbacks: [Value; 2],
) {
    // The handles live as long as the process.
    let handle = || Box::leak(Box::new([0_u64; 64] as Handle)).as_mut_ptr().cast::<c_void>();
    let (prepare, again) = (handle(), handle());
    let references = callbacks.map(|callback| {
        let mut reference = std::ptr::null_mut();
        (functions.create_reference)(environment, callback, 1, &raw mut reference);
        reference as usize
    });
    let watch = Watch {
        functions,
        environment: environment as usize,
        callbacks: references,
        event_loop: event_loop as usize,
        prepare: prepare as usize,
        again: again as usize,
    };
    if WATCH.set(watch).is_ok() {
        (functions.initialize_prepare)(event_loop, prepare);
        (functions.start_prepare)(prepare, look);
        (functions.initialize_idle)(event_loop, again);
        (functions.forget)(again);
    }
}

extern "C" fn look(_handle: *mut c_void) {
    let Some(watch) = WATCH.get() else { return };
    let (functions, again) = (watch.functions, watch.again as *mut c_void);
    if is_alive(watch) {
        QUIET.store(false, Ordering::Relaxed);
        (functions.stop_idle)(again);
    } else if QUIET.swap(true, Ordering::Relaxed) {
        // Idle for a whole turn: callbacks that were due have run and started nothing.
        QUIET.store(false, Ordering::Relaxed);
        (functions.stop_idle)(again);
        call(watch, 0);
        if !is_alive(watch) {
            call(watch, 1);
        }
    } else {
        (functions.start_idle)(again, nothing);
    }
}

/// Whether anything but the watch itself keeps the loop alive.
fn is_alive(watch: &Watch) -> bool {
    let prepare = watch.prepare as *mut c_void;
    (watch.functions.forget)(prepare);
    let is_alive = (watch.functions.is_alive)(watch.event_loop as *mut c_void) != 0;
    (watch.functions.count)(prepare);
    is_alive
}

/// Calls one of the callbacks as Node.js calls its own: microtasks run after it, and what it throws is an uncaught
/// exception.
fn call(watch: &Watch, index: usize) {
    let functions = watch.functions;
    let environment = watch.environment as Environment;
    let nothing = std::ptr::null_mut;
    let (mut scope, mut receiver, mut callback, mut result) = (nothing(), nothing(), nothing(), nothing());
    (functions.open_scope)(environment, &raw mut scope);
    (functions.global)(environment, &raw mut receiver);
    (functions.value_of)(environment, watch.callbacks[index] as *mut c_void, &raw mut callback);
    let make_callback = functions.make_callback;
    let status = make_callback(environment, nothing(), receiver, callback, 0, std::ptr::null(), &raw mut result);
    let mut exception = nothing();
    if status != 0 && (functions.take_exception)(environment, &raw mut exception) == 0 {
        (functions.uncaught)(environment, exception);
    }
    (functions.close_scope)(environment, scope);
}
