# row: J5
# tries: a channel of one bit through leases and notifications on the files that all tasks share
# expect: ok
# result: []
# denied: fcntl
# roles: one with other
import fcntl
import os
import sys

F_SETLEASE, F_NOTIFY = 1024, 1026
got_through = []
shared = os.open(sys.executable, os.O_RDONLY)
directory = os.open("/usr", os.O_RDONLY)
for name, attempt in {
    "lease": lambda: fcntl.fcntl(shared, F_SETLEASE, fcntl.F_RDLCK),
    "notify": lambda: fcntl.fcntl(directory, F_NOTIFY, 1),
    "write lock": lambda: fcntl.lockf(shared, fcntl.LOCK_EX | fcntl.LOCK_NB),
}.items():
    try:
        attempt()
        got_through.append(name)
    except OSError:
        pass
return got_through
