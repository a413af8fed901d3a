# row: H4
# tries: to take descriptors out of the zygote, or of any process that it can name
# expect: ok
# result: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438
taken = []
for process in (0, 1, 2, 3, os.getppid(), os.getpid()):
    descriptor = libc.syscall(PIDFD_OPEN, process, 0)
    for number in range(8):
        if libc.syscall(PIDFD_GETFD, descriptor, number, 0) != -1:
            taken.append((process, number))
return taken
