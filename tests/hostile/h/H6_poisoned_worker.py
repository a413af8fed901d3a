# row: H6
# tries: to poison the zygote through its copy of it: modules, environment, limits, signals, directory, hooks
# expect: ok
# result: []
import builtins
import json
import locale
import os
import resource
import signal
import sys

found = []
if hasattr(builtins, "poison") or hasattr(json, "poison") or "poison" in sys.modules or "POISON" in os.environ:
    found.append("objects")
if os.umask(0o777) != 0o022:
    found.append("umask")
if os.getcwd() != "/tmp":
    found.append("directory")
if signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()):
    found.append("signals")
if resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 5:
    found.append("limits")
if json.dumps({"a": 1}) != '{"a": 1}':
    found.append("json")
builtins.poison = json.poison = sys.modules["poison"] = json
os.environ["POISON"] = "1"
os.putenv("LD_PRELOAD", "/tmp/poison.so")
os.chdir("/")
resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))
try:
    locale.setlocale(locale.LC_ALL, "C")
except locale.Error:
    pass
sys.setrecursionlimit(60)
sys.meta_path.clear()
sys.path.clear()
json.dumps = json.loads = os.write = lambda *_, **__: "poison"
json.encoder.JSONEncoder.encode = lambda *_: "poison"
type.__setattr__(json.JSONEncoder, "default", None)
return found
