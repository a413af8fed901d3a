"""Which modules the code of a task may import, and the texts for those it may not."""

import sys

from ..imports import AllowList
from .violations import ForbiddenImport

_EVERYTHING = "*"
_STANDARD_LIBRARY = sys.stdlib_module_names


class ImportRules:
    """The two allow lists of the runner: modules of the standard library, and packages from elsewhere."""

    def __init__(self, standard, external):
        self._standard = AllowList(standard)
        self._external = AllowList(external)

    @property
    def allow_everything(self):
        """Whether both lists are wildcards, which also switches the static checks off."""
        return _EVERYTHING in self._standard.names and _EVERYTHING in self._external.names

    def refusal(self, module, names=()):
        """Why `import module` or `from module import names` is forbidden; None when it is allowed."""
        is_standard = module.partition(".")[0] in _STANDARD_LIBRARY
        allowed = self._standard if is_standard else self._external
        if allowed.permits(module, names):
            return None
        listed = ", ".join(sorted(allowed.names)) or "none"
        if is_standard:
            return f"Import of standard library module '{module}' is disallowed. Allowed stdlib modules: {listed}"
        return f"Import of external package '{module}' is disallowed. Allowed external packages: {listed}"

    def check(self, module, names=()):
        """Raise for a forbidden import of running code."""
        refusal = self.refusal(module, names)
        if refusal is not None:
            raise ForbiddenImport("Security violation detected", refusal)
