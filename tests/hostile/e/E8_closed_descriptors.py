# row: E8
# tries: to close every descriptor, that of the result included, and go on for ever
# expect: RUNTIME_ERROR
import os

os.closerange(0, 1024)
while True:
    pass
