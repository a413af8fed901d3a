# row: E3
# tries: output that is no text: halves of characters, invalid UTF-8, NUL, escape sequences, no line end
# expect: ok
# result: "done"
# stdout-bytes: e282ac 00 fffe c328 1b5b324a 1b5d303b6f776e656407 68616c662061206c696e65
import os
import sys
import time

os.write(1, b"\xe2\x82")
time.sleep(0.05)
os.write(1, b"\xac\x00\xff\xfe\xc3\x28\x1b[2J\x1b]0;owned\x07")
sys.stdout.write("half a line")
return "done"
