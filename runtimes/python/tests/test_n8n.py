"""Mode n8n beyond the recorded cases: where it is better than the official runner, and its errors."""

import json

import pytest
from n8n_tasks import EACH, messages, settings
from supervisor import Zygote

ITEMS = [{"json": {"v": 1}}, {"json": {"v": 2}}]


@pytest.fixture(scope="module")
def n8n_zygote(interpreter):
    """A zygote as the runner has it."""
    zygote = Zygote(interpreter, {"modes": ["n8n"]})
    yield zygote
    zygote.close()


@pytest.fixture
def node(n8n_zygote):
    """Run the code of a node over items; the end of the task."""

    def node(code, items=ITEMS, **options):
        return n8n_zygote.worker().run(code, items, **settings(**options))

    return node


def test_special_floats_become_null(node):
    assert node("nan = float('nan')\nreturn [{'json': {'a': nan, 'b': [float('inf')]}}]").value == {
        "result": [{"json": {"a": None, "b": [None]}}]
    }


def test_triple_quoted_text_is_kept(node):
    assert node('return """a\n  b\nc"""').value == {"result": "a\n  b\nc"}


def test_nonlocal_and_closures(node):
    assert node("n = 1\ndef f():\n    nonlocal n\n    n += 1\nf()\nreturn n").value == {"result": 2}


def test_errors_have_line_and_stack(node):
    end = node("def f(x):\n    return 1 / x\n\nreturn f(0)")
    assert end.error["details"] == {"message": "division by zero", "description": ""}
    assert (end.error["line"], end.error["name"], end.error["code"]) == (2, "ZeroDivisionError", "RUNTIME_ERROR")
    assert '  File "<all_items_task_execution>", line 4, in _user_function\n    return f(0)' in end.error["stack"]


def test_prints_come_also_when_the_task_fails(node):
    end = node("for i in range(103):\n    print(i)\nraise ValueError('x')")
    assert [end.logs[0], *end.logs[99:]] == [["0"], ["99"], ["[Output truncated - 3 more print statements]"]]


@pytest.mark.parametrize(
    ("call", "logged"),
    [
        ("print('a', 1, sep=', ')", ["'a, 1'"]),
        ("print('a', 1, sep=' ', end='', flush=True)", ["'a'", "1"]),
        ("print()", []),
        (
            "print('it\\'s', None, True, 1.5, [1, 'é'], {'a': (1, 2)})",
            ["'it's'", "None", "True", "1.5", '[1, "é"]', '{"a": [1, 2]}'],
        ),
        ("print({(1, 2): 3})", ["[Circular dict]"]),
        ("print(chr(0xd800))", ["'?'"]),
    ],
)
def test_print(node, call, logged):
    assert node(f"{call}\nreturn 1").logs == [logged]


def test_print_to_a_file(node):
    code = "import io, sys\nf = io.StringIO()\nprint('a', 'b', file=f)\nprint('log', file=sys.stdout)\nprint('bad', file=sys.stderr)\nreturn f.getvalue()"
    end = node(code, standard="*")
    assert (end.value, end.logs, end.stderr) == ({"result": "a b\n"}, [["'log'"]], "bad\n")


def test_print_refuses_what_the_builtin_refuses(node):
    assert node("print(1, sep=2)").error["details"]["message"] == "sep must be None or a string, not int"
    assert node("print(1, colour=2)").error["name"] == "TypeError"


def test_print_of_a_forked_child_goes_to_stdout(node):
    code = "import os\nchild = os.fork()\nif not child:\n    print('child')\n    os._exit(0)\nos.waitpid(child, 0)\nprint('parent')"
    end = node(code, standard="*")
    assert end.logs == [["'parent'"]]


def test_stderr_is_the_description(node):
    end = node("import sys\nsys.stderr.write('careful')\nraise ValueError('no')", standard="*")
    assert end.error["details"] == {"message": "no", "description": "careful"}
    assert end.stderr == "careful"


