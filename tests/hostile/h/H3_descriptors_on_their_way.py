# row: H3
# tries: to use up the descriptors that one user may have on their way, so that no worker can be made for anybody else
# expect: ok
# result: true
# neighbour: yes
import array
import errno
import os
import socket
import time

null = array.array("i", [os.open("/dev/null", os.O_RDONLY)] * 250)
pairs = []
end = None
while end is None:
    try:
        pairs.append(socket.socketpair())
        pairs[-1][0].setblocking(False)
        while True:
            pairs[-1][0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, null)])
    except BlockingIOError:
        pass
    except OSError as error:
        end = errno.errorcode[error.errno]
time.sleep(1)
return end in ("ETOOMANYREFS", "EMFILE") or end
