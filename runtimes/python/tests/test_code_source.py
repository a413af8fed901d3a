"""Mode code: the user's text is compiled as it stands."""

import pytest


def test_text_is_never_indented(run):
    code = 'text = """a\n  b\nc"""\nif True:\n\treturn text\n'
    assert run(code).value == "a\n  b\nc"


def test_docstring_and_future_imports(run):
    code = (
        '"""What it does."""\nfrom __future__ import annotations\ndef f(x: undefined): return x\nreturn [__doc__, f(1)]'
    )
    assert run(code).value == ["What it does.", 1]


def test_module_docstring(run):
    assert run('"""Doc."""\nprint(__doc__)').stdout == "Doc.\n"


def test_classes_and_dataclasses_resolve_names(run):
    code = """
from __future__ import annotations
from dataclasses import dataclass
@dataclass
class Point:
    x: int
    y: int = 2
return [Point(1).x, str(Point(1)), Point.__module__]
"""
    assert run(code).value == [1, "<module>.<locals>.Point(x=1, y=2)", "__main__"]


def test_pickle_finds_classes_of_a_module(run):
    code = "import pickle\nclass A:\n    pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)"
    assert run(code).stdout == "A\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_and_positions(run, newline):
    end = run(newline.join(["# -*- coding: latin-1 -*-", "text = 'é'", "", "return text + undefined"]))
    assert (end.error["line"], end.error["message"]) == (4, "name 'undefined' is not defined")
    assert "    return text + undefined\n" in end.error["stack"]


def test_byte_order_mark_and_form_feed(run):
    assert run(b"\xef\xbb\xbfx = 1\n\x0creturn x").value == 1


@pytest.mark.parametrize(
    ("code", "message", "line", "column"),
    [
        ("x = 1\nreturn (", "'(' was never closed", 2, 8),
        ("if 1:\nx = 2", None, 2, 1),
        ("x = 1\nbreak\nreturn x", "'break' outside loop", 2, 1),
        ("def f():\n  return 1\n\n\nreturn f() +", "invalid syntax", 5, 13),
        ("a = 1\nx = '\0'", "source code cannot contain null bytes", 2, None),
        (b"a = 1\nb = '\xff'", None, 2, None),
        ("x = " + "(" * 100_000 + ")" * 100_000, "too many nested parentheses", 1, None),
        ("from __future__ import braces\nreturn 1", "not a chance", 1, None),
        ("x = 1\nfrom __future__ import annotations\nreturn 1", None, 2, None),
    ],
)
def test_syntax_errors(run, code, message, line, column):
    error = run(code).error
    assert (error["code"], error["line"]) == ("SYNTAX_ERROR", line)
    if message:
        assert message in error["message"]
    if column:
        assert error["column"] == column
    assert "stockade" not in error["stack"]


def test_the_text_of_a_syntax_error_is_shown(run):
    stack = run("x = 1\nbreak\nreturn x").error["stack"]
    assert stack.startswith('  File "main.py", line 2\n    break\n    ^')
    assert stack.endswith("SyntaxError: 'break' outside loop")


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "-" * 100_000 + "1",
        "return " + "-" * 100_000 + "1",
        "return " + "[" * 190 + "]" * 190,
        "return " + "1+" * 20_000 + "1",
    ],
)
def test_deep_code_ends_with_an_answer(run, code):
    end = run(code)
    assert end.error is None or end.error["code"] in ("SYNTAX_ERROR", "RUNTIME_ERROR"), end.error


def test_long_code(run):
    assert run("x = 0\n" + "x += 1\n" * 50_000 + "return x").value == 50_000


def test_warnings_of_the_compiler_come_once(run):
    end = run("def f():\n    return 1\nx = 1 is 1\nprint(x)")
    assert end.stderr.count("SyntaxWarning") == 1


def test_empty_code(run):
    assert [run(code).result for code in ("", "\n\n", "# nothing", b"\xef\xbb\xbf")] == [b"", b"", b"", b""]
