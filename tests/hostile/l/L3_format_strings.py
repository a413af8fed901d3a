# row: L3
# tries: to read globals of the harness through format strings
# expect: ok
# result: []
import collections
import string


def own():
    return 1


shown = [
    "{0.__globals__[__name__]}".format(own),
    string.Formatter().vformat("{0.__code__.co_filename}", (own,), {}),
    str(collections.UserString("{0.__globals__[inputs]}").format(own)),
    f"{own.__globals__['__name__']}",
]
return [text for text in shown if "/root" in text or "/work" in text or "token" in text.lower()]
