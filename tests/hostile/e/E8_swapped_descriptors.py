# row: E8
# tries: to put a file in the place of the channel of its result
# expect: RUNTIME_ERROR
import os

os.dup2(os.open("/tmp/file", os.O_CREAT | os.O_RDWR), 3)
return "into the void"
