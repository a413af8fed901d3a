# row: F6
# tries: to break out of its root: a kept directory, chroot, and up; another root by pivot_root
# expect: ok
# result: []
# denied: chroot, pivot_root, mount, umount2, unshare, setns
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
PIVOT_ROOT, SETNS = 155, 308
kept = os.open("/", os.O_PATH)
os.mkdir("/tmp/root")
got_through = []
attempts = {
    "chroot": lambda: libc.chroot(b"/tmp/root"),
    "pivot_root": lambda: libc.syscall(PIVOT_ROOT, b"/tmp/root", b"/tmp/root"),
    "bind": lambda: libc.mount(b"/", b"/tmp/root", None, 4096, None),
    "remount": lambda: libc.mount(None, b"/", None, 32, None),
    "umount": lambda: libc.umount2(b"/tmp", 2),
    "new mounts": lambda: libc.unshare(0x20000),
    "new users": lambda: libc.unshare(0x10000000),
    "setns": lambda: libc.syscall(SETNS, kept, 0),
}
for name, attempt in attempts.items():
    if attempt() != -1:
        got_through.append(name)
os.fchdir(kept)
for _ in range(50):
    os.chdir("..")
inside = os.stat("/")
if (inside.st_dev, inside.st_ino) != (os.stat(".").st_dev, os.stat(".").st_ino):
    got_through.append("climbed out")
return got_through
