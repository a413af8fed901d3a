"""JSON of values that are large, by the native library.

It takes a fifth of the time of the module `json` to write and half of it to read, and knows only what is ordinary.
What it does not know it leaves alone, and the module `json` does the whole value. For a small value the call costs more
than it saves.
"""

import ctypes
import sys

_MANY_MEMBERS = 64
_MANY_BYTES = 1 << 14

_encoders = []
_decoders = []


def use(native):
    """Use the functions of the loaded native library, in an interpreter whose objects it knows."""
    # Builds without a global lock, and those that trace references, lay objects out in another way.
    if sys.implementation.name != "cpython" or sys.abiflags:
        return
    native.stockade_knows_json.restype = ctypes.c_bool
    if not native.stockade_knows_json():
        return
    native.stockade_encode_json.argtypes = (ctypes.py_object,)
    native.stockade_encode_json.restype = ctypes.py_object
    native.stockade_decode_json.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    native.stockade_decode_json.restype = ctypes.py_object
    _encoders[:] = [native.stockade_encode_json]
    _decoders[:] = [native.stockade_decode_json]


def encode_large(value):
    """The JSON of `value`, compact and in UTF-8; None when it is small or has something out of the ordinary."""
    # The runner of n8n puts a result into an object of one member.
    (inner,) = value.values() if type(value) is dict and len(value) == 1 else (value,)
    if type(inner) not in (list, dict, tuple) or len(inner) < _MANY_MEMBERS:
        return None
    for encode in _encoders:
        try:
            return encode(value)
        except ValueError:
            return None
    return None


def decode_large(raw):
    """The value of the JSON in a writable buffer, in a list of one; empty when that is left to the module `json`."""
    if len(raw) < _MANY_BYTES:
        return []
    for decode in _decoders:
        try:
            return [decode(ctypes.addressof(ctypes.c_char.from_buffer(raw)), len(raw))]
        except ValueError:
            return []
    return []
