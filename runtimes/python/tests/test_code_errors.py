"""Mode code: errors are typed, placed and shown without the harness."""

import pytest

DIVISION = """\
def inner(x):
    return 1 / x

def outer():
    return inner(0)

return outer()
"""


def test_traceback_of_user_frames_only(run, zygote):
    error = run(DIVISION).error
    assert {name: error[name] for name in ("code", "message", "name", "line")} == {
        "code": "RUNTIME_ERROR",
        "message": "division by zero",
        "name": "ZeroDivisionError",
        "line": 2,
    }
    # CPython 3.10 knows lines only.
    has_columns = zygote.version >= (3, 11)
    assert error.get("column") == (12 if has_columns else None)
    assert ("    return 1 / x\n           ~~^~~\n" in error["stack"]) == has_columns
    stack = error["stack"].splitlines()
    assert stack[0] == "Traceback (most recent call last):"
    assert [line for line in stack if line.startswith("  File")] == [
        '  File "main.py", line 7, in <module>',
        '  File "main.py", line 5, in outer',
        '  File "main.py", line 2, in inner',
    ]
    assert stack[-1] == "ZeroDivisionError: division by zero"


def test_module_code_has_the_same_stack(run):
    error = run("x = 1\nraise ValueError('no')").error
    assert error["stack"] == (
        'Traceback (most recent call last):\n  File "main.py", line 2, in <module>\n'
        "    raise ValueError('no')\nValueError: no"
    )


def test_library_frames_are_left_out(run):
    error = run("import json\nreturn json.loads('{')").error
    assert error["line"] == 2
    assert error["stack"].count("File") == 1
    assert "Expecting property name" in error["message"]


def test_chained_exceptions(run):
    code = """
def parse(text):
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError("bad order") from error
try:
    parse("x")
except RuntimeError:
    raise KeyError("later")
"""
    error = run(code).error
    assert (error["name"], error["line"], error["message"]) == ("KeyError", 10, "'later'")
    assert "The above exception was the direct cause" in error["stack"]
    assert "During handling of the above exception" in error["stack"]
    assert error["stack"].count('File "main.py"') == 4
    assert error["stack"].count("File ") == 4


def test_exception_groups(run, zygote):
    if zygote.version < (3, 11):
        pytest.skip("CPython 3.10 has no exception groups")
    error = run("raise ExceptionGroup('several', [ValueError('a'), TypeError('b')])").error
    assert error["name"] == "ExceptionGroup"
    assert "ValueError: a" in error["stack"]


def test_display_name(run):
    error = run("return 1 / 0", file="orders.py").error
    assert '"orders.py", line 1, in <module>' in error["stack"]


def test_name_error_suggestions_stay(run, zygote):
    if zygote.version < (3, 12):
        pytest.skip("before CPython 3.12 only the interpreter itself suggests names")
    assert "Did you mean: 'total'" in run("total = 1\nreturn totl").error["stack"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("raise MemoryError()", "MEMORY_ERROR"),
        ("bytes(10 ** 14)", "MEMORY_ERROR"),
        ("raise OSError(12, 'Cannot allocate memory')", "MEMORY_ERROR"),
        ("raise PermissionError(1, 'Operation not permitted')", "PERMISSION_ERROR"),
        ("raise OSError(13, 'Permission denied', 'file')", "PERMISSION_ERROR"),
        ("raise OSError(28, 'No space left on device')", "DISK_LIMIT_ERROR"),
        ("raise OSError(122, 'Disk quota exceeded')", "DISK_LIMIT_ERROR"),
        ("raise OSError(11, 'Resource temporarily unavailable')", "RUNTIME_ERROR"),
        ("def fork():\n    raise OSError(11, 'Resource temporarily unavailable')\ndef g():\n    fork", "ok"),
        (
            "fork = None\nraise BlockingIOError(11, 'Resource temporarily unavailable', str(fork))",
            "PROCESS_LIMIT_ERROR",
        ),
        ('raise RuntimeError("can\'t start new thread")', "PROCESS_LIMIT_ERROR"),
        ("raise FileNotFoundError(2, 'No such file')", "RUNTIME_ERROR"),
        ("raise KeyboardInterrupt()", "RUNTIME_ERROR"),
        ("raise GeneratorExit()", "RUNTIME_ERROR"),
        ("eval('(')", "RUNTIME_ERROR"),
        ("import surely_not_there", "RUNTIME_ERROR"),
    ],
)
def test_codes(run, statement, code):
    end = run(statement)
    if code == "ok":
        assert end.error is None
    else:
        assert end.error["code"] == code
        assert end.error["line"] == statement.count("\n") + 1


def test_recursion(run):
    error = run("def f(n):\n    return f(n + 1)\nreturn f(0)").error
    assert (error["code"], error["name"], error["line"]) == ("RUNTIME_ERROR", "RecursionError", 2)
    assert "[Previous line repeated" in error["stack"]


def test_messages_that_cannot_be_made(run):
    code = "class Bad(Exception):\n    def __str__(self):\n        raise ValueError('inner')\nraise Bad()"
    error = run(code).error
    assert (error["message"], error["line"]) == ("<exception str() failed>", 4)
    assert error["stack"].endswith(("Bad: <exception str() failed>", "Bad: <unprintable Bad object>"))


def test_an_empty_message_is_the_name(run):
    assert run("raise ValueError").error["message"] == "ValueError"


def test_huge_messages_are_cut(run):
    error = run("raise ValueError('x' * 10_000_000)").error
    assert len(error["message"]) < 70_000
    assert "characters left out" in error["message"]
    assert len(error["stack"]) < 70_000


def test_surrogates_in_messages(run):
    assert run("raise ValueError(chr(0xd800))").error["message"] == "?"


def test_memory_that_ran_out_is_given_back(run):
    code = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
kept = []
while True:
    kept.append("x" * 1000 + str(len(kept)))
"""
    for ending in ("", "return kept"):
        error = run(code + ending).error
        assert (error["code"], error["name"], error["line"]) == ("MEMORY_ERROR", "MemoryError", 6)


def test_memory_that_runs_out_while_the_result_is_encoded(run):
    code = (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\nreturn ['x' * 1000] * 10 ** 6"
    )
    error = run(code).error
    assert (error["code"], error["message"]) == ("MEMORY_ERROR", "The code ran out of memory")
