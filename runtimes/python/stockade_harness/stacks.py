"""Tracebacks as CPython prints them, of the user's frames only."""

import traceback
from itertools import islice

# The only folder that user code can put modules of its own in.
_WRITABLE = "/tmp/"
# Code that the user compiles from text has a name in angle brackets, and so have modules built into the interpreter.
_COMPILED = "<"
_FROZEN = "<frozen "
_MOST_FRAMES = 1000
_LONGEST_STACK = 1 << 16

_hidden = [_FROZEN]


def hide_folder(folder):
    """Leave files below `folder` out of every stack; for installed packages, wherever they are."""
    _hidden.append(folder.rstrip("/") + "/")


def _is_users(file):
    """Whether a file is the user's; anything else, such as a library or the harness, tells the user nothing."""
    return file.startswith((_WRITABLE, _COMPILED)) and not file.startswith(tuple(_hidden))


def position(exception, source):
    """Line and column, both from 1, where the exception left the user's own file; None where unknown."""
    found = None
    entry = exception.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == source.file:
            found = entry
        entry = entry.tb_next
    if found is None:
        return None, None
    return found.tb_lineno, _column(found, source)


def _column(entry, source):
    positions = getattr(entry.tb_frame.f_code, "co_positions", None)
    if positions is None:
        # CPython 3.10 knows lines only.
        return None
    line, _, offset, _ = next(islice(positions(), entry.tb_lasti // 2, None))
    text = source.line(line)
    if offset is None or text is None:
        return None
    return len(text.encode()[:offset].decode(errors="replace")) + 1


def innermost_code(exception):
    """The code object of the frame that raised, library frames included."""
    entry = exception.__traceback__
    code = None
    while entry is not None:
        code = entry.tb_frame.f_code
        entry = entry.tb_next
    return code


def render(exception, own_file):
    """The traceback text of `exception` and of those it is chained to; frames of `own_file` are always shown."""
    entries = 0
    entry = exception.__traceback__
    while entry is not None:
        entries += 1
        entry = entry.tb_next
    # A negative limit keeps the innermost frames.
    limit = -_MOST_FRAMES if entries > _MOST_FRAMES else None
    shown = traceback.TracebackException(
        type(exception), exception, exception.__traceback__, limit=limit, lookup_lines=False, compact=True
    )
    _hide_frames(shown, own_file)
    lines = shown.format() if shown.stack else _without_header(shown)
    return shorten("".join(lines).rstrip("\n"), _LONGEST_STACK)


def _hide_frames(shown, own_file):
    pending = [shown]
    while pending:
        current = pending.pop()
        if current is None:
            continue
        current.stack[:] = [frame for frame in current.stack if frame.filename == own_file or _is_users(frame.filename)]
        pending += [current.__cause__, current.__context__]
        pending += getattr(current, "exceptions", None) or []


def _without_header(shown):
    # Like CPython for a syntax error: no "Traceback" line when there is no frame to follow it.
    if shown.__cause__ is None and shown.__context__ is None and not getattr(shown, "exceptions", None):
        return shown.format_exception_only()
    return shown.format()


def shorten(text, longest):
    """`text`, cut in the middle when it is longer than `longest`: the end of a traceback tells the most."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
