# row: K1
# tries: the internet, by name and by address
# expect: ok
# result: []
# denied: socket
import socket
import urllib.request

reached = []
for address in ("http://example.com", "http://1.1.1.1", "http://169.254.169.254/latest/meta-data/", "http://[::1]/"):
    try:
        urllib.request.urlopen(address, timeout=2)
        reached.append(address)
    except OSError:
        pass
try:
    socket.getaddrinfo("example.com", 80)
    reached.append("resolved")
except OSError:
    pass
return reached
