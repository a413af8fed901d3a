# row: I8
# tries: a filter of its own: to hear the harness's calls, or to make each call slow
# expect: ok
# result: []
# denied: seccomp, prctl
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SECCOMP, FILTER, LISTENER, PR_SET_SECCOMP = 317, 1, 8, 22


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


allow_all = (6).to_bytes(2, "little") + b"\0\0" + (0x7FFF0000).to_bytes(4, "little")
program = Program(1, allow_all)
got_through = []
for flags in (0, 1, LISTENER):
    if libc.syscall(SECCOMP, FILTER, flags, ctypes.byref(program)) != -1:
        got_through.append(flags)
for mode in (1, 2):
    if libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(program), 0, 0) != -1:
        got_through.append(("prctl", mode))
return got_through
