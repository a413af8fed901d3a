# row: D8
# tries: 64 thousand hard links, and a loop of symbolic links that it makes the harness follow
# expect: DISK_LIMIT_ERROR
# stdout: a loop is an error
import os

os.symlink("/tmp/b", "/tmp/a")
os.symlink("/tmp/a", "/tmp/b")
try:
    open("/tmp/a")
except OSError:
    print("a loop is an error")
open("/tmp/one", "w").close()
for number in range(65536):
    os.link("/tmp/one", f"/tmp/{number}")
