# row: B3
# tries: to fill memory with shared mappings, which no limit of a single process counts
# expect: MEMORY_ERROR or PERMISSION_ERROR
# neighbour: yes
import mmap

maps = []
while True:
    maps.append(mmap.mmap(-1, 1 << 20))
    for page in range(0, 1 << 20, 4096):
        maps[-1][page] = 1
