# row: C15
# tries: to end its main thread alone while a second one goes on for ever
# expect: RUNTIME_ERROR or TIMEOUT_ERROR
# timeout: 1s
import ctypes
import threading


def spin():
    while True:
        pass


threading.Thread(target=spin, daemon=True).start()
EXIT_OF_ONE_THREAD = 60
ctypes.CDLL(None).syscall(EXIT_OF_ONE_THREAD, 0)
