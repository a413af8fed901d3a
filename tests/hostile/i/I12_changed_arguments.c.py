# row: I12
# tries: to change what an argument points to between the check and the use
# expect: ok
# result: []
import ctypes
import os
import threading

libc = ctypes.CDLL(None, use_errno=True)
paths = (b"/tmp/file\0\0\0\0\0\0\0\0\0\0\0", b"/etc/shadow\0", b"/proc/1/environ\0")
path = ctypes.create_string_buffer(32)
open("/tmp/file", "w").close()
stopped = False


def flip():
    while not stopped:
        for text in paths:
            ctypes.memmove(path, text, len(text))


thread = threading.Thread(target=flip)
thread.start()
opened = set()
for _ in range(20_000):
    descriptor = libc.open(path, os.O_RDONLY)
    if descriptor >= 0:
        opened.add(os.fstat(descriptor).st_size)
        os.close(descriptor)
stopped = True
thread.join()
return sorted(size for size in opened if size)
