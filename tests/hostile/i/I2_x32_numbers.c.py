# row: I2
# tries: the numbers of the x32 interface
# expect: PERMISSION_ERROR
# message: foreign kind
import ctypes

X32 = 0x40000000
return ctypes.CDLL(None, use_errno=True).syscall(X32 | 39)
