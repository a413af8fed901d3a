# row: C8
# tries: to reach processes outside by guessed numbers: signals, descriptors, memory, tracing
# expect: ok
# result: []
# denied: process_vm_readv, ptrace, kcmp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
KILL, PIDFD_OPEN, READ_MEMORY, TRACE, COMPARE = 62, 434, 310, 101, 312
PTRACE_SEIZE = 0x4206
reached = []
for process in [*range(2, 5000), *range(5000, 1 << 22, 997)]:
    for number, *rest in ((KILL, process, 0), (PIDFD_OPEN, process, 0)):
        if libc.syscall(number, *rest) != -1:
            reached.append((number, process))
for process in (1, 2, 3, os.getppid()):
    vector = (ctypes.c_size_t * 2)(0, 0)
    if libc.syscall(READ_MEMORY, process, vector, 1, vector, 1, 0) != -1:
        reached.append((READ_MEMORY, process))
    if libc.syscall(TRACE, PTRACE_SEIZE, process, 0, 0) != -1:
        reached.append((TRACE, process))
    if libc.syscall(COMPARE, process, 1, 0, 0, 0) != -1:
        reached.append((COMPARE, process))
return reached
