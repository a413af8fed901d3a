"""Mode "n8n": one task of a Python Code node, from its settings to the end of it."""

import gc
import io
import os
import sys
from types import ModuleType

from ..aftermath import take_back_control
from ..environment import set_variables
from ..failures import encode_failure
from ..frames import ERROR, RESULT
from .errors import forbidden, message_for_item, raised, uncompilable, unparsable
from .items import encode_result, error_item, item_of
from .printing import Console
from .program import Program, Rejected
from .rules import Rules, of_task
from .settings import EACH_ITEM, Settings
from .violations import SecurityViolation


class CapturedErrors(io.StringIO):
    """The stderr of user code: kept for the description of its error, and passed on as it is written."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def write(self, text):
        """Keep the text and pass it on."""
        self._stream.write(text)
        return super().write(text)

    def flush(self):
        """Flush what was passed on."""
        self._stream.flush()


_of_zygote = []


def prepare(rules):
    """In a zygote: get ready for tasks by these rules."""
    _of_zygote[:] = [Rules(rules)]


def run(task, channel):
    """Run the task; the kind and the payload of the frame that ends it."""
    settings = Settings(task)
    rules = of_task(task, *_of_zygote)
    os.environ.clear()
    set_variables(task)
    sys.modules["__main__"] = ModuleType("__main__")
    return _Execution(settings, rules, task.take_inputs(), channel).run(task.code)


class _Execution:
    def __init__(self, settings, rules, items, channel):
        self._settings = settings
        self._rules = rules
        self._items = items
        self._console = Console(channel)
        self._stderr = sys.stderr = CapturedErrors(sys.stderr)
        self._source = None

    def run(self, code):
        try:
            program = Program(code, self._settings, self._rules, self._console)
        except Rejected as rejected:
            return self._failed(unparsable(rejected.error, rejected.file))
        except SecurityViolation as violation:
            return self._failed(forbidden(violation))
        except SyntaxError as error:
            return self._failed(uncompilable(error, self._settings.file))
        self._source = program.source
        gc.enable()
        try:
            each = self._settings.node_mode == EACH_ITEM
            result = self._run_each(program) if each else self._run_all(program)
        except BaseException as exception:
            take_back_control(exception)
            return self._failed(self._failure(exception))
        take_back_control(result)
        return self._succeeded(result)

    def _run_all(self, program):
        return program.run({"_items": self._items, "_query": self._settings.query})

    def _run_each(self, program):
        results = []
        for index, item in enumerate(self._items):
            try:
                value = program.run({"_item": item})
            except BaseException as exception:
                if not self._settings.continue_on_fail:
                    raise
                results.append(error_item(self._message(exception), index))
            else:
                if value is not None:
                    results.append(item_of(value, index))
        return results

    def _succeeded(self, result):
        try:
            payload = encode_result(result)
        except BaseException as error:
            if self._settings.continue_on_fail and self._settings.node_mode == EACH_ITEM:
                return self._end(RESULT, encode_result([self._encodable(item) for item in result]))
            return self._failed(self._failure(error))
        return self._end(RESULT, payload)

    def _encodable(self, item):
        """The item, or one with the error in its place when it is not JSON."""
        try:
            encode_result(item)
        except BaseException as error:
            return error_item(self._message(error), item["pairedItem"]["item"])
        return item

    def _failed(self, fields):
        if not self._settings.continue_on_fail:
            return self._end(ERROR, encode_failure(fields))
        message = message_for_item(fields)
        if self._settings.node_mode == EACH_ITEM and isinstance(self._items, list):
            result = [error_item(message, index) for index in range(len(self._items))]
        else:
            result = [error_item(message)]
        return self._end(RESULT, encode_result(result))

    def _end(self, kind, payload):
        self._console.close()
        return kind, payload

    def _failure(self, exception):
        return raised(exception, self._source, self._stderr.getvalue())

    def _message(self, exception):
        return message_for_item(self._failure(exception))
