"""The frame socket: how a worker and its supervisor talk.

A frame is a kind (u8), the length of the payload (u32 little-endian) and the payload. The supervisor sends REHEARSE at
most once, then GIVEN_FILE per file, TASK once and ANSWER per request; the worker sends the others.
"""

import json
import os
import struct
from _thread import allocate_lock
from collections import deque

DESCRIPTOR = 3

TASK = 1
ANSWER = 2
REHEARSE = 3
GIVEN_FILE = 4
WAITING = 17
LOG = 18
REQUEST = 19
RESULT = 20
ERROR = 21
FILE = 23

_HEADER = struct.Struct("<BI")
_REQUEST_HEADER = struct.Struct("<IH")
_ANSWER_HEADER = struct.Struct("<IB")
LARGEST_PAYLOAD = 2**32 - 1
_PATIENCE = 1.0


class Disconnected(Exception):
    """The supervisor went away, or the code closed the frame socket."""


class RequestFailed(Exception):
    """The supervisor answered a request with an error; `value` is what it said."""

    def __init__(self, value):
        message = value.get("message") if isinstance(value, dict) else value
        super().__init__(message if isinstance(message, str) else json.dumps(value))
        self.value = value


class Channel:
    """Frames over one blocking stream socket, usable from every thread and from signal handlers.

    A frame is put in a queue, and whoever holds the sending lock writes the queue out. A signal handler that prints
    while its own thread is in the middle of a frame therefore neither deadlocks nor splits that frame in two.
    """

    def __init__(self, descriptor=DESCRIPTOR):
        self._descriptor = descriptor
        self._write = os.writev
        self._read_into = os.readv
        self._outgoing = deque()
        self._sending = allocate_lock()
        self._receiving = allocate_lock()
        self._answers = {}
        self._last_request = 0
        # The folder whose files are sent before the last frame, if they are wanted.
        self.output = None

    def send(self, kind, payload=b""):
        """Send one frame; returns at once when another holder of the lock will write it."""
        self._outgoing.append((kind, payload))
        while self._outgoing and self._sending.acquire(False):
            try:
                self._drain()
            finally:
                self._sending.release()

    def send_last(self, kind, payload):
        """Write everything queued and then the frame that ends the task; nothing follows it."""
        # A thread that is stopped in the middle of a frame must not keep the task from ending.
        self._sending.acquire(timeout=_PATIENCE)
        self._drain()
        self._write_frame(kind, payload)

    def receive(self):
        """Wait for one frame: its kind and its payload."""
        kind, length = _HEADER.unpack(self._read_exactly(_HEADER.size))
        return kind, self._read_exactly(length)

    def request(self, name, params):
        """Ask the supervisor and wait for the answer's value; raises RequestFailed when the answer is an error."""
        self._last_request = number = self._last_request + 1
        encoded_name = name.encode()
        body = json.dumps(params, allow_nan=False).encode()
        self.send(REQUEST, _REQUEST_HEADER.pack(number, len(encoded_name)) + encoded_name + body)
        while number not in self._answers:
            with self._receiving:
                if number not in self._answers:
                    self._receive_answer()
        status, raw = self._answers.pop(number)
        value = json.loads(raw) if raw else None
        if status:
            raise RequestFailed(value)
        return value

    def _receive_answer(self):
        kind, payload = self.receive()
        if kind != ANSWER:
            raise Disconnected(f"frame of kind {kind} while waiting for an answer")
        number, status = _ANSWER_HEADER.unpack_from(payload)
        self._answers[number] = status, payload[_ANSWER_HEADER.size :]

    def _drain(self):
        while self._outgoing:
            self._write_frame(*self._outgoing.popleft())

    def _write_frame(self, kind, payload):
        header = _HEADER.pack(kind, len(payload))
        # Both in one call, and without a copy of a payload that may be large.
        written = self._write(self._descriptor, (header, payload)) - len(header)
        while written < len(payload):
            with memoryview(payload) as view:
                written += self._write(self._descriptor, (view[max(written, 0) :],))

    def _read_exactly(self, length):
        payload = bytearray(length)
        view = memoryview(payload)
        filled = 0
        while filled < length:
            count = self._read_into(self._descriptor, [view[filled:]])
            if not count:
                raise Disconnected("the supervisor closed the frame socket")
            filled += count
        view.release()
        return payload
