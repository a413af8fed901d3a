# row: D6
# tries: to make its files hard to remove: no permissions, immutable, leases, mapped and deleted, deep trees
# expect: ok
# result: "left in a mess"
# denied: ioctl, fcntl
import ctypes
import fcntl
import mmap
import os

os.mkdir("/tmp/locked")
with open("/tmp/locked/file", "w+b") as file:
    file.write(b"x" * 8192)
    file.flush()
    kept = mmap.mmap(file.fileno(), 8192)
    FS_IOC_SETFLAGS, IMMUTABLE_AND_APPEND = 0x40086602, 0x30
    for attempt in (
        lambda: fcntl.ioctl(file, FS_IOC_SETFLAGS, ctypes.c_long(IMMUTABLE_AND_APPEND)),
        lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK),
    ):
        try:
            attempt()
        except OSError:
            pass
deleted = open("/tmp/deleted", "w+b")
os.unlink("/tmp/deleted")
os.chmod("/tmp/locked/file", 0)
os.chmod("/tmp/locked", 0)
for _ in range(2000):
    os.mkdir("deep")
    os.chdir("deep")
return "left in a mess"
