# row: F14
# tries: to connect to sockets of the host's services
# expect: ok
# result: {"connected": [], "there": []}
# denied: socket
import os
import socket

paths = ["/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/notify", "/run/podman/podman.sock", "/dev/log", "/tmp/.X11-unix/X0", "/run/snapd.socket"]
connected = []
for path in paths:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            socket.socket(socket.AF_UNIX, kind).connect(path)
            connected.append(path)
        except OSError:
            pass
return {"connected": connected, "there": [path for path in paths if os.path.lexists(path)]}
