# row: F12
# tries: to gain a user id: a set-user-ID copy of a shell of its own, and the system's set-user-ID programs
# expect: ok
# result: []
import os
import shutil
import subprocess

own = os.getuid()
gained = []
shutil.copy("/usr/bin/id", "/tmp/id")
for mode in (0o4755, 0o2755, 0o6777):
    os.chmod("/tmp/id", mode)
    for option in ("-u", "-ru", "-g"):
        shown = subprocess.run(["/tmp/id", option], capture_output=True, text=True, check=False).stdout.strip()
        if shown != str(own):
            gained.append((mode, option, shown))
for command in ("su -c id", "mount -t tmpfs none /tmp", "passwd -d root", "newgrp root", "pkexec id", "sudo -n id"):
    if subprocess.run(command.split(), stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0 if shutil.which(command.split()[0]) else False:
        gained.append(command)
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setreuid(own, 0), lambda: os.setgroups([0])):
    try:
        change()
        gained.append("changed")
    except OSError:
        pass
return gained
