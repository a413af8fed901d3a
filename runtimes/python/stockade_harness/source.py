"""From the user's text to something that runs.

The text is never changed: code with a top-level `return` is parsed, its statements are put into one function
definition, and that tree is compiled. Every node keeps its own position, so docstrings, triple-quoted strings and
line numbers stay what the user wrote.
"""

import ast
import linecache
import re
from types import FunctionType

# The name that CPython's own tracebacks give to code outside any function. No identifier can clash with it.
TOP_LEVEL = "<module>"
_BYTE_ORDER_MARK = "\ufeff"
# Below this size a MemoryError of the parser is its own stack of fixed size, not a lack of memory.
_SMALL_SOURCE = 1 << 20
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_RETURN_AT_MARGIN = re.compile(r"^return\b", re.MULTILINE)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Source:
    """The user's code under its display name."""

    def __init__(self, raw, file):
        self.file = file
        self.text = self._decode(raw)
        newlines = self.text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines = [line + "\n" for line in newlines.split("\n")]
        # With this entry tracebacks show source lines, the user's own `traceback.print_exc()` included.
        linecache.cache[file] = (len(newlines), None, self.lines, file)

    def line(self, number):
        """The text of line `number`, counted from 1; None beyond the end."""
        if number is not None and 0 < number <= len(self.lines):
            return self.lines[number - 1]
        return None

    def parse(self):
        """The syntax tree; raises SyntaxError, also for code that is nested too deeply for the parser."""
        return self._guarded(ast.parse, self.text, self.file)

    def compile(self, tree=None):
        """A code object of the syntax tree, or of the text itself."""
        return self._guarded(compile, self.text if tree is None else tree, self.file, "exec", 0, True)

    def _decode(self, raw):
        try:
            text = str(raw, "utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise SyntaxError(f"the code is not valid UTF-8: {error}", (self.file, line, None, None)) from None
        before, null, _ = text.partition("\0")
        if null:
            line = before.count("\n") + 1
            raise SyntaxError("source code cannot contain null bytes", (self.file, line, None, None))
        return text[1:] if text.startswith(_BYTE_ORDER_MARK) else text

    def _guarded(self, action, *arguments):
        try:
            return action(*arguments)
        except SyntaxError as error:
            if error.text is None and error.filename == self.file:
                # Errors found while compiling a tree come without the text that the traceback shows.
                error.text = self.line(error.lineno)
            raise
        except RecursionError:
            raise SyntaxError("the code is nested too deeply", (self.file, None, None, None)) from None
        except MemoryError:
            if len(self.text) > _SMALL_SOURCE:
                raise
            raise SyntaxError("the code is nested too deeply", (self.file, None, None, None)) from None


class Program:
    """Compiled code; `has_result` tells whether it returns a value."""

    def __init__(self, source, variables):
        """Compile `source`, which will run with the names in `variables` as its globals."""
        self._parameters = []
        tree, self._code = _parse_or_compile(source)
        self.has_result = tree is not None
        if not self.has_result:
            return
        self._docstring = ast.get_docstring(tree, clean=False)
        self._code = compile_function(source, tree, TOP_LEVEL)
        # A name that the code assigns is local to the function. An input of that name has to be its first value,
        # so it is passed as an argument: `count = count + 1` works for an input `count`.
        local_names = self._code.co_varnames + self._code.co_cellvars
        self._parameters = [name for name in local_names if name in variables]
        if self._parameters:
            self._code = compile_function(source, tree, TOP_LEVEL, self._parameters)

    def run(self, variables):
        """Run with `variables` as globals; the value that the code returned, or None."""
        if not self.has_result:
            exec(self._code, variables)
            return None
        variables["__doc__"] = self._docstring
        function = FunctionType(self._code, variables)
        return function(*[variables[name] for name in self._parameters])


def _parse_or_compile(source):
    """The tree of code that returns at its top level, or else the code object of a module; the other one is None.

    A tree costs twice as much as compiling the text at once, so it is made only when it looks as if it is needed.
    """
    if _RETURN_AT_MARGIN.search(source.text):
        tree = source.parse()
        if _returns(tree.body):
            return tree, None
        return None, source.compile(tree)
    try:
        return None, source.compile()
    except SyntaxError as error:
        if error.msg != "'return' outside function":
            raise
    return source.parse(), None


def _returns(body):
    """Whether a `return` stands in these statements, outside functions and classes."""
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return):
            return True
        if isinstance(node, _SCOPES):
            continue
        for block in _BLOCKS:
            pending.extend(getattr(node, block, ()))
    return False


def compile_function(source, tree, name, parameters=()):
    """The code object of a function with the statements of `tree`, which keep their positions."""
    # The docstring and the imports from __future__ have a meaning only at the top of the module.
    start = 0
    if start < len(tree.body) and _is_docstring(tree.body[start]):
        start += 1
    while start < len(tree.body) and _is_future_import(tree.body[start]):
        start += 1
    # A function needs a body even when nothing else is left.
    body = tree.body[start:] or [ast.Pass(lineno=1, col_offset=0)]
    module = ast.Module(body=[*tree.body[:start], _function(name, body, parameters)], type_ignores=[])
    for constant in source.compile(module).co_consts:
        if getattr(constant, "co_name", None) == name:
            return constant
    raise LookupError(name)


def _function(name, body, parameters):
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=parameter, lineno=1, col_offset=0) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.FunctionDef(
        name=name, args=arguments, body=body, decorator_list=[], type_params=[], lineno=1, col_offset=0
    )


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_future_import(node):
    return isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level
