# row: L11
# tries: to change the answer from within the harness's own last steps: tracing, profiling, audit hooks, signals, monitoring
# expect: ok
# result: "mine"
import signal
import sys
import threading

KEPT = ("value", "result", "kind", "payload", "left", "fields")


def hook(*_):
    frame = sys._getframe(1)
    if "stockade" in frame.f_code.co_filename:
        for name in KEPT:
            if name in frame.f_locals:
                frame.f_locals[name] = "forged"
    return hook


sys.setprofile(hook)
threading.setprofile(hook)
signal.signal(signal.SIGALRM, hook)
if hasattr(sys, "monitoring"):
    sys.monitoring.use_tool_id(0, "hook")
    sys.monitoring.register_callback(0, sys.monitoring.events.PY_START, hook)
    sys.monitoring.set_events(0, sys.monitoring.events.PY_START)
sys.settrace(hook)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
sys.addaudithook(lambda *_: None)
return "mine"
