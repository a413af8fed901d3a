"""From an exception of user code to the typed error that ends the task."""

import errno
import sys

from .encode import encode_text
from .explain import NotJson
from .imports import Forbidden
from .stacks import innermost_code, position, render, shorten
from .task import InvalidTask

SYNTAX_ERROR = "SYNTAX_ERROR"
RUNTIME_ERROR = "RUNTIME_ERROR"
MEMORY_ERROR = "MEMORY_ERROR"
PERMISSION_ERROR = "PERMISSION_ERROR"
DISK_LIMIT_ERROR = "DISK_LIMIT_ERROR"
PROCESS_LIMIT_ERROR = "PROCESS_LIMIT_ERROR"
VALIDATION_ERROR = "VALIDATION_ERROR"

# Ready before it is needed: when memory has run out there may be none left to build it.
OUT_OF_MEMORY = b'{"code":"MEMORY_ERROR","message":"The code ran out of memory","name":"MemoryError"}'

_LONGEST_MESSAGE = 1 << 16
_BEYOND_LINES = 1 << 32
_CODES_OF_SYSTEM_ERRORS = {
    errno.EPERM: PERMISSION_ERROR,
    errno.EACCES: PERMISSION_ERROR,
    errno.ENOSPC: DISK_LIMIT_ERROR,
    errno.EFBIG: DISK_LIMIT_ERROR,
    errno.EDQUOT: DISK_LIMIT_ERROR,
    errno.ENOMEM: MEMORY_ERROR,
}
# EAGAIN has many causes; it is the limit on processes when it comes out of code that starts one.
_STARTS_PROCESSES = frozenset(("fork", "forkpty", "fork_exec", "_fork_exec", "posix_spawn", "posix_spawnp"))


def classify(exception):
    """The error code of an exception that user code did not catch."""
    if isinstance(exception, InvalidTask):
        return VALIDATION_ERROR
    if isinstance(exception, MemoryError):
        return MEMORY_ERROR
    if isinstance(exception, Forbidden):
        return PERMISSION_ERROR
    if isinstance(exception, OSError):
        # The code may have put anything in the place of the number.
        number = exception.errno if isinstance(exception.errno, int) else None
        if number == errno.EAGAIN and _starts_processes(innermost_code(exception)):
            return PROCESS_LIMIT_ERROR
        return _CODES_OF_SYSTEM_ERRORS.get(number, RUNTIME_ERROR)
    if isinstance(exception, RuntimeError) and message_of(exception).startswith("can't start new thread"):
        return PROCESS_LIMIT_ERROR
    return RUNTIME_ERROR


def _starts_processes(code):
    return code is not None and not _STARTS_PROCESSES.isdisjoint(code.co_names)


def message_of(exception):
    """The exception's own text, whatever its `__str__` does."""
    try:
        # The inner call may give an instance of a subclass of str; the outer one makes it plain text.
        return shorten(str.__str__(str(exception)), _LONGEST_MESSAGE)
    except BaseException:
        return "<exception str() failed>"


def syntax_failure(error):
    """The failure for code that does not compile."""
    return {
        "code": SYNTAX_ERROR,
        "message": str(error.msg),
        "name": type(error).__name__,
        "line": error.lineno,
        "column": error.offset,
        "stack": render(error.with_traceback(None), error.filename),
    }


def failure(exception, source=None):
    """The failure for an exception, with its place in `source` and its stack when the user's code raised it."""
    code = classify(exception)
    if code == MEMORY_ERROR:
        return _out_of_memory(exception, source)
    fields = {"code": code, "message": message_of(exception) or type(exception).__name__}
    if source is not None and not isinstance(exception, (InvalidTask, NotJson)):
        fields["name"] = type(exception).__name__
        fields["line"], fields["column"] = position(exception, source)
        try:
            fields["stack"] = render(exception, source.file)
        except Exception:
            # User code can break what a traceback is made with; message and line are enough then.
            fields["stack"] = f"{type(exception).__name__}: {fields['message']}"
    return fields


def _out_of_memory(exception, source):
    line, column = position(exception, source) if source is not None else (None, None)
    # The frames hold the variables that filled the memory.
    exception.__traceback__ = exception.__context__ = exception.__cause__ = None
    message = message_of(exception)
    return {
        "code": MEMORY_ERROR,
        "message": message or "The code ran out of memory",
        "name": type(exception).__name__,
        "line": line,
        "column": column,
    }


def exit_failure(exception):
    """The failure for `sys.exit(status)`, or None when the status says that all is well."""
    status = exception.code
    if status is None or (isinstance(status, int) and status == 0):
        return None
    if isinstance(status, int):
        shown = int(status)
    else:
        # As the interpreter does: anything else is a message, and the status is 1.
        shown = 1
        _tell(status)
    return {"code": RUNTIME_ERROR, "message": f"Process exited with code {shown}", "name": "SystemExit"}


def _tell(message):
    try:
        print(message, file=sys.stderr)
    except BaseException:
        # The stream and the message are the user's; either may fail.
        return


def encode_failure(fields):
    """The payload of an ERROR frame."""
    shown = {}
    for name, value in fields.items():
        if name in ("line", "column") and not (isinstance(value, int) and 0 < value < _BEYOND_LINES):
            continue
        if value is not None:
            shown[name] = value
    # A message may quote text with lone surrogates, which no reader of JSON in UTF-8 accepts.
    return encode_text(shown, str).encode(errors="replace")
