"""The allow list of mode code."""

import pytest


def refused(module, allowed):
    return f"Module '{module}' is not allowed. Allowed modules: {allowed}"


@pytest.mark.parametrize(
    ("code", "allow"),
    [
        ("import json\nreturn json.dumps([1])", ["json"]),
        ("import os.path\nreturn os.path.join('a', 'b')", ["os.path"]),
        ("from os import path\nreturn path.join('a', 'b')", ["os.path"]),
        ("import xml.etree.ElementTree as tree\nreturn tree.fromstring('<a/>').tag", ["xml"]),
        ("import importlib\nreturn importlib.import_module('json').dumps(1)", ["importlib", "json"]),
        ("import decimal\nreturn 1", ["*"]),
        ("from collections import OrderedDict\nreturn 1", [" collections ", ""]),
        ("import email.message\nreturn email.message.EmailMessage().as_string()", ["email"]),
        ("try:\n    import os\nexcept ImportError:\n    return 'caught'", []),
    ],
)
def test_allowed(run, code, allow):
    assert run(code, allow=allow).error is None


@pytest.mark.parametrize(
    ("code", "allow", "module", "shown", "line"),
    [
        ("x = 1\nimport os", ["json", "re"], "os", "json, re", 2),
        ("import os.path\nreturn 1", ["json"], "os.path", "json", 1),
        ("from os import path, system", ["os.path"], "os", "os.path", 1),
        ("from os import *", ["os.path"], "os", "os.path", 1),
        ("def f():\n    __import__('os')\nf()", [], "os", "none", 2),
        ("import importlib\nimportlib.import_module('os')", ["importlib"], "os", "importlib", 2),
        ("import importlib\nimportlib.import_module('.path', 'os')", ["importlib"], "os.path", "importlib", 2),
        ("import importlib\nimportlib.__import__('os')", ["importlib"], "os", "importlib", 2),
        ("exec('import os')", [], "os", "none", 1),
        ("exec('import os', {})", [], "os", "none", 1),
        ("import JSON", ["json"], "JSON", "json", 1),
        ("import jsоn", ["json"], "jsоn", "json", 1),
    ],
)
def test_refused(run, code, allow, module, shown, line):
    error = run(code, allow=allow).error
    assert (error["code"], error["message"]) == ("PERMISSION_ERROR", refused(module, shown))
    assert (error["line"], error["name"]) == (line, "ModuleNotAllowedError")
    assert "guarded_import" not in error["stack"]
    assert error["stack"].endswith("\nModuleNotAllowedError: " + error["message"])


def test_absent_list_allows_everything(run):
    assert run("import os, ctypes\nreturn 1").value == 1


def test_look_alikes_are_normalised_as_the_language_does(run):
    # The parser turns full-width letters into plain ones, so this is the module json.
    assert run("import ｊson\nreturn 1", allow=["json"]).value == 1


def test_relative_imports_fail_as_in_a_script(run):
    assert run("from . import x", allow=["json"]).error["name"] == "ImportError"


@pytest.mark.parametrize("allow", ["json", [1], {}])
def test_wrong_lists(run, allow):
    assert run("return 1", allow=allow).error["code"] == "VALIDATION_ERROR"


def test_the_harness_cannot_be_imported(run):
    error = run("import stockade_harness").error
    assert error["name"] == "ModuleNotFoundError"
    assert run("import sys\nreturn [m for m in sys.modules if 'stockade' in m or 'zygote' in m]").value == []
