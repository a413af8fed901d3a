# row: E10
# tries: to type into the terminal of whoever started it
# expect: ok
# result: []
# denied: ioctl
import fcntl
import os

TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCCONS, TIOCNOTTY = 0x5412, 0x541C, 0x540E, 0x541D, 0x5422
got_through = []
for path in ("/dev/tty", "/dev/tty0", "/dev/console", "/dev/ptmx", "/dev/pts/0", "/dev/vcs"):
    try:
        got_through.append((path, os.open(path, os.O_RDWR)))
    except OSError:
        pass
for descriptor in (0, 1, 2, 3):
    for request in (TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCCONS, TIOCNOTTY):
        try:
            fcntl.ioctl(descriptor, request, b"x")
            got_through.append((descriptor, request))
        except OSError:
            pass
return got_through + [descriptor for descriptor in range(4) if os.isatty(descriptor)]
