# row: F10
# tries: devices: those of the host, and nodes of its own for them
# expect: ok
# result: {"nodes": [], "opened": [], "there": ["full", "null", "random", "shm", "urandom", "zero"]}
# denied: mknodat
import os
import stat

opened = []
for name in "mem kmem port kmsg fuse kvm loop0 loop-control sda vda nvme0n1 dm-0 mapper/control net/tun vhost-net dri/card0 input/event0 rtc snapshot userfaultfd".split():
    try:
        opened.append((name, os.open("/dev/" + name, os.O_RDONLY)))
    except OSError:
        pass
nodes = []
for kind in (stat.S_IFBLK, stat.S_IFCHR):
    for major, minor in ((1, 1), (1, 3), (8, 0), (254, 0), (10, 229), (259, 0)):
        for place in ("/tmp/node", "/dev/node"):
            try:
                os.mknod(place, kind | 0o666, os.makedev(major, minor))
                nodes.append((place, kind, major, minor))
            except OSError:
                pass
return {"nodes": nodes, "opened": opened, "there": sorted(os.listdir("/dev"))}