@pytest.mark.parametrize("description", ["''", "None", "0"])
def test_an_empty_description_is_none(node, description):
    end = node(f"e = ValueError('m')\ne.description = {description}\nraise e")
    assert end.error["details"] == {"message": "m", "description": ""}


# --- Continue On Fail


def test_continue_on_fail_over_all_items(node):
    assert node("raise ValueError('x')", fails=True).value == {"result": [{"json": {"error": "x"}}]}


def test_continue_on_fail_tells_what_was_forbidden(node):
    text = "Security violations detected: Line 1: Import of standard library module 'os' is disallowed. Allowed stdlib modules: none"
    assert node("import os", fails=True).value == {"result": [{"json": {"error": text}}]}
    items = [{"json": {"error": text}, "pairedItem": {"item": index}} for index in (0, 1)]
    assert node("import os", fails=True, mode=EACH).value == {"result": items}


def test_continue_on_fail_over_each_item(node):
    code = "if _item['json']['v'] == 1:\n    exit(3)\nreturn {'ok': 1}"
    assert node(code, fails=True, mode=EACH).value == {
        "result": [
            {"json": {"error": "Process exited with code 3"}, "pairedItem": {"item": 0}},
            {"json": {"ok": 1}, "pairedItem": {"item": 1}},
        ]
    }


def test_continue_on_fail_when_one_item_is_not_json(node):
    code = "return {(1, 2): 3} if _item['json']['v'] == 2 else {'ok': 1}"
    message = "keys must be str, int, float, bool or None, not tuple"
    assert node(code, mode=EACH).error["details"] == {"message": message, "description": ""}
    assert node(code, fails=True, mode=EACH).value == {
        "result": [
            {"json": {"ok": 1}, "pairedItem": {"item": 0}},
            {"json": {"error": message}, "pairedItem": {"item": 1}},
        ]
    }


def test_continue_on_fail_without_items(node):
    assert node("raise ValueError('x')", items=[], fails=True, mode=EACH).value == {"result": []}
    end = node("return 1", items=b"null", fails=True, mode=EACH)
    assert end.value == {"result": [{"json": {"error": "'NoneType' object is not iterable"}}]}


def test_globals_are_fresh_for_each_item(node):
    code = "global seen\ntry:\n    seen += 1\nexcept NameError:\n    seen = 1\nreturn {'seen': seen}"
    assert [item["json"]["seen"] for item in node(code, mode=EACH).value["result"]] == [1, 1]


# --- Rules


@pytest.mark.parametrize("code", ["import os.path\nreturn os.path.sep", "from os import path\nreturn path.sep"])
def test_dotted_entries_match(node, code):
    assert node(code, standard="json,os.path").value == {"result": "/"}


