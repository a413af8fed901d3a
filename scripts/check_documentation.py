#!/usr/bin/env python3
"""Checks that the documentation is true: runs every command that it shows, and follows its links.

    scripts/check_documentation.py --binary target/debug/stockade [FILE…]

In the fenced blocks with the language `console`, a line that starts with `$ ` is a command (a line after it that
starts with `> ` continues it), and the lines up to the next command are what it prints, stdout and stderr together.
`…` in a line stands for any text within the line, a line of `…` alone for any number of lines. A command must succeed,
unless it is shown to print an `error:` or `echo $?` follows it. The commands of one page run in one folder, which has
the examples; those of one block run in one shell. A block whose language is followed by a file name, such as
`python mean.py`, is a file in that folder. The ports 3000 to 3099 of 127.0.0.1 stand for free ones, and what a page has
left running in the background ends with the page.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("*.md", "docs/*.md", "examples/*.md")
# A block may build a project; nothing that the documentation shows takes longer.
PATIENCE = 120
WILDCARD = "…"

_FENCE = re.compile(r"^(`{3,})(\w*) *(\S*)\s*$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PORT = re.compile(r"(?<=127\.0\.0\.1:)30\d\d\b")
_CODE = re.compile(r"`[^`]*`")


@dataclass
class Command:
    """A command as it is shown, and what it is shown to print."""

    line: int
    text: str
    output: list[str] = field(default_factory=list)


@dataclass
class Block:
    """The contents of one fenced block."""

    language: str
    name: str
    line: int
    lines: list[str] = field(default_factory=list)

    def commands(self):
        """The commands of a `console` block."""
        commands = []
        for number, line in enumerate(self.lines, self.line + 1):
            if line.startswith("$ "):
                commands.append(Command(number, line[2:]))
            elif not commands:
                raise ValueError(f"line {number}: output before the first command")
            elif line.startswith("> ") and not commands[-1].output:
                commands[-1].text += "\n" + line[2:]
            else:
                commands[-1].output.append(line)
        for command in commands:
            while command.output and not command.output[-1].strip():
                command.output.pop()
        return commands


def read_blocks(text):
    """The fenced blocks of a page, and the page without them."""
    blocks, rest, fence = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        found = _FENCE.match(line)
        if fence is None and found:
            fence = found[1]
            blocks.append(Block(found[2], found[3], number))
        elif fence is not None and line.strip() == fence:
            fence = None
        elif fence is not None:
            blocks[-1].lines.append(line)
        else:
            rest.append((number, line))
    if fence is not None:
        raise ValueError(f"line {blocks[-1].line}: the block has no end")
    return blocks, rest


def matches(shown, printed):
    """Whether the printed lines are what the shown ones promise."""
    pattern = ""
    for line in shown:
        if line.strip() == WILDCARD:
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split(WILDCARD)) + r"[^\S\n]*\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


class Ports:
    """Free ports in the place of those that a page shows."""

    def __init__(self):
        self._free = {}

    def put(self, text):
        """The text with the free ones."""
        return _PORT.sub(lambda shown: self._free.setdefault(shown[0], self._find()), text)

    @staticmethod
    def _find():
        with socket.create_server(("127.0.0.1", 0)) as server:
            return str(server.getsockname()[1])


def end(shells):
    """Ends what these shells have left running in the background."""
    groups = [shell.pid for shell in shells]
    deadline = time.monotonic() + PATIENCE
    for way in (signal.SIGTERM, signal.SIGKILL):
        for group in filter(_runs, groups):
            os.killpg(group, way)
        while any(map(_runs, groups)) and time.monotonic() < deadline:
            time.sleep(0.05)


def _runs(group):
    """Whether a process group has a process that has not ended, whether or not somebody has waited for it."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            return True
    return False


