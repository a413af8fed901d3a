# row: L11
# tries: to throw into the harness's last steps, and to forbid it to take its hooks back: its own loss
# expect: ok or RUNTIME_ERROR
import signal
import sys


def hook(*_):
    if "stockade" in sys._getframe(1).f_code.co_filename:
        raise ValueError("thrown into the harness")
    return hook


def audit(event, arguments):
    if event in ("sys.settrace", "sys.setprofile"):
        raise ValueError("thrown into the harness")


sys.setprofile(hook)
sys.settrace(hook)
signal.signal(signal.SIGALRM, hook)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
sys.addaudithook(audit)
return "mine"
