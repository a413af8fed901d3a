"""The first use of packages that were preloaded.

Importing a large package is not all that a first task pays for: its first call fills caches, lets the interpreter
specialise its code and, in a fork, copies pages. A zygote uses such a package ahead of its workers, and so does a
worker that has the time for it.
"""

import sys


def use_packages():
    """Use what has been imported, as a task might; a package that cannot be used so is left alone."""
    for name, use in _USES.items():
        package = sys.modules.get(name)
        if package is not None:
            try:
                use(package)
            except Exception:
                # Something else of this name, or a version with another interface: tasks find it as it is.
                continue


def _describe(pandas):
    rows = [{"number": number, "share": number / 3, "text": "abc"[number % 3]} for number in range(16)]
    pandas.DataFrame(rows).describe().to_dict("records")


_USES = {"pandas": _describe}
