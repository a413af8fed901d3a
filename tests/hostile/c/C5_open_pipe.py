# row: C5
# tries: to hang the reader of its output with a grandchild that keeps the pipes open
# expect: ok
# result: "done"
import os
import signal

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.pause()
    os._exit(0)
return "done"
