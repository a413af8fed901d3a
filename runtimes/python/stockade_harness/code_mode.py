"""Mode "code": a function body, or a module when nothing is returned."""

import builtins
import gc
import sys
from keyword import iskeyword
from types import ModuleType

from .aftermath import take_back_control
from .encode import encode
from .environment import set_variables
from .explain import explain
from .failures import encode_failure, exit_failure, failure, syntax_failure
from .files import OutputFolder
from .frames import ERROR, RESULT
from .imports import AllowList, ImportGuard
from .plain import plain_key, plain_value
from .source import Program, Source
from .task import InvalidTask, member


def run(task, channel):
    """Run the task; the kind and the payload of the frame that ends it."""
    set_variables(task)
    limit = member(task.settings, "output", int, None)
    if limit is not None:
        channel.output = OutputFolder(limit)
    variables = _main_module(task)
    try:
        source = Source(task.code, task.file)
        program = Program(source, variables)
    except SyntaxError as error:
        return ERROR, encode_failure(syntax_failure(error))
    sys.argv = [task.file]
    gc.enable()
    try:
        value = program.run(variables)
    except BaseException as exception:
        take_back_control(exception)
        return _ended_by(exception, source)
    take_back_control(value)
    if not program.has_result:
        return RESULT, b""
    try:
        return RESULT, encode(value, plain_value, plain_key)
    except MemoryError:
        raise
    except BaseException as error:
        raise explain(value, error) from None


def _main_module(task):
    """The globals of the user's code: those of a new module `__main__`, with the inputs by name."""
    inputs = task.take_inputs()
    if inputs is None:
        inputs = {}
    if not isinstance(inputs, dict):
        raise InvalidTask("The inputs must be a JSON object")
    module = ModuleType("__main__")
    variables = vars(module)
    for name, value in inputs.items():
        if name.isidentifier() and not iskeyword(name) and not _is_special(name):
            variables[name] = value
    variables["inputs"] = inputs
    variables["__builtins__"] = _user_builtins(task, variables)
    sys.modules["__main__"] = module
    return variables


def _is_special(name):
    # Inputs are data of others: they must not replace `__builtins__` or `__name__` under the code.
    return name.startswith("__") and name.endswith("__")


def _user_builtins(task, variables):
    allowed = task.settings.get("allow")
    if allowed is None:
        return builtins
    if not isinstance(allowed, list) or not all(isinstance(name, str) for name in allowed):
        raise InvalidTask("The setting 'allow' must be a list of module names")
    user_builtins = dict(vars(builtins))
    guard = ImportGuard(AllowList(allowed).check, lambda frame: frame.f_globals is variables)
    guard.install()
    user_builtins["__import__"] = guard.import_statement
    return user_builtins


def _ended_by(exception, source):
    if isinstance(exception, SystemExit):
        fields = exit_failure(exception)
        return (RESULT, b"") if fields is None else (ERROR, encode_failure(fields))
    return ERROR, encode_failure(failure(exception, source))
