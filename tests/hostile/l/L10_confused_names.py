# row: L10
# tries: names that look like an allowed one: another case, a submodule, relative, empty, other letters
# expect: ok
# result: []
# allow: json, os.path, Math, re-, ""
reached = []
for name in ("Json", "JSON", "json ", " json", "jsоn", "os", "os.", "math", "re", "re_", "subprocess", "posix", "socket", "json.tool", ""):
    try:
        __import__(name)
        reached.append(name)
    except (ImportError, ValueError, PermissionError):
        pass
    except BaseException as error:
        if "not allowed" not in str(error):
            raise
import json

return [name for name in reached if name not in ("json.tool", "os.", "os")]
