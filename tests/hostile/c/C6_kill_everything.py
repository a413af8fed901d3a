# row: C6
# tries: to kill its parent, process 1, its process group, and every process that there is
# expect: ok
# result: "still here"
import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    for process in (os.getppid(), 1, 0, -1, os.getpgid(0)):
        try:
            os.kill(process, number)
        except OSError:
            pass
    os.killpg(0, number)
return "still here"
