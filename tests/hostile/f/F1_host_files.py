# row: F1
# tries: to read what every host has: users, keys, tokens, logs, other people's directories
# expect: ok
# result: {"seen": [], "users": [], "names": "127.0.0.1"}
import os
import sys

paths = """/etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /etc/ssl/private /etc/machine-id /etc/hostname
/etc/fstab /etc/environment /etc/kubernetes /root /root/.ssh /root/.aws /root/.kube /root/.docker /home /work /srv /mnt /media /opt
/var/log /var/lib /var/run/secrets /var/run/secrets/kubernetes.io/serviceaccount/token /run/secrets /run/user /boot /lost+found
/var/spool /var/mail /var/cache /.dockerenv /old-root /host /etc/kubelet.conf /usr/local/etc/stockade""".split()
seen = []
for path in paths:
    for look in (os.listdir, os.stat, lambda path: open(path).read()):
        try:
            look(path)
            seen.append(path)
        except OSError:
            pass
# An interpreter that the administrator has installed there brings the rest along.
if not sys.base_prefix.startswith("/usr/local"):
    seen += [path for path in ("/usr/local", "/usr/src") if os.path.isdir(path) and os.listdir(path)]
users = [line for line in open("/etc/passwd") if not line.startswith("task")]
# The supervisor is the only name server, and there for tasks that may reach hosts.
names = " ".join(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
return {"seen": seen, "users": users, "names": names}
