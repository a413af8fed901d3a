# row: J2
# tries: to meet another task at a socket with an abstract name, also at one that names itself
# expect: ok
# result: []
# denied: socket, socketpair, bind
# roles: one with other
import ctypes
import socket

opened = []
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    try:
        socket.socket(socket.AF_UNIX, kind).bind("\0meeting")
        opened.append(kind)
    except OSError:
        pass
one, other = socket.socketpair()
for attempt in (lambda: one.bind("\0meeting"), lambda: one.setsockopt(socket.SOL_SOCKET, 16, 1), lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)):
    try:
        attempt()
        opened.append("self-named")
    except OSError:
        pass
if ctypes.CDLL(None).bind(3, b"\x01\0\0meeting", 10) != -1:
    opened.append("the channel")
return opened
