# row: I3
# tries: rings of requests that the kernel carries out past every filter
# expect: ok
# result: [38, 38, 38, 38, 38]
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
IO_URING_SETUP, ENTER, REGISTER, IO_SETUP, IO_SUBMIT = 425, 426, 427, 206, 209
reasons = []
for number in (IO_URING_SETUP, ENTER, REGISTER, IO_SETUP, IO_SUBMIT):
    libc.syscall(number, 8, ctypes.create_string_buffer(256), 0)
    reasons.append(ctypes.get_errno())
return reasons
