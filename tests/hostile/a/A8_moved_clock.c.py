# row: A8
# tries: to move its deadline by setting clocks or entering a time namespace
# expect: TIMEOUT_ERROR
# timeout: 500ms
# stdout: got through: []
# denied: clock_settime, settimeofday, adjtimex, clock_adjtime, unshare
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWTIME = 0x80
zeros = ctypes.create_string_buffer(512)
calls = {
    "clock_settime": (227, 0, zeros),
    "settimeofday": (164, zeros, None),
    "adjtimex": (159, zeros),
    "clock_adjtime": (305, 0, zeros),
    "unshare": (272, CLONE_NEWTIME),
}
print("got through:", [name for name, call in calls.items() if libc.syscall(*call) != -1])
while True:
    pass
