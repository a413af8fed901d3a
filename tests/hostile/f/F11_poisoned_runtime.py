# row: F11
# tries: to write into the trees that the next task imports from
# expect: ok
# result: []
import os
import sys

places = [*sys.path, os.path.dirname(os.__file__), "/usr", "/usr/lib", "/usr/local", "/usr/bin", "/etc", "/runtime", "/packages", "/packages/python", "/stockade", "/stockade/python"]
places += [os.path.join(place, "__pycache__") for place in places]
written = []
for place in places:
    if not os.path.isabs(place) or os.path.realpath(place) in ("/tmp", "/"):
        continue
    for attempt in (lambda path: open(path + "/poison.py", "w"), lambda path: os.mkdir(path + "/poison"), lambda path: os.symlink("/tmp", path + "/link"), lambda path: os.chmod(path, 0o777), lambda path: os.utime(path), lambda path: os.setxattr(path, "user.poison", b"x")):
        try:
            attempt(place)
            written.append(place)
        except OSError:
            pass
return written
