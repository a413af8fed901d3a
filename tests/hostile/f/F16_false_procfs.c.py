# row: F16
# tries: a procfs of its own making, or a false one, where the supervisor would look
# expect: ok
# result: []
# denied: mount
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
got_through = []
os.mkdir("/tmp/proc")
for source, target, kind in ((b"proc", b"/tmp/proc", b"proc"), (b"proc", b"/proc", b"proc"), (b"none", b"/tmp/proc", b"tmpfs"), (b"sysfs", b"/tmp/proc", b"sysfs"), (b"none", b"/tmp/proc", b"cgroup2")):
    if libc.mount(source, target, kind, 0, None) != -1:
        got_through.append(kind.decode())
FSOPEN, OPEN_TREE, MOUNT_SETATTR = 430, 428, 442
for number, *rest in ((FSOPEN, b"proc", 0), (OPEN_TREE, -100, b"/", 1), (MOUNT_SETATTR, -100, b"/", 0, None, 0)):
    if libc.syscall(number, *rest) != -1:
        got_through.append(number)
try:
    os.mkdir("/proc")
    got_through.append("/proc")
except OSError:
    pass
return got_through
