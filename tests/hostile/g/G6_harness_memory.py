# row: G6
# tries: to find secrets in its own address space: every object, every frame, every module of the harness
# expect: ok
# result: {"found": [], "memory file": false}
import gc
import os
import sys

words = ("token", "secret", "password", "api_key", "private_key", "broker")
found = set()
frame = sys._getframe()
while frame := frame.f_back:
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if isinstance(value, (str, bytes)) and any(word in name.lower() for word in words):
            found.add(name)
for thing in gc.get_objects():
    if isinstance(thing, dict):
        for name, value in list(thing.items()):
            if isinstance(name, str) and isinstance(value, (str, bytes)) and any(marker in str(value) for marker in ("N8N_RUNNERS", "-----BEGIN", "Bearer ")):
                found.add(name)
return {"found": sorted(found), "memory file": os.path.exists("/proc/self/mem")}
