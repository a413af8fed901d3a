# row: G3
# tries: to read what the kernel tells of itself and of all processes
# expect: ok
# result: []
import os

paths = "kallsyms kcore kmsg sched_debug timer_list slabinfo keys key-users sysrq-trigger modules config.gz iomem ioports version cmdline latency_stats vmallocinfo bus fs sys/kernel/core_pattern sys/kernel/hostname".split()
found = [path for path in paths if os.path.lexists("/proc/" + path)]
for place in ("/sys", "/sys/kernel", "/sys/fs/cgroup", "/sys/firmware", "/dev/kmsg", "/boot", "/lib/modules", "/debug"):
    try:
        if os.listdir(place) if os.path.isdir(place) else os.path.lexists(place):
            found.append(place)
    except OSError:
        pass
return [path for path in found if path != "/lib/modules"]
