"""Rehearsals: tasks that run before the task.

A fresh fork pays a page fault for everything it writes to the first time, about 0.4 ms in all. A worker therefore
runs a small task of every mode before it says that it is waiting. In the zygote the same rehearsals, repeated, let the
interpreter specialise the harness's bytecode, so that running it later writes to no code page.
"""

import linecache
import os
import struct
import sys
from _signal import SIG_SETMASK, pthread_sigmask

from .aftermath import forget
from .frames import RESULT
from .imports import release_imports
from .packages import use_packages

_ROUNDS_IN_ZYGOTE = 24
# Each takes some 10 ms; from the second on nothing is left to load.
_ROUNDS_OF_PACKAGES = 3

_INPUTS = b'{"number": 1, "rows": [{"key": "value", "list": [1, 2.5, true, null]}]}'
_SETTINGS = b'{"mode":"code","file":"rehearsal.py"}'
_CODE = (
    b"values = {name: len(name) for name in ('a', 'b')}\ndef twice(x):\n    return x * 2\n"
    b"return {'text': f'{number} %s' % values, 'list': [twice(number), 1.5, None]}\n"
)
_FAILING_CODE = (b"def fail():\n    return number / 0\nfail()\n", b"x = (\n", b"return [float('nan'), {1: {2}}]\n")

_N8N_INPUTS = b'[{"json": {"key": "value", "list": [1, 2.5, true, null]}}]'
_N8N_SETTINGS = b'{"mode":"n8n","n8n":{"nodeMode":"runOnceForAllItems"}}'
# No builtin but `print`: the rules of a runner may deny every other.
_N8N_CODE = (
    b"rows = []\nfor item in _items:\n    row = item['json']\n    row['sum'] = row['list'][0] + row['list'][1]\n"
    b"    rows.append({'json': row})\nprint('rows', rows)\nreturn rows\n"
)
_N8N_FAILING_CODE = (b"return 1 / 0\n", b"import os\nreturn '{}'.format(1)\n")


class _NoChannel:
    """Takes the place of the frame socket while nobody listens."""

    def send(self, kind, payload=b""):
        """Drop the frame."""


def choose_modes(names):
    """Rehearse the modes that the workers will be asked for, plain code when none is named.

    Each costs every worker time and memory; a mode that is not rehearsed works too, only slower.
    """
    _chosen[:] = [_MODES[name] for name in names if name in _MODES] or [_MODES["code"]]


def rehearse_in_zygote(run_task):
    """Rehearse until nothing is left to load or to specialise, the ways to fail included.

    An interpreter that cannot do the simplest task must not become a zygote, so the process ends if one fails.
    """
    for _ in range(_ROUNDS_OF_PACKAGES):
        use_packages()
    for _ in range(_ROUNDS_IN_ZYGOTE):
        for mode in _chosen:
            (kind, payload), *_ = _rehearse(run_task, [mode.succeeding, *mode.failing])
            if kind != RESULT:
                sys.exit(f"stockade: a rehearsal failed: {payload.decode()}")


def rehearse(run_task):
    """Rehearse what a task that succeeds will take; failing would cost every worker half a megabyte."""
    _rehearse(run_task, [mode.succeeding for mode in _chosen])
    use_packages()


def _rehearse(run_task, payloads):
    """Run tasks with `run_task(payload, channel)` and leave no trace of them; how they ended."""
    main = sys.modules["__main__"]
    arguments = sys.argv
    stderr = sys.stderr
    variables = dict(os.environ)
    ends = [run_task(payload, _NoChannel()) for payload in payloads]
    forget()
    release_imports()
    linecache.cache.clear()
    sys.modules["__main__"] = main
    sys.argv = arguments
    sys.stderr = stderr
    os.environ.update(variables)
    pthread_sigmask(SIG_SETMASK, ())
    return ends


def _frame(settings, code, inputs):
    length = struct.Struct("<I").pack
    return bytearray(length(len(settings)) + settings + length(len(code)) + code + inputs)


class _Rehearsals:
    """What is rehearsed for one mode: a task that succeeds, and some that fail each in their own way."""

    def __init__(self, settings, inputs, code, failing_code):
        self.succeeding = _frame(settings, code, inputs)
        self.failing = [_frame(settings, code, inputs) for code in failing_code]


_MODES = {
    "code": _Rehearsals(_SETTINGS, _INPUTS, _CODE, _FAILING_CODE),
    "n8n": _Rehearsals(_N8N_SETTINGS, _N8N_INPUTS, _N8N_CODE, _N8N_FAILING_CODE),
}
_chosen = []
