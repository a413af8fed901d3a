# row: B10
# tries: to fill the kernel's memory with full pipes
# expect: MEMORY_ERROR or PROCESS_LIMIT_ERROR or TIMEOUT_ERROR
# timeout: 3s
# neighbour: yes
import os
import signal


def fill():
    kept = []
    try:
        while True:
            reading, writing = os.pipe()
            os.set_blocking(writing, False)
            kept.append(reading)
            try:
                while os.write(writing, b"x" * 65536):
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
