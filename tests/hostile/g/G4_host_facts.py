# row: G4
# tries: to learn about the host and its other tasks: names, addresses, mounts, groups, users
# expect: ok
# result: {"files": [], "interfaces": "refused", "name": "stockade", "domain": "(none)", "parent": 0, "processes": 1}
import os
import socket

names = "meminfo cpuinfo loadavg uptime stat interrupts diskstats net/dev mounts cgroup self/mountinfo self/cgroup self/status"
files = [name for name in names.split() if os.path.exists("/proc/" + name)]
files += [path for path in ("/sys/class/net", "/sys/class/dmi/id/product_serial", "/etc/mtab", "/etc/hostname") if os.path.exists(path)]
try:
    interfaces = [name for _, name in socket.if_nameindex()]
except OSError:
    interfaces = "refused"
system = os.uname()
domain = getattr(system, "domainname", "(none)")
return {"files": files, "interfaces": interfaces, "name": system.nodename, "domain": domain, "parent": os.getppid(), "processes": os.getpid()}
