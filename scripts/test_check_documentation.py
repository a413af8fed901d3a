"""The check of the documentation finds what is not true."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("check_documentation.py")


@pytest.fixture
def check(tmp_path):
    """Checks one page with a `stockade` that repeats its arguments; gives the status and what is said."""
    binary = tmp_path / "bin" / "stockade"
    binary.parent.mkdir()
    binary.write_text('#!/bin/sh\necho "$@"\n')
    binary.chmod(0o755)

    def run(text):
        page = tmp_path / "page.md"
        page.write_text(text)
        command = [sys.executable, SCRIPT, "--binary", binary, page]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    return run


def console(*lines):
    return "\n".join(["# Page", "```console", *lines, "```", ""])


TRUE = {
    "the same output": ["$ stockade a", "a"],
    "two commands": ["$ stockade a", "a", "", "$ stockade b", "b"],
    "no output": ["$ true"],
    "any text within a line": ["$ stockade a 12 b", "a … b"],
    "any number of lines": ["$ seq 9", "1", "…", "9"],
    "no lines at all": ["$ seq 2", "1", "…", "2"],
    "an error that is shown": ["$ echo 'error: no'; false", "error: no"],
    "the status of the command before": ["$ (exit 3)", "$ echo $?", "3"],
    "stderr": ["$ stockade a >&2", "a"],
    "a command of two lines": ["$ cat <<END", "> line", "> END", "line"],
    "one shell for a block": ["$ a=1", "$ stockade $a", "1"],
    "the examples": ["$ ls examples/README.md", "examples/README.md"],
}

FALSE = {
    "other output": ["$ stockade a", "b"],
    "output that is not shown": ["$ stockade a"],
    "output that is missing": ["$ true", "a"],
    "lines that are missing": ["$ seq 2", "1", "…", "3"],
    "text in another order": ["$ stockade a b", "b … a"],
    "a failure that is not shown": ["$ false"],
    "a shell that ends": ["$ exit 0"],
    "a command that reads what nobody types": ["$ read line", "$ echo done", "done"],
}


@pytest.mark.parametrize("lines", TRUE.values(), ids=TRUE)
def test_what_is_true(check, lines):
    status, said = check(console(*lines))
    assert status == 0, said
    assert "all as shown" in said


@pytest.mark.parametrize("lines", FALSE.values(), ids=FALSE)
def test_what_is_not_true(check, lines):
    status, said = check(console(*lines))
    assert status == 1
    assert "page.md:" in said


def test_a_named_block_is_a_file(check):
    status, said = check("```python folder/a.py\nreturn 1\n```\n" + console("$ cat folder/a.py", "return 1"))
    assert status == 0, said


def test_ports_are_free_ones_and_the_same_on_a_page(check):
    listen = "import socket, sys; socket.create_server(('127.0.0.1', int(sys.argv[1].split(':')[1])))"
    port = "$ echo 127.0.0.1:3000 > port; cat port"
    true = console(port, "127.0.0.1:3000", f'$ python3 -c "{listen}" 127.0.0.1:3000')
    status, said = check(true + console("$ grep -v :3000 port | wc -l", "1"))
    assert status == 0, said


def test_what_runs_in_the_background_ends_with_the_page(check, tmp_path):
    started = time.monotonic()
    status, said = check(console(f"$ sleep 100 & echo $! > {tmp_path}/pid"))
    assert status == 0, said
    assert time.monotonic() - started < 50
    process = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not process.exists() or ") Z " in process.read_text()


def test_links(check):
    command = console("$ true")
    assert check(command + "[here](page.md#page) [there](#page) [elsewhere](https://example.org)")[0] == 0
    assert "leads nowhere" in check(command + "[here](nothing.md)")[1]
    assert "has no heading" in check(command + "[here](#nothing)")[1]


def test_pages_without_commands_are_suspicious(check):
    assert check("# Page\n")[0] == 1


def test_blocks_that_are_broken(check):
    assert "output before the first command" in check(console("a"))[1]
    assert "has no end" in check("```console\n$ true\n")[1]
