# row: D10
# tries: to stall the disk for its neighbours: direct reads of shared files, flushes, dropped pages
# expect: ok
# result: "EINVAL"
# denied: sync, syncfs
# neighbour: yes
import ctypes
import errno
import os
import sys

direct = "opened"
try:
    os.open(sys.executable, os.O_RDONLY | os.O_DIRECT)
except OSError as error:
    direct = errno.errorcode[error.errno]
shared = os.open(sys.executable, os.O_RDONLY)
for _ in range(20_000):
    os.fsync(shared)
    os.posix_fadvise(shared, 0, 0, os.POSIX_FADV_DONTNEED)
os.sync()
ctypes.CDLL(None).syncfs(shared)
return direct
