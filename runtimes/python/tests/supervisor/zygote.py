"""A zygote process for the tests, without walls."""

import array
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

from .worker import Worker

ROOT = Path(__file__).resolve().parents[2]
PROCESS = Path(__file__).with_name("zygote_process.py")


class Zygote:
    """One warmed interpreter; `worker()` forks it."""

    def __init__(self, interpreter, settings=None, environment=None):
        ours, theirs = socket.socketpair()
        ours.settimeout(60)
        self._control = ours
        self._lines = ours.makefile("rb")
        self._process = subprocess.Popen(
            [interpreter, "-I", "-B", "-S", str(PROCESS), str(ROOT), json.dumps(settings or {})],
            stdin=theirs,
            env={"PATH": os.environ["PATH"], "HOME": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", **(environment or {})},
            start_new_session=True,
        )
        theirs.close()
        self.hello = json.loads(self._lines.readline())

    @property
    def version(self):
        return tuple(int(part) for part in self.hello["version"].split("."))

    @property
    def process_id(self):
        return self._process.pid

    def worker(self):
        """Fork a worker and wait until it is warm."""
        stdout, stdout_end = os.pipe()
        stderr, stderr_end = os.pipe()
        frames, frames_end = socket.socketpair()
        ends = array.array("i", [stdout_end, stderr_end, frames_end.fileno()])
        self._control.sendmsg([b"F"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, ends)])
        process = int(self._lines.readline())
        os.close(stdout_end)
        os.close(stderr_end)
        frames_end.close()
        worker = Worker(process, frames, stdout, stderr, self._wait)
        worker.wait_until_waiting()
        return worker

    def _wait(self, process):
        self._control.sendall(b"W%d" % process)
        status, faults = self._lines.readline().split()
        return int(status), int(faults)

    def close(self):
        """End the zygote and every worker that is left."""
        self._lines.close()
        self._control.close()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(10)
