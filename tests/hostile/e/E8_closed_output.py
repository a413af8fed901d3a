# row: E8
# tries: to close its output streams and return a result all the same
# expect: ok
# result: "quiet"
import os
import sys

sys.stdout.close()
sys.stderr.close()
os.closerange(0, 3)
return "quiet"
