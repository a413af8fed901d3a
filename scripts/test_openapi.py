"""The running service and its OpenAPI document say the same: schemathesis finds no request that shows otherwise."""

import subprocess
import sys
from pathlib import Path

import pytest
from service import ROOT, serving

SETTINGS = """
[runtimes.python.limits]
timeout = "5s"
memory = "256MiB"
[runtimes.javascript.limits]
timeout = "5s"
memory = "256MiB"
[nautilus]
tasks_dir = "tasks"
maximum_timeout = "5s"
"""
# Seconds in which schemathesis makes up requests, and after which it has hung.
BUDGET = 30
PATIENCE = 180


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stockade.toml").write_text(SETTINGS)
    task = tmp_path / "tasks" / "nodejs-task"
    task.mkdir(parents=True)
    (task / "package.json").write_text('{"name": "nodejs-task"}')
    (task / "index.js").write_text("console.log(process.argv.slice(2));")
    return tmp_path


def test_no_request_contradicts_the_document(folder):
    with serving(folder) as address:
        command = [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={ROOT / 'scripts' / 'schemathesis.toml'}",
            "run",
            f"{address}/openapi.json",
            f"--max-time={BUDGET}",
            "--generation-deterministic",
            "--warnings=off",
            "--no-color",
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    log = (folder / "serve.log").read_text()
    assert "panicked" not in log, log
