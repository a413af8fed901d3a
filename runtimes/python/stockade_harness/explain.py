"""Why a returned value is not JSON, and where in it the reason stands."""

from .plain import plain_key, plain_value

_DEEPEST_SHOWN = 40


class NotJson(Exception):
    """The value that the code returned cannot be turned into JSON; ends as RUNTIME_ERROR."""


def explain(value, error):
    """The NotJson for `value`, whose encoding raised `error`."""
    if isinstance(error, RecursionError):
        return NotJson("The returned value is nested too deeply")
    try:
        _find(value)
    except NotJson as reason:
        return reason
    except Exception:
        # The value answers differently each time it is looked at; what the encoder met has to do.
        pass
    return NotJson(f"The returned value cannot be turned into JSON: {describe(error)}")


def describe(error):
    """An exception in one line, whatever its `__str__` does."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = "<exception str() failed>"
    return f"{name}: {text}" if text else name


def _find(value):
    """Walk through the value as the encoder did; raises NotJson with the first reason."""
    above = {}
    pending = [(value, (), False)]
    while pending:
        current, path, leaving = pending.pop()
        if leaving:
            del above[id(current)]
        elif isinstance(current, str):
            _check_text(current, path, "holds")
        elif current is not None and not isinstance(current, (int, float)):
            if id(current) in above:
                same = _place(above[id(current)])
                raise NotJson(f"The returned value refers to itself ({_place(path)} is {same})")
            above[id(current)] = path
            pending.append((current, path, True))
            pending.extend((member, place, False) for member, place in _members(current, path))


def _members(value, path):
    """What stands directly in `value`, each with its path."""
    if isinstance(value, dict):
        for key, member in value.items():
            _check_key(key, path)
            yield member, (*path, key)
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            yield member, (*path, index)
    else:
        try:
            plain = plain_value(value)
        except Exception as error:
            raise _reason(path, f"is a {type(value).__name__} that fails with {describe(error)}") from None
        yield plain, path


def _check_key(key, path):
    try:
        plain = plain_key(key)
    except TypeError:
        kind = type(key).__name__
        raise _reason(path, f"has a key of type {kind}; keys must be str, int, float, bool or None") from None
    if isinstance(plain, str):
        _check_text(plain, path, "has a key with")


def _check_text(text, path, verb):
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _reason(path, f"{verb} a lone surrogate, which UTF-8 cannot carry") from None


def _reason(path, reason):
    return NotJson(f"The returned value cannot be turned into JSON: {_place(path)} {reason}")


def _place(path):
    if not path:
        return "result"
    steps = "".join(f"[{step!r}]" for step in path[:_DEEPEST_SHOWN])
    return "result" + steps + ("…" if len(path) > _DEEPEST_SHOWN else "")
