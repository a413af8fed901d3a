# row: B10
# tries: to fill the kernel's memory with page tables: one touched page in each two mebibytes
# expect: MEMORY_ERROR
import mmap
import os
import signal

sparse = mmap.mmap(-1, 1 << 35)
for place in range(0, 1 << 35, 2 << 20):
    sparse[place] = 1
for _ in range(20):
    if os.fork() == 0:
        for place in range(0, 1 << 35, 2 << 20):
            sparse[place] = 2
        signal.pause()
while True:
    signal.pause()
