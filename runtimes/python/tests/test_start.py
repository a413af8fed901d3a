"""The start of a zygote as the launcher does it."""

import json
import os
import subprocess

from supervisor.zygote import ROOT

OLD = """
import sys
sys.version_info = (3, 9, 18)
sys.argv = ["zygote.py"]
exec(compile(open({path!r}).read(), {path!r}, "exec"), {{"__name__": "__main__", "__file__": {path!r}}})
"""


def start(*arguments, **environment):
    return subprocess.run(
        arguments,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_old_interpreter_is_refused(interpreter):
    path = str(ROOT / "zygote.py")
    started = start(interpreter, "-I", "-B", "-S", "-c", OLD.format(path=path))
    assert started.returncode == 3
    assert started.stderr == "stockade: Python 3.9 is too old; the harness needs Python 3.10 or newer\n"


def test_without_the_native_library(interpreter):
    settings = json.dumps({"preload": [], "packages": None, "native": "/nowhere/native.so"})
    started = start(interpreter, "-I", "-B", "-S", str(ROOT / "zygote.py"), STOCKADE_ZYGOTE=settings)
    assert started.returncode == 1
    assert started.stderr.startswith("stockade: the native library cannot be loaded: /nowhere/native.so")
    assert started.stderr.count("\n") == 1
