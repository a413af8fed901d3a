//! What the JSON code needs of CPython's C interface (Python/C API reference, "Concrete Objects Layer").
//!
//! Nothing here runs Python code: values of builtin types are looked at and made, and errors are cleared and left to
//! the interpreter's own module `json`, which meets them again and words them.

use std::ffi::{c_char, c_int, c_longlong, c_void};
use std::sync::OnceLock;

use super::super::symbol;

/// A `PyObject *`.
pub(super) type Object = *mut c_void;

/// Signed sizes, as CPython counts.
type Size = isize;

macro_rules! interface {
    (objects { $($(#[$about_object:meta])* $object:ident: $object_symbol:literal,)* }
     functions { $($function:ident: $symbol:literal as $kind:ty,)* }) => {
        /// Functions and singletons of the interpreter. The lock of the interpreter is held while they are used.
        pub(super) struct Interface {
            $($(#[$about_object])* pub(super) $object: Object,)*
            $(pub(super) $function: $kind,)*
        }

        impl Interface {
            fn find() -> Option<Self> {
                Some(Self {
                    $($object: symbol($object_symbol)?,)*
                    // SAFETY: the C interface documents each function with this type.
                    $($function: unsafe { std::mem::transmute::<*mut c_void, $kind>(symbol($symbol)?) },)*
                })
            }
        }
    };
}

interface! {
    objects {
        text_type: c"PyUnicode_Type",
        integer_type: c"PyLong_Type",
        float_type: c"PyFloat_Type",
        dictionary_type: c"PyDict_Type",
        list_type: c"PyList_Type",
        tuple_type: c"PyTuple_Type",
        none: c"_Py_NoneStruct",
        truth: c"_Py_TrueStruct",
        falsehood: c"_Py_FalseStruct",
        /// Where the interpreter keeps the class.
        value_error: c"PyExc_ValueError",
    }
    functions {
        hold: c"Py_IncRef" as extern "C" fn(Object),
        release: c"Py_DecRef" as extern "C" fn(Object),
        clear_error: c"PyErr_Clear" as extern "C" fn(),
        set_error: c"PyErr_SetNone" as extern "C" fn(Object),

        text_bytes: c"PyUnicode_AsUTF8AndSize" as extern "C" fn(Object, *mut Size) -> *const u8,
        text_of: c"PyUnicode_DecodeUTF8" as extern "C" fn(*const u8, Size, *const c_char) -> Object,
        shown: c"PyObject_Str" as extern "C" fn(Object) -> Object,

        integer_value: c"PyLong_AsLongLongAndOverflow" as extern "C" fn(Object, *mut c_int) -> c_longlong,
        integer_of: c"PyLong_FromLongLong" as extern "C" fn(c_longlong) -> Object,
        integer_of_text: c"PyLong_FromString" as extern "C" fn(*const c_char, *mut *mut c_char, c_int) -> Object,
        float_value: c"PyFloat_AsDouble" as extern "C" fn(Object) -> f64,
        float_of: c"PyFloat_FromDouble" as extern "C" fn(f64) -> Object,
        float_text: c"PyOS_double_to_string" as extern "C" fn(f64, c_char, c_int, c_int, *mut c_int) -> *mut c_char,
        free: c"PyMem_Free" as extern "C" fn(*mut c_void),

        new_dictionary: c"PyDict_New" as extern "C" fn() -> Object,
        set_member: c"PyDict_SetItem" as extern "C" fn(Object, Object, Object) -> c_int,
        next_member: c"PyDict_Next" as extern "C" fn(Object, *mut Size, *mut Object, *mut Object) -> c_int,
        new_list: c"PyList_New" as extern "C" fn(Size) -> Object,
        append: c"PyList_Append" as extern "C" fn(Object, Object) -> c_int,
        list_length: c"PyList_Size" as extern "C" fn(Object) -> Size,
        list_element: c"PyList_GetItem" as extern "C" fn(Object, Size) -> Object,
        tuple_length: c"PyTuple_Size" as extern "C" fn(Object) -> Size,
        tuple_element: c"PyTuple_GetItem" as extern "C" fn(Object, Size) -> Object,

        new_bytes: c"PyBytes_FromStringAndSize" as extern "C" fn(*const u8, Size) -> Object,
        bytes_start: c"PyBytes_AsString" as extern "C" fn(Object) -> *mut u8,
        resize_bytes: c"_PyBytes_Resize" as extern "C" fn(*mut Object, Size) -> c_int,
    }
}

// SAFETY: addresses of functions and of objects that live as long as the interpreter; whoever uses them holds its lock.
unsafe impl Send for Interface {}
// SAFETY: the same.
unsafe impl Sync for Interface {}

impl Interface {
    /// That of the interpreter which has loaded this library; `None` if it lacks something.
    pub(super) fn get() -> Option<&'static Self> {
        static INTERFACE: OnceLock<Option<Interface>> = OnceLock::new();
        INTERFACE.get_or_init(Self::find).as_ref()
    }

    /// The type of a live object. Reads what the macro `Py_TYPE` reads in every build with a global lock; the harness
    /// asks for nothing in other builds.
    pub(super) fn type_of(&self, object: Object) -> Object {
        // SAFETY: a live object starts with its reference count and its type, a word each.
        unsafe { *object.cast::<Object>().add(1) }
    }

    /// Gives `None` for a null pointer, whose error somebody else will meet again.
    pub(super) fn made(&self, object: Object) -> Option<Object> {
        if object.is_null() {
            self.clear_error();
            return None;
        }
        Some(object)
    }

    /// What a function for `ctypes` returns: an object, or null with a `ValueError` that stands for "cannot".
    pub(super) fn answer(&self, object: Option<Object>) -> Object {
        object.unwrap_or_else(|| {
            // SAFETY: the class is there as long as the interpreter.
            (self.set_error)(unsafe { *self.value_error.cast::<Object>() });
            std::ptr::null_mut()
        })
    }

    pub(super) fn clear_error(&self) {
        (self.clear_error)();
    }
}
