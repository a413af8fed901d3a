# row: J8
# tries: to learn of its neighbours from traces: which shared pages are in memory, when files were read, process numbers
# expect: ok
# result: []
# denied: mincore
# roles: one then other
import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
learned = []
page = ctypes.create_string_buffer(8192)
MINCORE, PREADV2, CACHESTAT, RWF_NOWAIT = 27, 327, 451, 8
if libc.syscall(MINCORE, ctypes.c_void_p(ctypes.addressof(page) & ~4095), 4096, page) != -1:
    learned.append("mincore")
shared = os.open(sys.executable, os.O_RDONLY)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(page), 4096)
if libc.syscall(PREADV2, shared, vector, 1, 0, 0, RWF_NOWAIT) != -1 or ctypes.get_errno() == errno.EAGAIN:
    learned.append("reading without waiting")
if libc.syscall(CACHESTAT, shared, page, page, 0) != -1:
    learned.append("cachestat")
before = os.stat("/etc/passwd").st_atime_ns
open("/etc/passwd").read()
if os.stat("/etc/passwd").st_atime_ns != before:
    learned.append("time of reading")
for path in ("/dev/null", "/dev/zero", sys.executable, "/etc/passwd", "/usr"):
    try:
        os.utime(path)
        learned.append("time of " + path)
    except OSError:
        pass
if os.getpid() != 1 or os.fork() not in (0, 2):
    learned.append("process numbers")
return learned
