"""The language rules of a runner: what the code of its tasks may import, and which builtins it goes without.

They are the same for all tasks, so a zygote gets ready once what they ask for: putting the builtins of user code
together touches as many pages as all the rest of a small task.
"""

import builtins

from ..imports import ImportGuard
from ..task import member, texts
from .allowlists import ImportRules
from .forbidden import FORMAT_GUARD
from .settings import FILES
from .templates import guarded_format

_USER_FILES = frozenset(FILES.values())


class Rules:
    """Rules as the runner writes them: a JSON object in which everything may be left out."""

    def __init__(self, rules):
        self.imports = ImportRules(texts(rules, "stdlib_allow"), texts(rules, "external_allow"))
        # Whether packages may import by importlib what user code may not.
        transitive = bool(rules.get("allow_transitive_imports"))
        self._guard = ImportGuard(self.imports.check, _is_user_code if transitive else _is_any_code)
        self._builtins = dict(vars(builtins))
        for name in texts(rules, "builtins_deny"):
            self._builtins.pop(name, None)
        self._builtins[FORMAT_GUARD] = guarded_format
        if "__import__" in self._builtins:
            self._builtins["__import__"] = self._guard.import_statement

    def user_builtins(self, user_print):
        """The builtins of user code, whose imports are guarded from now on. A process runs one task: it is no copy."""
        self._guard.install()
        self._builtins["print"] = user_print
        return self._builtins


def of_task(task, of_zygote=None):
    """The rules of a task: its own if it brings some, otherwise those of its zygote."""
    if of_zygote is not None and "rules" not in task.settings:
        return of_zygote
    return Rules(member(task.settings, "rules", dict, {}))


def _is_user_code(frame):
    return frame.f_code.co_filename in _USER_FILES


def _is_any_code(frame):
    return True
