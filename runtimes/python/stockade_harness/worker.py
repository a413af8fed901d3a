"""The life of a worker: one task, from the fork to the end of the process."""

import json
import os
import sys

from . import code_mode
from .failures import OUT_OF_MEMORY, RUNTIME_ERROR, encode_failure, failure
from .frames import DESCRIPTOR, ERROR, LARGEST_PAYLOAD, TASK, WAITING, Channel, Disconnected
from .n8n import mode as n8n_mode
from .reseed import reseed
from .streams import flush_streams
from .task import InvalidTask, decode_task
from .warmup import rehearse

_MODES = {"code": code_mode.run, "n8n": n8n_mode.run}
_ATTEMPTS = 3

_exit = os._exit
_process_id = os.getpid


def run(descriptor=DESCRIPTOR):
    """Wait for the task, run it, send its end, leave. Never returns."""
    channel = Channel(descriptor)
    worker = _process_id()
    reseed()
    rehearse(run_task)
    try:
        channel.send(WAITING)
        kind, payload = channel.receive()
    except (Disconnected, OSError):
        _exit(0)
    if kind != TASK:
        _exit(1)
    end = run_task(payload, channel)
    if len(end[1]) > LARGEST_PAYLOAD:
        end = ERROR, encode_failure({"code": RUNTIME_ERROR, "message": "The result is larger than 4 GiB"})
    if _process_id() != worker:
        _leave_as_child(end)
    _finish(channel, *end)


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
    """Send the end of the task and leave without exit handlers and finalisers, which are the user's.

    A thread of the user can throw an exception into this one at any moment, hence several attempts.
    """
    for _ in range(_ATTEMPTS):
        try:
            flush_streams()
            channel.send_last(kind, payload)
            break
        except OSError:
            break
        except BaseException:
            continue
    _exit(0)


def _leave_as_child(end):
    # The code forked, and this is the child, which fell out of the end of the code. The task is its parent's.
    kind, payload = end
    if kind == ERROR:
        fields = json.loads(payload)
        sys.stderr.write(fields.get("stack", fields["message"]) + "\n")
    flush_streams()
    _exit(1 if kind == ERROR else 0)
