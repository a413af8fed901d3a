# row: D9
# tries: a limit of 0 for core files, with which the kernel hands the core of a crash to a program of the host
# expect: ok
# result: {"limits": [[1, 1], [1, 1], [1, 1], [1, 1]], "read": 1, "crash": -6}
import ctypes
import errno
import subprocess

CORE = 4
PRLIMIT, MMAP, GETRLIMIT, SETRLIMIT = 302, 9, 97, 160
ANONYMOUS_PRIVATE_FIXED, READ_WRITE = 0x32, 3
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
limit = (ctypes.c_uint64 * 2)(0, 0)
# An address whose lower half is 0.
high = 1 << 32
assert libc.syscall(MMAP, ctypes.c_long(high), ctypes.c_long(4096), READ_WRITE, ANONYMOUS_PRIVATE_FIXED, -1, 0) == high


def now():
    read = (ctypes.c_uint64 * 2)(7, 7)
    libc.syscall(GETRLIMIT, CORE, read)
    return list(read)


limits = [now()]
libc.syscall(SETRLIMIT, CORE, limit)
limits.append(now())
libc.syscall(PRLIMIT, 0, CORE, limit, None)
limits.append(now())
libc.syscall(PRLIMIT, 0, CORE, ctypes.c_long(high), None)
limits.append(now())
read = libc.syscall(PRLIMIT, 0, CORE, None, (ctypes.c_uint64 * 2)()) == -1 and ctypes.get_errno() == errno.EPERM
crash = subprocess.run(["/bin/sh", "-c", "kill -ABRT $$"]).returncode
return {"limits": limits, "read": int(read), "crash": crash}
