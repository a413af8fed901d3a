# row: G10
# tries: to learn the host's paths from what Python knows of itself
# expect: ok
# result: []
import re
import sys
import sysconfig
import traceback

shown = [sys.argv, sys.orig_argv if hasattr(sys, "orig_argv") else "", sys.path, sys.prefix, sys.executable, sys.flags, __name__]
shown += [getattr(module, "__file__", "") for module in list(sys.modules.values())]
shown += traceback.format_stack()
shown.append(sysconfig.get_paths())
return sorted(set(re.findall(r"/(?:root|home|work|opt|srv|mnt)\b[^'\" ]*", repr(shown))))
