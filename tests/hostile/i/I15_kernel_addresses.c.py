# row: I15
# tries: descriptors of segments, thread pointers and lists that lead into the kernel's memory
# expect: ok
# result: {"modify_ldt": -1, "gs": -1, "ended": 12}
# denied: modify_ldt
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
MODIFY_LDT, ARCH_PRCTL, SET_ROBUST_LIST, SET_TID_ADDRESS, RSEQ, ARCH_SET_GS, ARCH_SET_FS = 154, 158, 273, 218, 334, 0x1001, 0x1002
KERNEL = ctypes.c_ulong(0xFFFF888000000000)
ended = 0
for number, *rest in (
    (SET_ROBUST_LIST, KERNEL, 24),
    (SET_TID_ADDRESS, KERNEL),
    (RSEQ, KERNEL, 32, 0, 0x53053053),
    (ARCH_PRCTL, ARCH_SET_FS, KERNEL),
    (202, KERNEL, 0, 1, None, None, 0),
    (13, 11, KERNEL, None, 8),
):
    for _ in range(2):
        child = os.fork()
        if child == 0:
            libc.syscall(number, *rest)
            libc.syscall(60, 0)
        os.waitpid(child, 0)
        ended += 1
return {
    "modify_ldt": libc.syscall(MODIFY_LDT, 1, ctypes.create_string_buffer(16), 16),
    "gs": libc.syscall(ARCH_PRCTL, ARCH_SET_GS, KERNEL),
    "ended": ended,
}
