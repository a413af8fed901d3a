"""The user's code as n8n runs it: the body of a function, with the data of the node as its globals."""

import builtins
from types import FunctionType

from ..imports import guard_imports
from ..source import Source, compile_function
from .analyzer import check
from .forbidden import FORMAT_GUARD
from .printing import Print
from .settings import FILES
from .templates import guard_format_calls, guarded_format, may_format

# The name that the official runner gives to the function; it shows in tracebacks and in the names of generators.
_FUNCTION = "_user_function"
_ANALYZER_FILE = "<unknown>"
_USER_FILES = frozenset(FILES.values())


class Rejected(Exception):
    """The code cannot be parsed; `error` is the SyntaxError, `file` the name it is reported under."""

    def __init__(self, error, file):
        super().__init__(error)
        self.error = error
        self.file = file


class Program:
    """Checked and compiled code. Raises Rejected, SecurityViolation or SyntaxError when it may not or cannot run."""

    def __init__(self, code, settings, console):
        rules = settings.imports
        try:
            self.source = Source(code, settings.file)
            tree = self.source.parse()
        except SyntaxError as error:
            if rules.allow_everything:
                raise
            raise Rejected(error, _ANALYZER_FILE) from None
        if not rules.allow_everything:
            if not settings.is_validated:
                check(tree, rules)
            if may_format(self.source.text):
                guard_format_calls(tree)
        if not tree.body:
            raise self._empty()
        self._code = compile_function(self.source, tree, _FUNCTION)
        self._builtins = _user_builtins(settings, console)

    def run(self, variables):
        """Run with `variables` and the builtins as the only globals; what the code returned."""
        variables["__builtins__"] = self._builtins
        return FunctionType(self._code, variables)()

    def _empty(self):
        # Users know this text, so it is kept; it comes from a text that the official runner puts around the code.
        line = len(self.source.lines) + 3
        message = "expected an indented block after function definition on line 1"
        return SyntaxError(message, (self.source.file, line, None, None))


def _user_builtins(settings, console):
    available = dict(vars(builtins))
    guard_imports(available, settings.imports.check, _is_user_code if settings.imports.transitive else _is_any_code)
    available[FORMAT_GUARD] = guarded_format
    for name in settings.denied_builtins:
        available.pop(name, None)
    available["print"] = Print(console)
    return available


def _is_user_code(frame):
    return frame.f_code.co_filename in _USER_FILES


def _is_any_code(frame):
    return True
