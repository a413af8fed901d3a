# row: L1
# tries: the walk over all classes to one that loads modules, and a shell at its end
# expect: ok
# result: {"root": false, "shadow": false, "network": false}
found = {}
for cls in ().__class__.__mro__[-1].__subclasses__():
    try:
        names = cls.__init__.__globals__
    except AttributeError:
        continue
    if "sys" in names:
        found = names["sys"].modules
        break
loader = next(cls for cls in ().__class__.__base__.__subclasses__() if cls.__name__ == "BuiltinImporter")
system = loader.load_module("posix")
return {
    "root": system.getuid() == 0 or system.system("test $(id -u) -eq 0") == 0,
    "shadow": system.system("cat /etc/shadow > /dev/null 2>&1") == 0,
    "network": system.system("python3 -c 'import socket; socket.socket()' 2> /dev/null") == 0,
}
