"""A running `stockade serve` for the tests of this folder."""

import contextlib
import os
import re
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "stockade"
# Longer than a start or a stop takes on a busy machine.
PATIENCE = 60

_ADDRESS = re.compile(r"http://[\w.:\[\]]+")


def stockade(*arguments, **options):
    """Runs the binary that the Rust tests have built; what it prints."""
    if not BINARY.exists():
        raise FileNotFoundError(f"{BINARY} is not there: build it with `cargo build --package stockade-cli`")
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE, **options
    )


@contextlib.contextmanager
def serving(folder, *arguments, environment=None):
    """Serves on a free port until the block ends; gives the address, such as `http://127.0.0.1:4711`."""
    command = [BINARY, "serve", "--listen", "127.0.0.1:0", *arguments]
    variables = {**os.environ, **(environment or {})}
    # The log goes to a file, so that no full pipe can stop the service.
    log = folder / "serve.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(command, cwd=folder, stderr=stderr, stdout=subprocess.DEVNULL, env=variables)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _address(process, log):
    """Where it listens, once it says so."""
    tick = threading.Event()
    for _ in range(PATIENCE * 20):
        found = _ADDRESS.search(log.read_text())
        if found:
            return found[0]
        if process.poll() is not None:
            break
        tick.wait(0.05)
    raise RuntimeError(f"the service did not start:\n{log.read_text()}")