@pytest.mark.parametrize(
    ("code", "standard", "description"),
    [
        (
            "f = __import__\nf('os')",
            "",
            "Import of standard library module 'os' is disallowed. Allowed stdlib modules: none",
        ),
        (
            "import importlib\nimportlib.import_module('os')",
            "importlib",
            "Import of standard library module 'os' is disallowed. Allowed stdlib modules: importlib",
        ),
        ("f = __import__\nf(name='os')", "", None),
        (
            "import importlib\nf = importlib.import_module\nf('.path', 'os')",
            "importlib",
            "Import of standard library module 'os.path' is disallowed. Allowed stdlib modules: importlib",
        ),
        (
            "return ''.join(['{0.__cla', 'ss__}']).format(1)",
            "",
            "String pattern accessing '__class__' is disallowed, because it can be used to bypass security restrictions.",
        ),
        ("t = ''.join(['{0.__cla', 'ss__}'])\nreturn str.format(t, 1)", "", None),
        ("t = ''.join(['{0:{1.__cla', 'ss__}}'])\nreturn t.format(1, 2)", "", None),
        ("t = ''.join(['{a[__cla', 'ss__]}'])\nreturn t.format_map({'a': {}})", "", None),
        (
            "import string\nt = ''.join(['0.__cla', 'ss__'])\nreturn string.Formatter().get_field(t, [1], {})",
            "string",
            None,
        ),
        (
            "import string\nt = ''.join(['{0.__cla', 'ss__}'])\nreturn string.Formatter().vformat(t, [1], {})",
            "string",
            None,
        ),
        (
            "import collections\nt = ''.join(['{0.__cla', 'ss__}'])\nreturn collections.UserString(t).format(1)",
            "collections",
            None,
        ),
    ],
)
def test_rules_at_run_time(node, code, standard, description):
    error = node(code, standard=standard).error
    assert error["details"]["message"] == "Security violation detected"
    assert description is None or error["details"]["description"] == description
    assert (error["code"], error["name"]) == ("PERMISSION_ERROR", "SecurityViolationError")
    assert error["line"] == code.count("\n") + 1


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("return '{0} {x} {0[obj]} {1.real}'.format({'obj': 1}, 2, x=3)", "{'obj': 1} 3 1 2"),
        ("return 'a{b}'.format_map({'b': 1})", "a1"),
        ("import datetime\nd = datetime.date(2024, 1, 2)\nreturn '{:%Y}'.format(d)", "2024"),
        ("return f'{1:>3}|' + format(2.5, '.2f') + '%s' % 'x'", "  1|2.50x"),
        ("class A:\n    def format(self, text): return text\nreturn A().format('{0.__class__')", "{0.__class__"),
    ],
)
def test_formatting_that_is_allowed(node, code, result):
    denied = "" if "class A" in code else "eval"
    assert node(code, standard="datetime", denied=denied).value == {"result": result}


def test_optional_imports_of_packages_degrade(zygote_with, tmp_path):
    (tmp_path / "package.py").write_text(
        "import importlib\n\ndef load():\n    try:\n        importlib.import_module('colorsys')\n    except ImportError:\n"
        "        return 'without'\n    return 'with'\n"
    )
    zygote = zygote_with({"packages": str(tmp_path)})
    code = "import package\nreturn package.load()"
    results = [
        zygote.worker()
        .run(code, [], **settings(external="package", allow_transitive_imports=transitive))
        .value["result"]
        for transitive in (False, True)
    ]
    assert results == ["without", "with"]


def test_transitive_imports_are_still_forbidden_to_user_code(node):
    code = "import importlib\nimportlib.import_module('os')"
    end = node(code, standard="importlib", allow_transitive_imports=True)
    assert end.error["details"]["message"] == "Security violation detected"


def test_validated_code_is_not_checked_again(node):
    assert node("return ''.__class__ is not None", validated=True).value == {"result": True}
    code = "return ''.join(['{0.__cla', 'ss__}']).format(1)"
    assert node(code, validated=True).error["details"]["message"] == "Security violation detected"


def test_wildcards_switch_the_static_check_off(node):
    assert node("return [].__class__.__name__", standard="*", external="*").value == {"result": "list"}


