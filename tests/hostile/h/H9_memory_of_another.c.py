# row: H9
# tries: to read what another task left in memory: freed blocks, stacks, files
# expect: ok
# result: 0
# roles: writer then reader
import ctypes
import mmap
import os

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
marker = bytes(byte ^ 0x55 for byte in b"\x18\x34\x27\x3e\x30\x27\x18\x34\x27\x3e\x30\x27")
if role == "writer":
    kept = [marker * 1000 for _ in range(1000)]
    for _ in range(100):
        ctypes.memmove(libc.malloc(120_000), marker * 10_000, 120_000)
    with open("/tmp/file", "wb") as file:
        file.write(marker * 100_000)
    return 0
seen = 0
for size in (1 << 12, 1 << 16, 1 << 20):
    for _ in range(16):
        seen += marker * 2 in ctypes.string_at(libc.malloc(ctypes.c_size_t(size)), size)
for _ in range(8):
    seen += marker * 2 in mmap.mmap(-1, 1 << 20).read()
file = os.open("/tmp/new", os.O_CREAT | os.O_RDWR)
os.ftruncate(file, 1 << 20)
return seen + (marker * 2 in os.read(file, 1 << 20))
