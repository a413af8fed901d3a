# row: H12
# tries: to become a zygote itself: it calls the harness's native library once more
# expect: RUNTIME_ERROR
import ctypes

library = ctypes.PyDLL("/stockade/native.so")
library.stockade_serve(b"{}", 2)
while True:
    pass
