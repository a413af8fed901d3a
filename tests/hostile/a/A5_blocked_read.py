# row: A5
# tries: to block for ever in a read of a FIFO of its own; reading stdin cannot even block
# expect: TIMEOUT_ERROR
# timeout: 300ms
# stdout: stdin is empty
import os
import sys

if sys.stdin.read() == "" and os.read(0, 1) == b"":
    print("stdin is empty")
os.mkfifo("/tmp/fifo")
open("/tmp/fifo").read()
