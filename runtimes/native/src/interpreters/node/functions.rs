//! The functions of Node-API and libuv that this library calls.
//!
//! They are looked up in the zygote: in a worker each look would meet the symbol tables of Node.js anew, two megabytes
//! of a file.

use std::ffi::{c_char, c_void};
use std::sync::OnceLock;

use super::{Callback, Environment, Value};
use crate::interpreters::symbol;

/// `napi_status` or a negative error of libuv; 0 is success.
pub(super) type Status = i32;
pub(super) type HandleFunction = extern "C" fn(*mut c_void);
/// `napi_handle_scope`
pub(super) type Scope = *mut c_void;

macro_rules! functions {
    ($($name:ident: $symbol:literal $kind:ty,)*) => {
        pub(super) struct Functions {
            $(pub(super) $name: $kind,)*
        }

        impl Functions {
            fn find() -> Option<Self> {
                // SAFETY: Node-API and libuv are stable C interfaces; each type is that of its documentation.
                Some(unsafe { Self { $($name: std::mem::transmute::<*mut c_void, $kind>(symbol($symbol)?),)* } })
            }
        }
    };
}

functions! {
    arguments: c"napi_get_cb_info"
        extern "C" fn(Environment, *mut c_void, *mut usize, *mut Value, *mut Value, *mut *mut c_void) -> Status,
    text_of: c"napi_get_value_string_utf8" extern "C" fn(Environment, Value, *mut c_char, usize, *mut usize) -> Status,
    typed_array: c"napi_get_typedarray_info"
        extern "C" fn(Environment, Value, *mut i32, *mut usize, *mut *mut c_void, *mut Value, *mut usize) -> Status,
    create_function: c"napi_create_function"
        extern "C" fn(Environment, *const c_char, usize, Callback, *mut c_void, *mut Value) -> Status,
    set_property: c"napi_set_named_property" extern "C" fn(Environment, Value, *const c_char, Value) -> Status,
    event_loop: c"napi_get_uv_event_loop" extern "C" fn(Environment, *mut *mut c_void) -> Status,
    create_reference: c"napi_create_reference" extern "C" fn(Environment, Value, u32, *mut *mut c_void) -> Status,
    value_of: c"napi_get_reference_value" extern "C" fn(Environment, *mut c_void, *mut Value) -> Status,
    open_scope: c"napi_open_handle_scope" extern "C" fn(Environment, *mut Scope) -> Status,
    close_scope: c"napi_close_handle_scope" extern "C" fn(Environment, Scope) -> Status,
    global: c"napi_get_global" extern "C" fn(Environment, *mut Value) -> Status,
    make_callback: c"napi_make_callback"
        extern "C" fn(Environment, *mut c_void, Value, Value, usize, *const Value, *mut Value) -> Status,
    take_exception: c"napi_get_and_clear_last_exception" extern "C" fn(Environment, *mut Value) -> Status,
    uncaught: c"napi_fatal_exception" extern "C" fn(Environment, Value) -> Status,
    fork_loop: c"uv_loop_fork" extern "C" fn(*mut c_void) -> Status,
    is_alive: c"uv_loop_alive" extern "C" fn(*mut c_void) -> Status,
    count: c"uv_ref" extern "C" fn(*mut c_void),
    forget: c"uv_unref" extern "C" fn(*mut c_void),
    initialize_prepare: c"uv_prepare_init" extern "C" fn(*mut c_void, *mut c_void) -> Status,
    start_prepare: c"uv_prepare_start" extern "C" fn(*mut c_void, HandleFunction) -> Status,
    initialize_idle: c"uv_idle_init" extern "C" fn(*mut c_void, *mut c_void) -> Status,
    start_idle: c"uv_idle_start" extern "C" fn(*mut c_void, HandleFunction) -> Status,
    stop_idle: c"uv_idle_stop" extern "C" fn(*mut c_void) -> Status,
}

/// All of them, or `None` for a Node.js without one.
pub(super) fn functions() -> Option<&'static Functions> {
    static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
    FUNCTIONS.get_or_init(Functions::find).as_ref()
}
