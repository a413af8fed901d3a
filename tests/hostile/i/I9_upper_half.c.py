# row: I9
# tries: to hide a refused request in the half of an argument that the kernel cuts off
# expect: ok
# result: []
# denied: ioctl, socketpair, prctl
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
hidden = 1 << 32
pair = (ctypes.c_int * 2)()
got_through = []
for name, *call in (
    ("ioctl", 16, 1, ctypes.c_ulong(hidden | 0x5412), b"x"),
    ("datagrams", 53, ctypes.c_ulong(hidden | 1), ctypes.c_ulong(hidden | 2), 0, pair),
    ("dumpable", 157, ctypes.c_ulong(hidden | 4), 1, 0, 0, 0),
):
    if libc.syscall(*call) != -1:
        got_through.append(name)
return got_through
