# row: B4
# tries: to fill the kernel's memory with tables for pages that are only read and so take no memory themselves
# expect: MEMORY_ERROR
import mmap
import time

SIZE, STEP, NO_RESERVE = 1 << 38, 2 << 20, 0x4000
nothing = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE, prot=mmap.PROT_READ)
for place in range(0, SIZE, STEP):
    nothing[place]
time.sleep(0.5)
return "tables of %d MiB" % (SIZE // STEP * 4096 >> 20)
