"""The `print` of a task of n8n: every call goes to the console of the editor at once."""

import os
import sys

from ..encode import encode_text
from ..frames import LOG

_MOST_CALLS = 100
_JSON_SEPARATORS = (", ", ": ")

_process_id = os.getpid
_print = print


class Console:
    """Sends what a task prints to n8n; the first hundred calls, and then how many more there were."""

    def __init__(self, channel):
        self._channel = channel
        self._process = _process_id()
        self._calls = 0

    def log(self, *arguments, sep=None, end=None, file=None, flush=False):
        """The builtin `print`, with the console of n8n in place of stdout.

        The console shows one entry per call, so `end` and `flush` change nothing there.
        """
        for name, value in (("sep", sep), ("end", end)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} must be None or a string, not {type(value).__name__}")
        if (file is not None and file is not sys.stdout) or _process_id() != self._process:
            # A child that the code forked shares the frame socket; only the task itself may use it.
            _print(*arguments, sep=sep, end=end, file=file, flush=flush)
            return
        self._calls += 1
        if self._calls > _MOST_CALLS:
            return
        if sep is not None and sep != " ":
            arguments = (sep.join([str(argument) for argument in arguments]),)
        self._send([shown(argument) for argument in arguments])

    def close(self):
        """Tell how many calls were left out."""
        left_out = self._calls - _MOST_CALLS
        if left_out > 0:
            self._send([f"[Output truncated - {left_out} more print statements]"])

    def _send(self, texts):
        self._channel.send(LOG, encode_text(texts, str).encode(errors="replace"))


def shown(value):
    """How the console shows one argument of `print`."""
    if isinstance(value, str):
        return f"'{value}'"
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    try:
        return encode_text(value, str, separators=_JSON_SEPARATORS, special_floats=True)
    except (TypeError, ValueError, RecursionError):
        return f"[Circular {type(value).__name__}]"


class Print:
    """What user code gets as `print`; it shows itself as the builtin and gives nothing of the harness away."""

    __slots__ = ("_log",)

    def __init__(self, console):
        object.__setattr__(self, "_log", console.log)

    def __call__(self, *arguments, **options):
        object.__getattribute__(self, "_log")(*arguments, **options)

    def __repr__(self):
        return "<built-in function print>"

    def __getattribute__(self, name):
        raise AttributeError(f"'builtin_function_or_method' object has no attribute '{name}'")

    def __setattr__(self, name, value):
        raise AttributeError(f"'builtin_function_or_method' object has no attribute '{name}'")
