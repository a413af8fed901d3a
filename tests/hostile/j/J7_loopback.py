# row: J7
# tries: to meet another task at a port of the loopback interface
# expect: ok
# result: []
# denied: socket
# roles: server with client
import socket

opened = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try:
        meeting = socket.socket(family)
        meeting.bind((address, 39517)) if role == "server" else meeting.connect((address, 39517))
        opened.append(address)
    except OSError:
        pass
return opened
