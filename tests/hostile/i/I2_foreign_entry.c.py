# row: I2
# tries: the 32-bit entry into the kernel, whose numbers mean other calls
# expect: PERMISSION_ERROR
# message: foreign kind
import ctypes
import mmap

# mov eax, 20 (getpid of i386); int 0x80; ret
code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(code)
return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
