# row: H3
# tries: to receive a descriptor of somebody else, and to pile its own up in the supervisor
# expect: ok
# result: []
# denied: socketpair, socket
import array
import errno
import os
import socket
import time

LOG = b"\x12\x02\0\0\x0011"
received = []
channel = socket.socket(fileno=os.dup(3))
channel.setblocking(False)
try:
    received.append(channel.recvmsg(16, socket.CMSG_SPACE(64)))
except BlockingIOError:
    pass
channel.setblocking(True)
rights = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(200)])
for _ in range(200):
    try:
        channel.sendmsg([LOG], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    except OSError as error:
        # As many as the kernel lets be on their way; the supervisor has to let go of them.
        assert error.errno == errno.ETOOMANYREFS
        time.sleep(0.001)
for kind, family in ((socket.SOCK_DGRAM, socket.AF_UNIX), (socket.SOCK_STREAM, socket.AF_INET)):
    try:
        received.append(socket.socketpair(family, kind) and kind)
    except OSError:
        pass
try:
    received.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) and "socket")
except OSError:
    pass
return received
