"""Rehearsals: tasks that run before the task.

A fresh fork pays a page fault for everything it writes to the first time, about 0.4 ms in all. A worker therefore
runs a small task of every mode before it says that it is waiting. In the zygote the same rehearsals, repeated, let the
interpreter specialise the harness's bytecode, so that running it later writes to no code page.
"""

import linecache
import struct
import sys
from _signal import SIG_SETMASK, pthread_sigmask

from .aftermath import forget

ROUNDS_IN_ZYGOTE = 24

_FILE = "rehearsal.py"
_PARTS = (
    b'{"mode":"code","file":"rehearsal.py"}',
    b"values = {name: len(name) for name in ('a', 'b')}\ndef twice(x):\n    return x * 2\n"
    b"return {'text': f'{number} %s' % values, 'list': [twice(number), 1.5, None]}\n",
    b'{"number": 1, "rows": [{"key": "value", "list": [1, 2.5, true, null]}]}',
)


class _NoChannel:
    """Takes the place of the frame socket while nobody listens."""

    def send(self, kind, payload=b""):
        """Drop the frame."""


def rehearse(run_task):
    """Run the rehearsals with `run_task(payload, channel)` and leave no trace of them."""
    main = sys.modules["__main__"]
    arguments = sys.argv
    for payload in _PAYLOADS:
        run_task(payload, _NoChannel())
    forget()
    linecache.cache.pop(_FILE, None)
    sys.modules["__main__"] = main
    sys.argv = arguments
    pthread_sigmask(SIG_SETMASK, ())


def _frame(settings, code, inputs):
    length = struct.Struct("<I").pack
    return bytearray(length(len(settings)) + settings + length(len(code)) + code + inputs)


_PAYLOADS = [_frame(*_PARTS)]
