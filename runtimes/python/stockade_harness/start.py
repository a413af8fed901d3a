"""The start of a zygote: everything that is done once, so that no worker has to."""

import _sitebuiltins
import builtins
import ctypes
import gc
import importlib
import json
import os
import sys

from . import large, worker
from .environment import keep_agreed_variables
from .explain import describe
from .n8n import mode as n8n_mode
from .stacks import hide_folder
from .streams import open_streams
from .warmup import choose_modes, rehearse_in_zygote

_NATIVE_LIBRARY = "/stockade/native.so"
_SETTINGS_VARIABLE = "STOCKADE_ZYGOTE"
# Loaded for everyone because nearly all code uses them and they are small.
_STANDARD = ("collections", "datetime", "functools", "itertools", "math", "random", "re", "time")
_OBJECTS_PER_COLLECTION = 10_000
# Thread pools of numerical libraries do not survive a fork, and a task is given about one processor. The operator may
# set other numbers.
_SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def main():
    """Warm up, and serve; from then on every return of the native library is a new worker."""
    settings = json.loads(os.environ.pop(_SETTINGS_VARIABLE, None) or "{}")
    try:
        native = ctypes.PyDLL(settings.get("native") or _NATIVE_LIBRARY)
    except OSError as error:
        sys.exit(f"stockade: the native library cannot be loaded: {error}")
    large.use(native)
    hello = prepare(settings)
    native.stockade_serve(hello, len(hello))
    worker.run()


def prepare(settings):
    """Make this process a zygote; the greeting for the supervisor."""
    open_streams()
    sys.argv = [""]
    _add_interactive_builtins()
    missing = _preload(settings.get("preload") or [], settings.get("packages"))
    keep_agreed_variables()
    if settings.get("rules") is not None:
        n8n_mode.prepare(settings["rules"])
    choose_modes(settings.get("modes") or [])
    rehearse_in_zygote(worker.run_task)
    greeting = {
        "language": "python",
        "version": ".".join(map(str, sys.version_info[:3])),
        "missing": missing,
    }
    hello = json.dumps(greeting).encode()
    # Frozen objects are left alone by the workers' garbage collectors, so their pages stay shared.
    gc.collect()
    gc.freeze()
    gc.disable()
    # For the workers. Code that makes a thousand rows makes several thousand objects, none of them garbage.
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 10, 10)
    return hello


def _add_interactive_builtins():
    # What the module `site` adds when it is not switched off; scripts use these as if they were built in.
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


def _preload(names, packages):
    """Import what tasks will import; for each name that fails, the name and the reason."""
    for name in _STANDARD:
        importlib.import_module(name)
    if packages:
        sys.path.append(packages)
        hide_folder(packages)
    for variable in _SINGLE_THREADED:
        os.environ.setdefault(variable, "1")
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            reason = f"{name}: {describe(error)}"
            missing.append(reason.encode(errors="replace").decode())
    return missing
