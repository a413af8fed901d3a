# row: I2
# tries: foreign entries in children, and another personality
# expect: ok
# result: {"killed": [31, 31], "personality": [1, 1]}
# denied: personality
import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)
memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
enter = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
killed = []
for attempt in (enter, lambda: libc.syscall(0x40000000 | 39)):
    child = os.fork()
    if child == 0:
        attempt()
        os._exit(0)
    killed.append(os.WTERMSIG(os.waitpid(child, 0)[1]))
reasons = []
for personality in (0x0040000, 0x0008):
    libc.syscall(135, ctypes.c_ulong(personality))
    reasons.append(ctypes.get_errno())
return {"killed": killed, "personality": reasons}
