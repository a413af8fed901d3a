# row: L11
# tries: an audit hook and an exception from another thread that end the harness's last steps
# expect: ok or RUNTIME_ERROR
import ctypes
import sys
import threading
import time

main = threading.main_thread().ident


def interrupt():
    while True:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(KeyboardInterrupt))
        time.sleep(0.00005)


def audit(event, arguments):
    if "stockade" in sys._getframe(1).f_code.co_filename:
        raise KeyboardInterrupt


sys.addaudithook(audit)
threading.Thread(target=interrupt, daemon=True).start()
return list(range(1000))
