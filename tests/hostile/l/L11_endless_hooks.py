# row: L11
# tries: to keep the harness from its last steps for ever with hooks that do not return: its own loss, at its own limit
# expect: ok or TIMEOUT_ERROR
# timeout: 1s
import signal
import sys


def hook(*_):
    if "stockade" in sys._getframe(1).f_code.co_filename:
        while True:
            pass
    return hook


sys.setprofile(hook)
sys.settrace(hook)
signal.signal(signal.SIGALRM, hook)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
return "mine"
