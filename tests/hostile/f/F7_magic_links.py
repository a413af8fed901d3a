# row: F7
# tries: the links of procfs into other roots, and directories that somebody forgot to close
# expect: ok
# result: []
import os
import stat

found = []
for path in ("/proc", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/..", "/proc/self/fd/3", "/proc/self/exe", "/dev/fd/3", "/sys"):
    if os.path.lexists(path):
        found.append(path)
for descriptor in range(1024):
    try:
        kind = os.fstat(descriptor).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(kind) or descriptor > 3:
        found.append((descriptor, stat.filemode(kind)))
    for path in ("/etc/shadow", "../../../../etc/shadow", "1/environ", "self/exe"):
        try:
            os.stat(path, dir_fd=descriptor)
            found.append((descriptor, path))
        except OSError:
            pass
return found
