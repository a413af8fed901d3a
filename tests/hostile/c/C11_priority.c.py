# row: C11
# tries: to run before all others: priorities, real-time and deadline scheduling, input and output class
# expect: ok
# result: []
# denied: ioprio_set
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
SCHED_SETATTR, SCHED_DEADLINE, IOPRIO_SET, REAL_TIME_CLASS = 314, 6, 251, 1 << 13


def deadline():
    attributes = (ctypes.c_uint64 * 6)(48 | SCHED_DEADLINE << 32, 0, 0, 1_000_000, 2_000_000, 2_000_000)
    if libc.syscall(SCHED_SETATTR, 0, attributes, 0) == -1:
        raise OSError


def class_of_input_and_output():
    if libc.syscall(IOPRIO_SET, 1, 0, REAL_TIME_CLASS) == -1:
        raise OSError


attempts = {
    "nice": lambda: os.nice(-20),
    "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -1),
    "user": lambda: os.setpriority(os.PRIO_USER, 0, -1),
    "fifo": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "round robin": lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
    "deadline": deadline,
    "class": class_of_input_and_output,
    "limit nice": lambda: resource.setrlimit(resource.RLIMIT_NICE, (40, 40)),
    "limit real time": lambda: resource.setrlimit(resource.RLIMIT_RTPRIO, (99, 99)),
}
got_through = []
for name, attempt in attempts.items():
    try:
        attempt()
        got_through.append(name)
    except (OSError, ValueError):
        pass
return got_through
