# row: D2
# tries: a file of one tebibyte that holds nothing
# expect: DISK_LIMIT_ERROR
# stdout: fallocate refused
import os

file = os.open("/tmp/sparse", os.O_CREAT | os.O_RDWR)
try:
    os.posix_fallocate(file, 0, 1 << 40)
except OSError:
    print("fallocate refused")
os.ftruncate(file, 1 << 40)
