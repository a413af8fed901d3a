# row: B11
# tries: to stall the kernel, or the supervisor, on pages that it serves itself
# expect: ok
# result: [1, 1]
# denied: userfaultfd
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
USERFAULTFD, USER_MODE_ONLY = 323, 1
reasons = []
for flags in (0, USER_MODE_ONLY):
    libc.syscall(USERFAULTFD, flags)
    reasons.append(ctypes.get_errno())
return reasons
