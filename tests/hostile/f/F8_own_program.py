# row: F8
# tries: to overwrite the interpreter, the native library and the harness, from within and after another exec
# expect: ok
# result: []
import glob
import os
import subprocess
import sys

files = [sys.executable, os.path.realpath(sys.executable), "/proc/self/exe", "/bin/sh", "/stockade/native.so"]
files += glob.glob("/stockade/**/*.py", recursive=True) + glob.glob("/lib*/ld-*")
written = []
for path in files:
    for attempt in (lambda path: open(path, "r+b"), lambda path: open(path, "wb"), os.unlink, lambda path: os.rename(path, path + "~"), lambda path: os.truncate(path, 0)):
        try:
            attempt(path)
            written.append(path)
        except OSError:
            pass
again = "import os, sys; os.open(sys.executable, os.O_RDWR)"
if subprocess.run([sys.executable, "-c", again], stderr=subprocess.DEVNULL, check=False).returncode == 0:
    written.append("after exec")
return written
