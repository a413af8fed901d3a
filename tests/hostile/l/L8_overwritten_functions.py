# row: L8
# tries: to take over the functions that the harness needs for the result, in place and in the modules
# expect: ok
# result: {"mine": [1, 2]}
import builtins
import gc
import json
import os
import struct
import sys

stolen = []
modules = list(sys.modules)
for module, names in (
    (json, ("dumps", "loads", "JSONEncoder")),
    (json.encoder, ("c_make_encoder", "encode_basestring_ascii", "JSONEncoder")),
    (os, ("write", "writev", "_exit", "getpid", "fork")),
    (struct, ("pack", "Struct")),
    (builtins, ("print", "open", "isinstance", "len", "str", "dict", "list", "type", "getattr", "BaseException")),
):
    for name in names:
        setattr(module, name, stolen.append)
sys.stdout = sys.stderr = sys.exc_info = None
for name in modules:
    if name.startswith("stockade"):
        sys.modules[name] = None
gc.callbacks.append(stolen.append)
sys.excepthook = sys.unraisablehook = stolen.append
return {"mine": [1, 2]}