def test_static_error_has_line_and_description(node):
    error = node("x = 1\ny = x.__class__").error
    assert (error["code"], error["line"]) == ("PERMISSION_ERROR", 2)
    assert error["description"] == error["details"]["description"]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("x = 'tb_' + 'fra' + 'me'", ["Access to attribute 'tb_frame'"]),
        ("x = 'f_' + ('ba' + 'ck') + y", ["Access to attribute 'f_back'"]),
        ("x = f'{1}__globals__'", ["Access to name '__globals__'"]),
        ("__import__()", ["Dynamic __import__() calls are not allowed"]),
        ("__import__('o' + 's')", ["Dynamic __import__() calls are not allowed"]),
        ("f = lambda __name__: 1", ["Parameter named '__name__'"]),
        ("async def __loader__(): pass", ["Function named '__loader__'"]),
        ("class __spec__: pass", ["Class named '__spec__'"]),
        ("match 1:\n  case [*__name__]: pass", ["Access to name '__name__'"]),
        ("match 1:\n  case {**__name__}: pass", ["Access to name '__name__'"]),
        ("match 1:\n  case int(_A__b=1): pass", ["Access to name-mangled attributes"]),
        ("x = builtins['__import__']", ["Access to attribute '__import__'", "Access to attribute '__import__'"]),
        ("x = '{a.b[__dict__]:{c.f_back}}'", ["String pattern accessing '__dict__'"]),
        ("from json import __loader__ as x", ["Access to name '__loader__'"]),
        ("x.format_map", ["Extracting 'format_map' as a bound method"]),
        ("x = '{'\ny = '}}{'\nz = '{0[}'", []),
        ("x._private\nx.__missing\nx.__a__", []),
    ],
)
def test_static_check(node, code, texts):
    error = node(code, standard="json").error
    if not texts:
        assert error is None or error["name"] != "SecurityViolationError"
        return
    lines = error["details"]["description"].split("\n")
    assert len(lines) == len(texts)
    assert all(text in line for text, line in zip(texts, lines, strict=True))


@pytest.mark.parametrize(
    "code", ["x = " + "'a' + " * 20_000 + "'b'\nreturn 1", "x = " + "-" * 100_000 + "1", "return " + "(" * 100_000]
)
def test_hostile_sources_end_with_an_answer(node, code):
    end = node(code)
    assert end.error is None or end.error["code"] == "SYNTAX_ERROR"


def test_the_environment_is_empty(node):
    code = "import os\nreturn sorted(os.environ.items())"
    assert node(code, standard="*").value == {"result": []}


def test_the_environment_that_the_runner_gives(zygote):
    end = zygote.worker().run(
        "import os\nreturn dict(os.environ)", [], environment={"A": "1"}, **settings(standard="*")
    )
    assert end.value == {"result": {"A": "1"}}


def test_tools_that_user_code_overwrites(node):
    code = "import builtins, json, os, sys\nvars = builtins.__dict__\nvars.clear()\njson.dumps = os.writev = None\nsys.stderr = None\nprint('on')\nreturn {1: [2]}"
    end = node(code, standard="*", external="*", denied="")
    assert (end.value, end.logs) == ({"result": {"1": [2]}}, [["'on'"]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n8n": {"nodeMode": "nope"}}, "Unknown nodeMode: nope"),
        ({"n8n": 1}, "The setting 'n8n' has the wrong type"),
        ({"rules": {"stdlib_allow": [1]}}, "The setting 'stdlib_allow' must be a list of names"),
    ],
)
def test_wrong_settings(zygote, changes, message):
    error = zygote.worker().run("return 1", [], **{**settings(), **changes}).error
    assert (error["code"], error["message"]) == ("VALIDATION_ERROR", message)


def test_ten_thousand_items(node):
    items = [{"json": {"v": index}} for index in range(10_000)]
    end = node("return {'w': _item['json']['v'] + 1}", items=items, mode=EACH)
    assert end.value["result"][9_999] == {"json": {"w": 10_000}, "pairedItem": {"item": 9_999}}


def test_a_trivial_task_costs_few_page_faults(n8n_zygote):
    ends = [n8n_zygote.worker().run("return [{'json': {'a': 1}}]", ITEMS, **settings()) for _ in range(7)]
    assert json.loads(ends[0].result) == {"result": [{"json": {"a": 1}}]}
    assert sorted(end.faults for end in ends)[3] < 40


def test_memory_errors_have_a_message(node):
    end = node("x = bytearray(10 ** 15)")
    assert end.error["code"] == "MEMORY_ERROR"
    assert messages(end)[-1]["error"]["message"] == "The code ran out of memory"
