# row: L11
# tries: to run code inside the harness's own last steps: tracing, profiling, audit hooks, signals, monitoring
# expect: ok
# result: "mine"
import signal
import sys
import threading


def hook(*_):
    frame = sys._getframe(1)
    if "stockade" in frame.f_code.co_filename:
        while True:
            pass
    return hook


sys.settrace(hook)
sys.setprofile(hook)
threading.setprofile(hook)
sys.addaudithook(lambda *_: None)
signal.signal(signal.SIGALRM, hook)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
if hasattr(sys, "monitoring"):
    sys.monitoring.use_tool_id(0, "hook")
    sys.monitoring.register_callback(0, sys.monitoring.events.PY_START, lambda *_: None)
    sys.monitoring.set_events(0, sys.monitoring.events.PY_START)
return "mine"
