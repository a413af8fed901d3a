# row: E1
# tries: to print for ever to both streams from many processes
# expect: OUTPUT_LIMIT_ERROR
import os

for _ in range(4):
    os.fork()
while True:
    os.write(1 + os.getpid() % 2, b"x" * 65536)
