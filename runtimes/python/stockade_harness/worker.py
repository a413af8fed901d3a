"""The life of a worker: one task, from the fork to the end of the process."""

import json
import os
import sys

from . import code_mode
from .failures import OUT_OF_MEMORY, RUNTIME_ERROR, encode_failure, failure
from .files import given_failure, keep
from .frames import DESCRIPTOR, ERROR, GIVEN_FILE, LARGEST_PAYLOAD, REHEARSE, TASK, WAITING, Channel, Disconnected
from .n8n import mode as n8n_mode
from .reseed import reseed
from .streams import flush_streams
from .task import InvalidTask, decode_task
from .warmup import rehearse

_MODES = {"code": code_mode.run, "n8n": n8n_mode.run}
_ATTEMPTS = 3
_INTERRUPTED = ERROR, b'{"code":"RUNTIME_ERROR","message":"A thread of the code interrupted the end of the task"}'

_exit = os._exit
_process_id = os.getpid


def run(descriptor=DESCRIPTOR):
    """Wait for the task, run it, send its end, leave. Never returns.

    The supervisor asks for a rehearsal when processors are free for it.
    """
    channel = Channel(descriptor)
    worker = _process_id()
    reseed()
    try:
        kind, payload = channel.receive()
        if kind == REHEARSE:
            rehearse(run_task)
            channel.send(WAITING)
            kind, payload = channel.receive()
        while kind == GIVEN_FILE:
            _keep(payload, channel)
            kind, payload = channel.receive()
    except (Disconnected, OSError):
        _exit(0)
    if kind != TASK:
        _exit(1)
    end = _INTERRUPTED
    try:
        end = run_task(payload, channel)
    except BaseException:
        # Another thread of the user threw this between two lines of ours; the task has ended all the same.
        pass
    try:
        if _process_id() != worker:
            _leave_as_child(*end)
        _finish(channel, *end)
    finally:
        _exit(1)


def _keep(payload, channel):
    try:
        keep(payload)
    except OSError as error:
        _finish(channel, ERROR, given_failure(error))


def run_task(payload, channel):
    """Run the task of a TASK frame; the kind and the payload of the frame that ends it. Raises nothing."""
    try:
        task = decode_task(payload)
        del payload
        mode = _MODES.get(task.mode)
        if mode is None:
            raise InvalidTask(f"Python has no mode '{task.mode}'")
        return mode(task, channel)
    except BaseException as error:
        return ERROR, _last_words(error)


def _last_words(error):
    try:
        return encode_failure(failure(error))
    except MemoryError:
        return OUT_OF_MEMORY


def _finish(channel, kind, payload):
    """Send the end of the task and leave without exit handlers and finalisers, which are the user's."""
    if len(payload) > LARGEST_PAYLOAD:
        kind = ERROR
        payload = encode_failure({"code": RUNTIME_ERROR, "message": "The returned value is larger than 4 GiB"})
    # A thread of the user can throw an exception into this one at any moment, hence several attempts.
    for _ in range(_ATTEMPTS):
        try:
            flush_streams()
            if channel.output is not None:
                kind, payload = channel.output.send(channel, kind, payload)
            channel.send_last(kind, payload)
            break
        except OSError:
            break
        except BaseException:
            continue
    _exit(0)


def _leave_as_child(kind, payload):
    """End a child that the code forked and that fell out of the end of the code; the task is its parent's."""
    if kind == ERROR:
        fields = json.loads(payload)
        sys.stderr.write(fields.get("stack", fields["message"]) + "\n")
    flush_streams()
    _exit(1 if kind == ERROR else 0)
