# row: I13
# tries: to keep the supervisor and the log busy with a million refused calls
# expect: ok
# result: "no socket"
# denied: socket
# timeout: 60s
# neighbour: yes
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for _ in range(1_000_000):
    if libc.socket(2, 1, 0) != -1:
        return "a socket"
return "no socket"
