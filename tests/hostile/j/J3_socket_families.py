# row: J3
# tries: every family of sockets, those that no namespace separates among them
# expect: ok
# result: []
# denied: socket
import socket

opened = []
for family in range(0, 64):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind, 0)
            opened.append((family, kind))
        except OSError:
            pass
return opened