def run(commands, folder, environment, shells):
    """Runs commands one after the other in one shell; for each its exit status and the lines that it printed."""
    results = folder.parent / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    script = []
    for number, command in enumerate(commands):
        # Each command sees the status of the one before in `$?`, as at a prompt.
        script.append(f"{{ (exit $status); {command.text}\n}} >'{results}/{number}' 2>&1; status=$?")
        script.append(f"echo $status >'{results}/{number}.status'")
    shell = subprocess.Popen(
        ["bash", "-c", "status=0\n" + "\n".join(script)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    shells.append(shell)
    try:
        shell.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    for number in range(len(commands)):
        try:
            status = int((results / f"{number}.status").read_text())
            printed = (results / str(number)).read_text(errors="replace")
        except (FileNotFoundError, ValueError):
            status, printed = None, f"(nothing: the shell ended, or {PATIENCE} s were over)"
        yield status, printed.rstrip("\n").split("\n") if printed.strip() else []


def judge(command, following, status, printed):
    """What is wrong with what a command did; None when it is as shown."""
    fails = any(line.startswith("error: ") for line in command.output) or following == "echo $?"
    if status is None or not matches(command.output, printed):
        return (
            "prints\n"
            + "".join(f"    {line}\n" for line in printed)
            + "where the documentation shows\n"
            + "".join(f"    {line}\n" for line in command.output)
        )
    if status != 0 and not fails:
        return f"ends with status {status}"
    return None


def check_commands(page, blocks, environment):
    """Runs the commands of one page; the number of commands and the complaints."""
    complaints, count, ports, shells = [], 0, Ports(), []
    with tempfile.TemporaryDirectory(prefix="documentation-") as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary) / "folder"
        folder.mkdir()
        shutil.copytree(ROOT / "examples", folder / "examples")
        stack.callback(end, shells)
        for block in blocks:
            if block.name:
                path = folder / block.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(ports.put("\n".join(block.lines) + "\n"))
            if block.language != "console":
                continue
            commands = block.commands()
            for command in commands:
                command.text, command.output = ports.put(command.text), [ports.put(line) for line in command.output]
            texts = [command.text for command in commands[1:]] + [""]
            results = run(commands, folder, {**environment, "HOME": temporary}, shells)
            for command, following, (status, printed) in zip(commands, texts, results, strict=True):
                count += 1
                complaint = judge(command, following, status, printed)
                if complaint:
                    complaints.append(f"{page}:{command.line}: `{command.text}` {complaint}")
    return count, complaints


def anchors(path):
    """The anchors that GitHub gives the headings of a page."""
    _, rest = read_blocks(path.read_text())
    headings = [line.lstrip("#").strip() for _, line in rest if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(page, rest):
    """Complaints about links to files or headings that are not there."""
    complaints = []
    for number, line in rest:
        for target in _LINK.findall(_CODE.sub("", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            path = (page.parent / path).resolve() if path else page
            if not path.exists():
                complaints.append(f"{page}:{number}: the link to `{target}` leads nowhere")
            elif anchor and anchor not in anchors(path):
                complaints.append(f"{page}:{number}: `{path.name}` has no heading `#{anchor}`")
    return complaints


def main():
    """Checks the pages; the exit status."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", type=Path, required=True, help="the `stockade` to run")
    arguments.add_argument("pages", nargs="*", type=Path, help="pages to check instead of all")
    options = arguments.parse_args()
    binary = options.binary.resolve(strict=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**kept, "PATH": f"{binary.parent}:{kept['PATH']}", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    pages = options.pages or sorted(page for pattern in PAGES for page in ROOT.glob(pattern))
    count, complaints = 0, []
    for page in pages:
        try:
            blocks, rest = read_blocks(page.read_text())
            number, found = check_commands(page, blocks, environment)
        except ValueError as error:
            number, found, rest = 0, [f"{page}: {error}"], []
        count += number
        complaints += found + check_links(page, rest)
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    state = f"{len(complaints)} complaints" if complaints else "all as shown"
    print(f"documentation: {count} commands on {len(pages)} pages, {state}")
    return 1 if complaints or not count else 0


if __name__ == "__main__":
    sys.exit(main())
