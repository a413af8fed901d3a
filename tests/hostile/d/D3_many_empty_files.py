# row: D3
# tries: a million empty directories
# expect: DISK_LIMIT_ERROR
import os

for number in range(1_000_000):
    os.mkdir(f"/tmp/{number}")
