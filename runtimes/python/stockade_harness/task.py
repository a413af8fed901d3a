"""The TASK frame: settings, code and raw inputs, checked once."""

import gc
import json
import struct

from .large import decode_large

_LENGTH = struct.Struct("<I")
# Bytes of inputs from which on it takes longer to walk through them than to set them aside.
_MANY_INPUTS = 1 << 16


class InvalidTask(Exception):
    """The task cannot be run as it was given; ends as VALIDATION_ERROR."""


class Task:
    """One task as the supervisor gave it; `inputs` is decoded only when the mode asks for it."""

    __slots__ = ("_raw_inputs", "code", "file", "mode", "settings")

    def __init__(self, settings, code, raw_inputs):
        self.settings = settings
        self.mode = self.text("mode")
        self.file = self.text("file", "main.py")
        self.code = code
        self._raw_inputs = raw_inputs

    def text(self, name, default=None):
        """A setting that must be text."""
        value = self.settings.get(name, default)
        if not isinstance(value, str):
            raise InvalidTask(f"The setting '{name}' must be text")
        return value

    def take_inputs(self):
        """Decode the inputs and let go of their bytes; None when the task has none."""
        raw, self._raw_inputs = self._raw_inputs, b""
        if not len(raw):
            return None
        large = decode_large(raw)
        inputs = large[0] if large else _parse(raw, "The inputs")
        if len(raw) > _MANY_INPUTS:
            # Data from JSON has no cycles: the garbage collector need not walk through it again and again.
            gc.freeze()
        return inputs


def decode_task(payload):
    """Split the payload of a TASK frame."""
    settings, offset = _section(payload, 0)
    code, offset = _section(payload, offset)
    settings = _parse(settings, "The settings")
    if not isinstance(settings, dict):
        raise InvalidTask("The settings must be a JSON object")
    return Task(settings, code, memoryview(payload)[offset:])


def member(settings, name, kind, default):
    """A member of settings that must be of one kind if it is there."""
    value = settings.get(name, default)
    if value is not default and not isinstance(value, kind):
        raise InvalidTask(f"The setting '{name}' has the wrong type")
    return value


def texts(settings, name):
    """A member of settings that must be a list of texts if it is there."""
    names = member(settings, name, list, [])
    if not all(isinstance(entry, str) for entry in names):
        raise InvalidTask(f"The setting '{name}' must be a list of names")
    return names


def _section(payload, offset):
    start = offset + _LENGTH.size
    if len(payload) < start:
        raise InvalidTask("The task frame is too short")
    end = start + _LENGTH.unpack_from(payload, offset)[0]
    if len(payload) < end:
        raise InvalidTask("The task frame is too short")
    return payload[start:end], end


def _parse(raw, what):
    try:
        return json.loads(str(raw, "utf-8"))
    except RecursionError:
        raise InvalidTask(f"{what} are nested too deeply") from None
    except ValueError as error:
        raise InvalidTask(f"{what} are not valid JSON: {error}") from None
