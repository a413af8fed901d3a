# row: J9
# tries: to use up what the kernel counts per user, so that another task of the same user has none
# expect: ok
# result: 24
# roles: one with other
import os
import signal
import time

children = []
for _ in range(24):
    child = os.fork()
    if child == 0:
        signal.pause()
    children.append(child)
time.sleep(0.3)
for other in range(1, 5000):
    try:
        if other != 1 and other not in children:
            os.kill(other, signal.SIGKILL)
            return "killed another"
    except ProcessLookupError:
        pass
return len(children)
