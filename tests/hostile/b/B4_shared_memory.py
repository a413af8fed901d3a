# row: B4
# tries: to hide memory in shared mappings, which no process has in its page tables any more
# expect: MEMORY_ERROR or PERMISSION_ERROR
import mmap

PART = 8 << 20
held = []
for _ in range(60):
    part = mmap.mmap(-1, PART)
    for offset in range(0, PART, mmap.PAGESIZE):
        part[offset] = 1
    part.madvise(mmap.MADV_DONTNEED)
    held.append(part)
return len(held) * PART
