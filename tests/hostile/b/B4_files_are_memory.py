# row: B4
# tries: to hide memory in memory files, of which no process holds a page
# expect: MEMORY_ERROR or PERMISSION_ERROR
import os

for number in range(100):
    file = os.memfd_create("hidden")
    for _ in range(15):
        os.write(file, b"x" * (1 << 20))
