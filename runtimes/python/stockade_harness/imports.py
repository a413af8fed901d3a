"""Which modules user code may import.

Only imports that stand in user code are checked: the guard is the `__import__` of the user's own builtins, and what
an allowed module imports itself goes through the real one. It is advice with a good message. What a forbidden module
could do is stopped by the walls.
"""

import builtins
import importlib
import sys

_import = builtins.__import__
_import_module = importlib.import_module
_importlib_import = importlib.__import__
_frame = sys._getframe


class Forbidden(Exception):
    """Raised in user code by what the rules of its task forbid; ends as PERMISSION_ERROR."""


class ModuleNotAllowedError(Forbidden, ImportError):
    """An import that the task's settings do not allow."""


# Shown in tracebacks by its bare name, as the errors of the language are.
ModuleNotAllowedError.__module__ = "builtins"


class AllowList:
    """Module names a task may import; a name covers its submodules, and `*` covers everything."""

    def __init__(self, names):
        self.names = list(dict.fromkeys(name.strip() for name in names if name.strip()))
        self._allowed = frozenset(self.names)
        self._everything = "*" in self._allowed
        self._packages = tuple(name + "." for name in self.names)

    def covers(self, module):
        """Whether `module` or a package above it is on the list."""
        return self._everything or module in self._allowed or module.startswith(self._packages)

    def permits(self, module, names=()):
        """Whether `import module`, or `from module import names`, is covered."""
        if self.covers(module):
            return True
        return bool(names) and all(name != "*" and self.covers(f"{module}.{name}") for name in names)

    def check(self, module, names=()):
        """Raise ModuleNotAllowedError unless the import is covered."""
        if self.permits(module, names):
            return
        allowed = ", ".join(self.names) or "none"
        raise ModuleNotAllowedError(f"Module '{module}' is not allowed. Allowed modules: {allowed}", name=module)


class ImportGuard:
    """Checks every import of user code.

    `check(module, names)` raises for what is forbidden. `is_user_code(frame)` tells who called the functions of
    importlib, which everybody shares.
    """

    def __init__(self, check, is_user_code):
        def guarded_import(name, globals=None, locals=None, fromlist=(), level=0):
            if not level and isinstance(name, str):
                check(name, fromlist or ())
            return _import(name, globals, locals, fromlist, level)

        def import_module(name, package=None):
            if isinstance(name, str) and is_user_code(_frame(1)):
                check(_absolute(name, package), ())
            return _import_module(name, package)

        def importlib_import(name, globals=None, locals=None, fromlist=(), level=0):
            if not level and isinstance(name, str) and is_user_code(_frame(1)):
                check(name, fromlist or ())
            return _importlib_import(name, globals, locals, fromlist, level)

        for function, original in (
            (guarded_import, _import),
            (import_module, _import_module),
            (importlib_import, _importlib_import),
        ):
            function.__name__ = function.__qualname__ = original.__name__
            function.__doc__ = original.__doc__
        # What user code gets as `__import__`.
        self.import_statement = guarded_import
        self._import_module = import_module
        self._importlib_import = importlib_import

    def install(self):
        """Guard importlib, which user code shares with everything else."""
        importlib.import_module = self._import_module
        importlib.__import__ = self._importlib_import


def release_imports():
    """Give importlib its own functions back; for rehearsals, which leave no guard behind."""
    importlib.import_module = _import_module
    importlib.__import__ = _importlib_import


def _absolute(name, package):
    """The full name that `importlib.import_module(name, package)` would import."""
    if not name.startswith(".") or not package:
        return name
    stem = name.lstrip(".")
    for _ in range(len(name) - len(stem) - 1):
        package = package.rpartition(".")[0]
    return package + "." + stem if stem else package
