"""Mode code: inputs in, result out."""

import json

import pytest


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 1", 2),
        ("None", None),
        ("(1, [2, (3,)])", [1, [2, [3]]]),
        ("{'b': 1, 'a': {2: 1.5, None: True}}", {"b": 1, "a": {"2": 1.5, "null": True}}),
        ("{1}", "{1}"),
        ("[frozenset({2}), b'x', 1j]", ["frozenset({2})", "b'x'", "1j"]),
        ("[float('nan'), {'a': float('-inf')}, {float('inf'): 1}]", [None, {"a": None}, {"Infinity": 1}]),
        ("'é世界🌍'", "é世界🌍"),
        ("2 ** 70", 2**70),
        ("__import__('datetime').datetime(2024, 1, 2)", "2024-01-02 00:00:00"),
        (
            "[__import__('decimal').Decimal('1.10'), __import__('uuid').UUID(int=1)]",
            ["1.10", str(__import__("uuid").UUID(int=1))],
        ),
        ("__import__('collections').namedtuple('P', 'x y')(1, 2)", [1, 2]),
        ("__import__('http').HTTPStatus.OK", 200),
    ],
)
def test_values_become_json(run, expression, expected):
    assert run(f"return {expression}").value == expected


def test_without_return_there_is_no_result(run):
    end = run("print('hello', __name__)\nx = 1")
    assert (end.result, end.stdout) == (b"", "hello __main__\n")


def test_bare_return_is_null(run):
    assert run("if True:\n    return\nx = 1").result == b"null"


def test_return_inside_functions_only_is_a_module(run):
    assert (
        run("def f():\n    return 1\nclass A:\n    def g(self):\n        return 2\nprint(f(), A().g())").result == b""
    )


def test_inputs_are_variables(run):
    end = run("return [orders, inputs['not an identifier'], inputs]", {"orders": [1], "not an identifier": 2})
    assert end.value == [[1], 2, {"orders": [1], "not an identifier": 2}]


def test_no_inputs_are_an_empty_object(run):
    assert run("return inputs").value == {}


def test_an_input_can_be_assigned_and_captured(run):
    code = """
count = count + 1
def more():
    nonlocal count
    count += 1
more()
global other
other = other * 2
return [count, other, [x for x in range(2)], x]
"""
    assert run(code, {"count": 1, "other": 4, "x": "kept"}).value == [3, 8, [0, 1], "kept"]


def test_special_names_are_no_variables(run):
    end = run("return [__name__, len(inputs['__builtins__'])]", {"__builtins__": {}, "__name__": "x"})
    assert end.value == ["__main__", 0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (b"[1]", "The inputs must be a JSON object"),
        (
            b"{",
            "The inputs are not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (b"[" * 1_000_000, "The inputs are nested too deeply"),
        (
            b'{"a": "\xff"}',
            "The inputs are not valid JSON: 'utf-8' codec can't decode byte 0xff in position 7: invalid start byte",
        ),
    ],
)
def test_wrong_inputs_are_a_validation_error(run, inputs, message):
    assert run("return 1", inputs).error == {"code": "VALIDATION_ERROR", "message": message}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "return {'a': [{(1, 2): 3}]}",
            "result['a'][0] has a key of type tuple; keys must be str, int, float, bool or None",
        ),
        ("return ['ok', {'s': chr(0xd800)}]", "result[1]['s'] holds a lone surrogate, which UTF-8 cannot carry"),
        ("return {chr(0xd800): 1}", "result has a key with a lone surrogate, which UTF-8 cannot carry"),
        (
            "class Bad:\n    def __str__(self):\n        return 1 / 0\nreturn [Bad()]",
            "result[0] is a Bad that fails with ZeroDivisionError: division by zero",
        ),
    ],
)
def test_what_is_not_json_is_named_with_its_place(run, code, message):
    message = "The returned value cannot be turned into JSON: " + message
    assert run(code).error == {"code": "RUNTIME_ERROR", "message": message}


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("a = []\na.append(a)\nreturn a", "result[0] is result"),
        ("a = {'k': [1]}\na['k'].append(a)\nreturn {'x': a}", "result['x']['k'][1] is result['x']"),
        ("a = [float('nan')]\na.append(a)\nreturn a", "result[1] is result"),
    ],
)
def test_cycles_are_named(run, code, place):
    assert run(code).error["message"] == f"The returned value refers to itself ({place})"


def test_deep_nesting_ends_with_an_answer(run):
    end = run("import sys\nsys.setrecursionlimit(10**9)\na = []\nfor _ in range(10**6):\n    a = [a]\nreturn a")
    assert end.error["message"] == "The returned value is nested too deeply"


def test_a_shared_value_is_no_cycle(run):
    assert run("a = [float('nan')]\nreturn [a, a, {'a': a}]").value == [[None], [None], {"a": [None]}]


def test_a_large_result_arrives_whole(run):
    end = run("return [data, len(data)]", {"data": "é" * 3_000_000})
    assert end.value[1] == 3_000_000
    assert len(end.result) > 6_000_000


def test_exit_with_success_has_no_result(run):
    end = run("print('before')\nimport sys\nsys.exit()\nreturn 1")
    assert (end.result, end.stdout) == (b"", "before\n")


@pytest.mark.parametrize(
    ("status", "code", "stderr"),
    [("3", 3, ""), ("-1", -1, ""), ("True", 1, ""), ("'bye'", 1, "bye\n"), ("[1]", 1, "[1]\n")],
)
def test_exit_with_failure(run, status, code, stderr):
    end = run(f"exit({status})")
    assert end.error == {"code": "RUNTIME_ERROR", "message": f"Process exited with code {code}", "name": "SystemExit"}
    assert end.stderr == stderr


def test_streams_are_lines_of_utf8(run):
    end = run(
        "import sys\nprint('é', chr(0xd800))\nsys.stdout.write('no newline')\nsys.stderr.write('e')\nreturn sys.stdin.read()"
    )
    assert (end.stdout, end.stderr, end.value) == ("é \\ud800\nno newline", "e", "")


def test_values_of_numpy(zygote_with, tmp_path):
    """A stand-in for numpy: what counts is where the class says it comes from."""
    package = tmp_path / "numpy"
    package.mkdir()
    (package / "__init__.py").write_text(
        "class dtype:\n    def __init__(self, kind):\n        self.kind = kind\n"
        "class ndarray:\n    dtype = dtype('i')\n    def tolist(self):\n        return [1, float('nan')]\n"
        "class int64:\n    dtype = dtype('i')\n    def tolist(self):\n        return 7\n"
        "class longdouble(float):\n    pass\n"
    )
    zygote = zygote_with({"packages": str(tmp_path), "preload": ["numpy"]})
    code = "import numpy\nreturn {'a': numpy.ndarray(), numpy.int64(): numpy.int64(), 't': numpy.dtype('i').kind}"
    assert json.loads(zygote.worker().run(code).result) == {"a": [1, None], "7": 7, "t": "i"}
