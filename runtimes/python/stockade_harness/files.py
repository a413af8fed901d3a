"""Files of a task: those that it is given, before its code runs, and those that it leaves, after its end.

User code shares its process with all of this, so that nothing here protects anything: the supervisor checks every name
and counts every byte. Links are not followed because the file that they lead to was not put there to be returned.
"""

import os
import struct

from .failures import OUT_OF_MEMORY, classify, encode_failure
from .frames import ERROR, FILE, RESULT

# Where user code works: within the walls private to the task.
_WORKING_FOLDER = "/tmp"
_OUTPUT_FOLDER = f"{_WORKING_FOLDER}/output"

_NAME_LENGTH = struct.Struct("<H")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe without a writer would keep whoever opens it waiting.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KIND_OF_FILE = 0o170000
_REGULAR = 0o100000

# Whatever user code does to the module later.
_close = os.close
_listdir = os.listdir
_open = os.open
_read = os.read
_status = os.stat
_write = os.write


def keep(payload):
    """Write the file of a frame to where the code will work."""
    (length,) = _NAME_LENGTH.unpack_from(payload)
    start = _NAME_LENGTH.size + length
    name = str(payload[_NAME_LENGTH.size : start], "utf-8")
    descriptor = _open(f"{_WORKING_FOLDER}/{name}", _NEW, 0o644)
    try:
        with memoryview(payload)[start:] as contents:
            written = 0
            while written < len(contents):
                written += _write(descriptor, contents[written:])
    finally:
        _close(descriptor)


class OutputFolder:
    """The folder whose files come back. `limit`: bytes that the supervisor takes at most."""

    def __init__(self, limit):
        self._left = limit
        os.mkdir(_OUTPUT_FOLDER)

    def send(self, channel, kind, payload):
        """Send the files; the kind and the payload of the task's last frame, which may become another one for them."""
        try:
            self._send_all(channel)
        except MemoryError:
            return ERROR, OUT_OF_MEMORY
        except (OSError, UnicodeError) as error:
            # What went wrong in the code says more.
            return (ERROR, encode_failure(_failure(error))) if kind == RESULT else (kind, payload)
        return kind, payload

    def _send_all(self, channel):
        try:
            folder = _open(_OUTPUT_FOLDER, _FOLDER)
        except FileNotFoundError:
            return
        try:
            for name in _listdir(folder):
                if _status(name, dir_fd=folder, follow_symlinks=False).st_mode & _KIND_OF_FILE == _REGULAR:
                    self._send(channel, folder, name)
        finally:
            _close(folder)

    def _send(self, channel, folder, name):
        if any(character < " " or "\x7f" <= character <= "\x9f" for character in name):
            raise UnicodeError(f"the name {name!r} has control characters")
        encoded = name.encode()
        descriptor = _open(name, _FILE, dir_fd=folder)
        try:
            contents = self._contents(descriptor)
        finally:
            _close(descriptor)
        channel.send(FILE, _NAME_LENGTH.pack(len(encoded)) + encoded + contents)

    def _contents(self, descriptor):
        # One byte too many is enough for the supervisor to refuse the rest, of which there may be no end.
        wanted = min(_status(descriptor).st_size, self._left + 1)
        parts = []
        while wanted > 0:
            part = _read(descriptor, wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        contents = b"".join(parts)
        self._left -= min(len(contents), self._left)
        return contents


def given_failure(error):
    """The failure of a task whose files could not be written, as the payload of its last frame."""
    return encode_failure({"code": classify(error), "message": f"A file of the task cannot be written: {error}"})


def _failure(error):
    return {"code": classify(error), "message": f"A file in {_OUTPUT_FOLDER} cannot be returned: {error}"}
