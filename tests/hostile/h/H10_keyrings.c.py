# row: H10
# tries: to leave something in the kernel's keyrings, or to fill them
# expect: ok
# result: []
# denied: add_key, request_key, keyctl
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
ADD_KEY, REQUEST_KEY, KEYCTL = 248, 249, 250
got_through = []
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(ADD_KEY, b"user", b"left", b"behind", 6, ring) != -1:
        got_through.append(("add", ring))
    if libc.syscall(REQUEST_KEY, b"user", b"left", None, ring) != -1:
        got_through.append(("request", ring))
    if libc.syscall(KEYCTL, 0, ring, 1) != -1:
        got_through.append(("control", ring))
return got_through
