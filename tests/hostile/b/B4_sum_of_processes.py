# row: B4
# tries: to stay below the limit in each process and go beyond it in their sum, page by page
# expect: MEMORY_ERROR
import mmap
import os
import signal

for _ in range(12):
    if os.fork() == 0:
        memory = mmap.mmap(-1, 24 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for page in range(0, 24 << 20, 4096):
            memory[page] = 1
        signal.pause()
while True:
    signal.pause()
