# row: B10
# tries: to fill the kernel's memory with the buffers of connected sockets
# expect: MEMORY_ERROR or PROCESS_LIMIT_ERROR or TIMEOUT_ERROR
# timeout: 3s
import os
import signal
import socket


def fill():
    kept = []
    try:
        while True:
            one, other = socket.socketpair()
            kept.append((one, other))
            for end in (one, other):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
                end.setblocking(False)
                try:
                    while end.send(b"x" * 65536):
                        pass
                except BlockingIOError:
                    pass
    except OSError:
        signal.pause()


for _ in range(20):
    if os.fork() == 0:
        fill()
while True:
    signal.pause()
