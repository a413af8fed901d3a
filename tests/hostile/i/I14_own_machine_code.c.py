# row: I14
# tries: machine code of its own, which no language rule can see
# expect: ok
# result: {"own process": 1, "socket": -1, "library": false}
# denied: socket
import ctypes
import mmap
import shutil

memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# getpid: mov eax, 39; syscall; ret - and socket(AF_INET, SOCK_STREAM, 0): 41
memory.write(bytes.fromhex("b827000000 0f05 c3".replace(" ", "")).ljust(16, b"\x90"))
memory.write(bytes.fromhex("bf02000000 be01000000 31d2 b829000000 0f05 c3".replace(" ", "")))
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
own_process = ctypes.CFUNCTYPE(ctypes.c_long)(start)()
socket = ctypes.CFUNCTYPE(ctypes.c_long)(start + 16)()
shutil.copy("/stockade/native.so", "/tmp/own.so")
library = ctypes.PyDLL("/tmp/own.so")._handle == 0
return {"own process": own_process, "socket": -1 if socket == -1 else "open", "library": library}
