"""Taking the interpreter back from user code that has ended.

Trace functions, profilers, monitoring tools and signal handlers of the user would otherwise go on running inside the
harness while it turns the value into the answer. Threads cannot be stopped; they end with the process.
"""

import _signal
import gc
import sys

# What timers and children raise and what other processes send; each one more costs time in every task.
_SIGNALS = tuple(
    getattr(_signal, "SIG" + name)
    for name in ("ALRM", "VTALRM", "PROF", "CHLD", "HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "IO")
)
_MONITORING = getattr(sys, "monitoring", None)
_MONITORING_TOOLS = range(6)
# What the interpreter starts with. User code may have raised it to the sky, and a deeply nested value would then
# exhaust the C stack of the encoder instead of raising RecursionError.
_RECURSION_LIMIT = 1000

_kept = []


def take_back_control(left):
    """Undo what user code may have hooked into the interpreter and this thread.

    `left` is what the code ended with, its value or its exception. It is kept alive until the process ends: finalisers
    of the user that run when it goes would delay the answer.
    """
    _kept.append(left)
    for action, arguments in _ACTIONS:
        _insist(action, arguments)


def forget():
    """Let go of what is kept; for rehearsals, which leave nothing of a user behind."""
    _kept.clear()


def _insist(action, arguments):
    # A hook that is still active may raise into the first attempt; the second then finds it gone.
    for _ in range(2):
        try:
            action(*arguments)
            return
        except BaseException:
            continue


def _stop_monitoring():
    for tool in _MONITORING_TOOLS:
        if _MONITORING.get_tool(tool) is not None:
            _MONITORING.set_events(tool, _MONITORING.events.NO_EVENTS)


_ACTIONS = [
    (sys.settrace, (None,)),
    (sys.setprofile, (None,)),
    (_signal.pthread_sigmask, (_signal.SIG_BLOCK, _SIGNALS)),
    (sys.setrecursionlimit, (_RECURSION_LIMIT,)),
    (gc.disable, ()),
]
if _MONITORING is not None:
    _ACTIONS.append((_stop_monitoring, ()))
