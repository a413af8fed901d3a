# row: M3
# tries: to confuse the report of its own error
# expect: RUNTIME_ERROR
class Broken(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__

    @property
    def __traceback__(self):
        raise self

    __cause__ = __context__ = __notes__ = property(__str__)


Broken.__name__ = "\ud800"
raise Broken
