"""Start of a Python zygote: `python3 -I -B -S /stockade/python/zygote.py`.

This file parses on every Python 3, so that an interpreter which is too old is refused with one clear line
instead of a syntax error. It loads the harness and hands over; nothing else belongs here.

The harness is loaded with a private copy of the builtins. A function keeps the builtins its module had when it
was defined, so user code that replaces `builtins.len` or `builtins.print` changes its own world only, and the
harness still ends the task with the real ones.
"""

import sys

OLDEST = (3, 10)


def refuse(reason):
    """Say in one line why no zygote can start, and leave with the status agreed for it."""
    sys.stderr.write("stockade: %s\n" % reason)
    sys.exit(3)


def load_harness(root):
    """Import `stockade_harness` from `root` and return its `start` module; leave no trace on the import path."""
    import builtins
    from importlib.machinery import FileFinder, SourceFileLoader

    private = dict(vars(builtins))

    class HarnessLoader(SourceFileLoader):
        def exec_module(self, module):
            module.__dict__["__builtins__"] = private
            super().exec_module(module)

    class HarnessFinder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] != "stockade_harness":
                return None
            folder = path[0] if path else root
            return FileFinder(folder, (HarnessLoader, [".py"])).find_spec(name)

    sys.meta_path.insert(0, HarnessFinder)
    try:
        from stockade_harness import start
    finally:
        sys.meta_path.remove(HarnessFinder)
    # The modules stay alive through the functions that use them; user code cannot import them by name.
    for name in [name for name in sys.modules if name.partition(".")[0] == "stockade_harness"]:
        del sys.modules[name]
    return start


def main():
    if sys.version_info < OLDEST:
        refuse(
            "Python %d.%d is too old; the harness needs Python %d.%d or newer" % (tuple(sys.version_info[:2]) + OLDEST)
        )
    if sys.implementation.name != "cpython":
        refuse("the harness needs CPython, this is %s" % sys.implementation.name)
    root = __file__.rpartition("/")[0]
    try:
        start = load_harness(root)
    except ImportError as error:
        refuse("a module of the standard library is missing: %s" % error)
    start.main()


if __name__ == "__main__":
    main()
