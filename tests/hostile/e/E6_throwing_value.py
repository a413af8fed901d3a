# row: E6
# tries: to throw out of the middle of serialisation, with something that is no Exception
# expect: RUNTIME_ERROR
class Escape(BaseException):
    def __str__(self):
        raise self


class Throw:
    def __str__(self):
        raise Escape

    def __getattr__(self, name):
        raise Escape


return {"value": Throw()}
