# row: G1
# tries: to read variables of the supervisor: its own environment, the C library's, and the first block on the stack
# expect: ok
# result: {"python": [], "libc": [], "stack": []}
import ctypes
import os

known = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"}
libc = ctypes.CDLL(None)
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
of_libc = []
while environ[len(of_libc)]:
    of_libc.append(environ[len(of_libc)].decode().split("=")[0])


def readable(address, count):
    """Reads memory through a pipe, which answers EFAULT where there is none."""
    reading, writing = os.pipe()
    try:
        got = libc.write(writing, ctypes.c_void_p(address), ctypes.c_size_t(count))
        return os.read(reading, count) if got > 0 else b""
    finally:
        os.close(reading)
        os.close(writing)


start = ctypes.c_void_p.in_dll(libc, "program_invocation_name").value
block = b""
while part := readable(start + len(block), 512):
    block += part
names = {entry.split(b"=")[0].decode(errors="replace") for entry in block.split(b"\0") if b"=" in entry}
return {
    "python": sorted(set(os.environ) - known),
    "libc": sorted(set(of_libc) - known),
    "stack": sorted(name for name in names if name.isidentifier() and name not in known | {"STOCKADE_ZYGOTE", "LD_LIBRARY_PATH"}),
}
