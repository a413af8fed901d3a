//! Noticing that the event loop of a worker has nothing left to wait for.
//!
//! Node.js then emits `beforeExit` and, if that started nothing, ends. It finds out after `uv_run` returns, and by then
//! it waits for V8's threads, which a worker does not have. So a handle of ours looks in each turn of the loop, without
//! keeping the loop alive itself, and calls JavaScript instead.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Environment, Value, symbol};

/// More than any handle of libuv takes (`uv_handle_size`: 120 bytes for these two).
type Handle = [u64; 64];

/// What the handles need; set once in a worker, used on its main thread alone.
struct Watch {
    environment: usize,
    callbacks: [usize; 2],
    event_loop: usize,
    prepare: usize,
    again: usize,
}

static WATCH: OnceLock<Watch> = OnceLock::new();
/// The loop was found idle in the turn before this one.
static QUIET: AtomicBool = AtomicBool::new(false);

type HandleFunction = extern "C" fn(*mut c_void);

extern "C" fn nothing(_handle: *mut c_void) {}

/// Calls `callbacks[0]` when the loop is idle, and `callbacks[1]` when it still is after that.
pub(super) fn watch(environment: Environment, event_loop: *mut c_void, callbacks: [Value; 2]) -> Option<()> {
    let reference =
        function!(c"napi_create_reference", extern "C" fn(Environment, Value, u32, *mut *mut c_void) -> i32)?;
    let initialize_prepare = function!(c"uv_prepare_init", extern "C" fn(*mut c_void, *mut c_void) -> i32)?;
    let start_prepare = function!(c"uv_prepare_start", extern "C" fn(*mut c_void, HandleFunction) -> i32)?;
    let initialize_idle = function!(c"uv_idle_init", extern "C" fn(*mut c_void, *mut c_void) -> i32)?;
    let forget = function!(c"uv_unref", extern "C" fn(*mut c_void))?;

    // The handles live as long as the process.
    let handle = || Box::leak(Box::new([0_u64; 64] as Handle)).as_mut_ptr().cast::<c_void>();
    let (prepare, again) = (handle(), handle());
    let references = callbacks.map(|callback| {
        let mut reference_to = std::ptr::null_mut();
        reference(environment, callback, 1, &raw mut reference_to);
        reference_to as usize
    });
    let watch = Watch {
        environment: environment as usize,
        callbacks: references,
        event_loop: event_loop as usize,
        prepare: prepare as usize,
        again: again as usize,
    };
    WATCH.set(watch).ok()?;
    initialize_prepare(event_loop, prepare);
    start_prepare(prepare, look);
    initialize_idle(event_loop, again);
    forget(again);
    Some(())
}

extern "C" fn look(_handle: *mut c_void) {
    if let Some(watch) = WATCH.get() {
        // A Node.js without one of these functions could not have started the watch.
        let _ = look_with(watch);
    }
}

fn look_with(watch: &Watch) -> Option<()> {
    let start_idle = function!(c"uv_idle_start", extern "C" fn(*mut c_void, HandleFunction) -> i32)?;
    let stop_idle = function!(c"uv_idle_stop", extern "C" fn(*mut c_void) -> i32)?;
    let again = watch.again as *mut c_void;
    if is_alive(watch)? {
        QUIET.store(false, Ordering::Relaxed);
        stop_idle(again);
    } else if QUIET.swap(true, Ordering::Relaxed) {
        // Idle for a whole turn: callbacks that were due have run and started nothing.
        QUIET.store(false, Ordering::Relaxed);
        stop_idle(again);
        call(watch, 0)?;
        if !is_alive(watch)? {
            call(watch, 1)?;
        }
    } else {
        start_idle(again, nothing);
    }
    Some(())
}

/// Whether anything but the watch itself keeps the loop alive.
fn is_alive(watch: &Watch) -> Option<bool> {
    let forget = function!(c"uv_unref", extern "C" fn(*mut c_void))?;
    let count = function!(c"uv_ref", extern "C" fn(*mut c_void))?;
    let alive = function!(c"uv_loop_alive", extern "C" fn(*mut c_void) -> i32)?;
    let prepare = watch.prepare as *mut c_void;
    forget(prepare);
    let is_alive = alive(watch.event_loop as *mut c_void) != 0;
    count(prepare);
    Some(is_alive)
}

/// Calls one of the callbacks as Node.js calls its own: microtasks run after it, and what it throws is an uncaught
/// exception.
fn call(watch: &Watch, index: usize) -> Option<()> {
    type Scope = *mut c_void;
    let open = function!(c"napi_open_handle_scope", extern "C" fn(Environment, *mut Scope) -> i32)?;
    let close = function!(c"napi_close_handle_scope", extern "C" fn(Environment, Scope) -> i32)?;
    let global = function!(c"napi_get_global", extern "C" fn(Environment, *mut Value) -> i32)?;
    let value_of = function!(c"napi_get_reference_value", extern "C" fn(Environment, *mut c_void, *mut Value) -> i32)?;
    let make_callback = function!(
        c"napi_make_callback",
        extern "C" fn(Environment, *mut c_void, Value, Value, usize, *const Value, *mut Value) -> i32
    )?;
    let take_exception =
        function!(c"napi_get_and_clear_last_exception", extern "C" fn(Environment, *mut Value) -> i32)?;
    let uncaught = function!(c"napi_fatal_exception", extern "C" fn(Environment, Value) -> i32)?;

    let environment = watch.environment as Environment;
    let nothing = std::ptr::null_mut;
    let (mut scope, mut receiver, mut callback, mut result) = (nothing(), nothing(), nothing(), nothing());
    open(environment, &raw mut scope);
    global(environment, &raw mut receiver);
    value_of(environment, watch.callbacks[index] as *mut c_void, &raw mut callback);
    let status = make_callback(environment, nothing(), receiver, callback, 0, std::ptr::null(), &raw mut result);
    let mut exception = nothing();
    if status != 0 && take_exception(environment, &raw mut exception) == 0 {
        uncaught(environment, exception);
    }
    close(environment, scope);
    Some(())
}
