# row: F15
# tries: to put links in the place of devices, for whoever opens them next
# expect: ok
# result: {"replaced": [], "link": false, "device": true}
import os
import stat

replaced = []
for path in ("/dev/null", "/dev/zero", "/dev/console", "/dev/shm", "/etc/passwd", "/tmp"):
    for attempt in (os.unlink, lambda path: os.rename(path, path + "~"), lambda path: os.symlink("/etc/shadow", path), lambda path: os.chmod(path, 0o644 if path != "/tmp" else 0o1777)):
        try:
            attempt(path)
            if path not in ("/tmp", "/dev/shm"):
                replaced.append(path)
        except OSError:
            pass
return {"replaced": replaced, "link": os.path.islink("/dev/null"), "device": stat.S_ISCHR(os.stat("/dev/null").st_mode)}
