"""The supervisor's side of one worker."""

import json
import os
import selectors
import signal
import struct
import time
from dataclasses import dataclass, field

TASK, ANSWER, REHEARSE, WAITING, LOG, REQUEST, RESULT, ERROR = 1, 2, 3, 17, 18, 19, 20, 21
_HEADER = struct.Struct("<BI")
_ENDS = (RESULT, ERROR)


class WorkerGone(Exception):
    """The worker closed its socket without an end of the task."""


@dataclass
class End:
    """How a task ended: `result` is its JSON text, `error` the decoded ERROR frame."""

    result: bytes | None = None
    error: dict | None = None
    logs: list = field(default_factory=list)
    stdout: str = ""
    stderr: str = ""
    status: int | None = None
    faults: int | None = None
    seconds: float | None = None

    @property
    def value(self):
        assert self.error is None, self.error
        return json.loads(self.result, parse_constant=_refuse)


def _refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


class Worker:
    """One forked worker; used for one task."""

    def __init__(self, process, frames, stdout, stderr, wait):
        self.process = process
        self._frames = frames
        self._streams = {stdout: b"", stderr: b""}
        self._stdout, self._stderr = stdout, stderr
        self._wait = wait
        self._buffer = b""
        self._faults_before = 0
        self.answers = {}
        self.requests = []

    def wait_until_waiting(self):
        self._frames.sendall(_HEADER.pack(REHEARSE, 0))
        kind, payload = self._next_frame(time.monotonic() + 20)
        assert (kind, payload) == (WAITING, b"")

    def run(self, code, inputs=None, mode="code", timeout=20, **settings):
        """Give the worker its task and wait for its end; `inputs` may be raw bytes."""
        settings = {"mode": mode, "file": "main.py", **settings}
        return self.run_raw(json.dumps(settings).encode(), code, inputs, timeout)

    def run_raw(self, settings, code, inputs=None, timeout=20):
        code = code.encode() if isinstance(code, str) else code
        raw = b"" if inputs is None else inputs if isinstance(inputs, bytes) else json.dumps(inputs).encode()
        length = struct.Struct("<I").pack
        payload = length(len(settings)) + settings + length(len(code)) + code + raw
        self._faults_before = self._minor_faults()
        started = time.monotonic()
        self._frames.sendall(_HEADER.pack(TASK, len(payload)) + payload)
        end = End()
        try:
            self._until_end(end, started + timeout)
            end.seconds = time.monotonic() - started
            self._close(end)
        finally:
            self._kill()
        return end

    def disconnect(self):
        """Go away as a supervisor that dies does."""
        self._frames.close()

    def end_status(self):
        """Wait for the process to end; its exit status."""
        status, _ = self._wait(self.process)
        self.process = None
        self._kill()
        return status

    def _until_end(self, end, deadline):
        while True:
            kind, payload = self._next_frame(deadline)
            if kind == LOG:
                end.logs.append(json.loads(payload))
            elif kind == REQUEST:
                self._answer(payload)
            elif kind in _ENDS:
                break
            else:
                raise AssertionError(f"unexpected frame of kind {kind}")
        if kind == RESULT:
            end.result = payload
        else:
            end.error = json.loads(payload)

    def _answer(self, payload):
        number, length = struct.unpack_from("<IH", payload)
        name = payload[6 : 6 + length].decode()
        self.requests.append((name, json.loads(payload[6 + length :])))
        status, value = self.answers[name]
        answer = struct.pack("<IB", number, status) + json.dumps(value).encode()
        self._frames.sendall(_HEADER.pack(ANSWER, len(answer)) + answer)

    def _next_frame(self, deadline):
        while True:
            if len(self._buffer) >= _HEADER.size:
                kind, length = _HEADER.unpack_from(self._buffer)
                end = _HEADER.size + length
                if len(self._buffer) >= end:
                    payload, self._buffer = self._buffer[_HEADER.size : end], self._buffer[end:]
                    return kind, payload
            if not self._pump(deadline):
                raise WorkerGone

    def _pump(self, deadline):
        """Take in what the worker wrote; False once the frame socket is at its end."""
        with selectors.DefaultSelector() as selector:
            for descriptor in (self._frames, *self._streams):
                selector.register(descriptor, selectors.EVENT_READ)
            ready = selector.select(max(deadline - time.monotonic(), 0))
        if not ready:
            raise TimeoutError("the worker did not answer")
        for key, _ in ready:
            if key.fileobj is self._frames:
                try:
                    part = self._frames.recv(1 << 20)
                except ConnectionResetError:
                    return False
                if not part:
                    return False
                self._buffer += part
            else:
                self._read_stream(key.fileobj)
        return True

    def _read_stream(self, descriptor):
        part = os.read(descriptor, 1 << 16)
        if part:
            self._streams[descriptor] += part
        return part

    def _close(self, end):
        end.status, faults = self._wait(self.process)
        self.process = None
        end.faults = faults - self._faults_before
        for descriptor in self._streams:
            os.set_blocking(descriptor, False)
            try:
                while self._read_stream(descriptor):
                    pass
            except BlockingIOError:
                pass
        end.stdout = self._streams[self._stdout].decode()
        end.stderr = self._streams[self._stderr].decode()

    def _kill(self):
        if self.process is not None:
            os.kill(self.process, signal.SIGKILL)
            self._wait(self.process)
            self.process = None
        for descriptor in self._streams:
            os.close(descriptor)
        self._frames.close()

    def _minor_faults(self):
        with open(f"/proc/{self.process}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[7])
