# row: I16
# tries: to loosen or exhaust Landlock, and what its older versions did not govern
# expect: ok
# result: {"rulesets": [38, 38, 38], "got through": []}
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
reasons = []
for number in (CREATE_RULESET, ADD_RULE, RESTRICT_SELF):
    libc.syscall(number, ctypes.create_string_buffer(24), 24, 0)
    reasons.append(ctypes.get_errno())
got_through = []
for name, attempt in {
    "truncate": lambda: os.truncate(sys.executable, 0),
    "link": lambda: os.link("/etc/passwd", "/tmp/passwd"),
    "rename": lambda: os.rename("/etc/passwd", "/tmp/passwd"),
    "list the root": lambda: os.listdir("/"),
    "make a directory": lambda: os.mkdir("/etc/own"),
    "write a device's directory": lambda: os.open("/dev/new", os.O_CREAT | os.O_WRONLY),
}.items():
    try:
        attempt()
        got_through.append(name)
    except OSError:
        pass
return {"rulesets": reasons, "got through": got_through}
