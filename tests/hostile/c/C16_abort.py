# row: C16
# tries: to take the zygote with it when it aborts
# expect: RUNTIME_ERROR
import os

os.abort()
