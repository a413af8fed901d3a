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
    functions: Functions,
    environment: usize,
    callbacks: [usize; 2],
    event_loop: usize,
    prepare: usize,
    again: usize,
}

/// What each turn of the loop calls, looked up once.
struct Functions {
    start_idle: extern "C" fn(*mut c_void, HandleFunction) -> i32,
    stop_idle: extern "C" fn(*mut c_void) -> i32,
    count: extern "C" fn(*mut c_void),
    forget: extern "C" fn(*mut c_void),
    is_alive: extern "C" fn(*mut c_void) -> i32,
    open_scope: extern "C" fn(Environment, *mut Scope) -> i32,
    close_scope: extern "C" fn(Environment, Scope) -> i32,
    global: extern "C" fn(Environment, *mut Value) -> i32,
    value_of: extern "C" fn(Environment, *mut c_void, *mut Value) -> i32,
    make_callback: extern "C" fn(Environment, *mut c_void, Value, Value, usize, *const Value, *mut Value) -> i32,
    take_exception: extern "C" fn(Environment, *mut Value) -> i32,
    uncaught: extern "C" fn(Environment, Value) -> i32,
}

impl Functions {
    /// `None` for a Node.js without one of them.
    fn find() -> Option<Self> {
        Some(Self {
            start_idle: function!(c"uv_idle_start", extern "C" fn(*mut c_void, HandleFunction) -> i32)?,
            stop_idle: function!(c"uv_idle_stop", extern "C" fn(*mut c_void) -> i32)?,
            count: function!(c"uv_ref", extern "C" fn(*mut c_void))?,
            forget: function!(c"uv_unref", extern "C" fn(*mut c_void))?,
            is_alive: function!(c"uv_loop_alive", extern "C" fn(*mut c_void) -> i32)?,
            open_scope: function!(c"napi_open_handle_scope", extern "C" fn(Environment, *mut Scope) -> i32)?,
            close_scope: function!(c"napi_close_handle_scope", extern "C" fn(Environment, Scope) -> i32)?,
            global: function!(c"napi_get_global", extern "C" fn(Environment, *mut Value) -> i32)?,
            value_of: function!(
                c"napi_get_reference_value",
                extern "C" fn(Environment, *mut c_void, *mut Value) -> i32
            )?,
            make_callback: function!(
                c"napi_make_callback",
                extern "C" fn(Environment, *mut c_void, Value, Value, usize, *const Value, *mut Value) -> i32
            )?,
            take_exception: function!(
                c"napi_get_and_clear_last_exception",
                extern "C" fn(Environment, *mut Value) -> i32
            )?,
            uncaught: function!(c"napi_fatal_exception", extern "C" fn(Environment, Value) -> i32)?,
        })
    }
}

static WATCH: OnceLock<Watch> = OnceLock::new();
/// The loop was found idle in the turn before this one.
static QUIET: AtomicBool = AtomicBool::new(false);

type HandleFunction = extern "C" fn(*mut c_void);
/// `napi_handle_scope`
type Scope = *mut c_void;

extern "C" fn nothing(_handle: *mut c_void) {}

/// Calls `callbacks[0]` when the loop is idle, and `callbacks[1]` when it still is after that.
pub(super) fn watch(environment: Environment, event_loop: *mut c_void, callbacks: [Value; 2]) -> Option<()> {
    let reference =
        function!(c"napi_create_reference", extern "C" fn(Environment, Value, u32, *mut *mut c_void) -> i32)?;
    let initialize_prepare = function!(c"uv_prepare_init", extern "C" fn(*mut c_void, *mut c_void) -> i32)?;
    let start_prepare = function!(c"uv_prepare_start", extern "C" fn(*mut c_void, HandleFunction) -> i32)?;
    let initialize_idle = function!(c"uv_idle_init", extern "C" fn(*mut c_void, *mut c_void) -> i32)?;
    let functions = Functions::find()?;
    let forget = functions.forget;

    // The handles live as long as the process.
    let handle = || Box::leak(Box::new([0_u64; 64] as Handle)).as_mut_ptr().cast::<c_void>();
    let (prepare, again) = (handle(), handle());
    let references = callbacks.map(|callback| {
        let mut reference_to = std::ptr::null_mut();
        reference(environment, callback, 1, &raw mut reference_to);
        reference_to as usize
    });
    let watch = Watch {
        functions,
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
    let Some(watch) = WATCH.get() else { return };
    let (functions, again) = (&watch.functions, watch.again as *mut c_void);
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
    let functions = &watch.functions;
    let environment = watch.environment as Environment;
    let nothing = std::ptr::null_mut;
    let (mut scope, mut receiver, mut callback, mut result) = (nothing(), nothing(), nothing(), nothing());
    (functions.open_scope)(environment, &raw mut scope);
    (functions.global)(environment, &raw mut receiver);
    (functions.value_of)(environment, watch.callbacks[index] as *mut c_void, &raw mut callback);
    let make = functions.make_callback;
    let status = make(environment, nothing(), receiver, callback, 0, std::ptr::null(), &raw mut result);
    let mut exception = nothing();
    if status != 0 && (functions.take_exception)(environment, &raw mut exception) == 0 {
        (functions.uncaught)(environment, exception);
    }
    (functions.close_scope)(environment, scope);
}
