# row: B4
# tries: the same with the device of zeros
# expect: MEMORY_ERROR or RUNTIME_ERROR or PERMISSION_ERROR
import mmap
import os

PART = 8 << 20
# Without control groups the device is not there.
zeros = os.open("/dev/zero", os.O_RDWR)
held = []
for _ in range(60):
    part = mmap.mmap(zeros, PART, flags=mmap.MAP_SHARED)
    for offset in range(0, PART, mmap.PAGESIZE):
        part[offset] = 1
    part.madvise(mmap.MADV_DONTNEED)
    held.append(part)
return len(held) * PART
