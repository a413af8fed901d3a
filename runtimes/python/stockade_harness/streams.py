"""Standard input, output and error of user code."""

import ctypes
import io
import sys

_UNBUFFERED = 2

_flush_text = io.TextIOWrapper.flush
_originals = []


def open_streams():
    """Give the zygote streams over descriptors 0, 1 and 2 that every worker inherits.

    They are made anew because the descriptors may have been closed when the interpreter started, and so that text
    which UTF-8 cannot carry is shown escaped: printing never fails. Lines go out as they are written.
    """
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(
        io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8", errors="surrogateescape"
    )
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
        _originals.append(stream)
    _unbuffer_c_stdout()


def _unbuffer_c_stdout():
    # A worker ends without exit handlers, so what a native library left in the C library's buffer would be lost.
    library = ctypes.CDLL(None)
    library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, _UNBUFFERED, 0)


def flush_streams():
    """Flush what user code has written, both to our streams and to those it put in their place.

    A stream of the user may do anything, and a closed one raises; what cannot be flushed is given up.
    """
    for name in ("stdout", "stderr"):
        _attempt(lambda name=name: sys.__dict__[name].flush())
    for stream in _originals:
        _attempt(lambda stream=stream: _flush_text(stream))


def _attempt(action):
    try:
        action()
    except BaseException:
        return
