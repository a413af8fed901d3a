"""The user's code as n8n runs it: the body of a function, with the data of the node as its globals."""

from types import FunctionType

from ..source import Source, compile_function
from .analyzer import check
from .printing import Print
from .templates import guard_format_calls, may_format

# The name that the official runner gives to the function; it shows in tracebacks and in the names of generators.
_FUNCTION = "_user_function"
_ANALYZER_FILE = "<unknown>"


class Rejected(Exception):
    """The code cannot be parsed; `error` is the SyntaxError, `file` the name it is reported under."""

    def __init__(self, error, file):
        super().__init__(error)
        self.error = error
        self.file = file


class Program:
    """Checked and compiled code. Raises Rejected, SecurityViolation or SyntaxError when it may not or cannot run."""

    def __init__(self, code, settings, rules, console):
        try:
            self.source = Source(code, settings.file)
            tree = self.source.parse()
        except SyntaxError as error:
            if rules.imports.allow_everything:
                raise
            raise Rejected(error, _ANALYZER_FILE) from None
        if not rules.imports.allow_everything:
            if not settings.is_validated:
                check(tree, rules.imports)
            if may_format(self.source.text):
                guard_format_calls(tree)
        if not tree.body:
            raise self._empty()
        self._code = compile_function(self.source, tree, _FUNCTION)
        self._builtins = rules.user_builtins(Print(console))

    def run(self, variables):
        """Run with `variables` and the builtins as the only globals; what the code returned."""
        variables["__builtins__"] = self._builtins
        return FunctionType(self._code, variables)()

    def _empty(self):
        # Users know this text, so it is kept; it comes from a text that the official runner puts around the code.
        line = len(self.source.lines) + 3
        message = "expected an indented block after function definition on line 1"
        return SyntaxError(message, (self.source.file, line, None, None))
