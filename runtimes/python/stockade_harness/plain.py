"""What stands in a result for values that JSON does not know.

Numbers, arrays and tables of numpy and pandas become numbers, lists and records; everything else becomes its text.
Neither package is imported: their objects are known by where their classes say they come from.
"""

import sys

_PANDAS = {
    "DataFrame": lambda frame: frame.to_dict(orient="records"),
    "Series": lambda series: series.tolist(),
    "Index": lambda index: index.tolist(),
    "ExtensionArray": lambda array: array.tolist(),
    "NaTType": lambda missing: None,
    "NAType": lambda missing: None,
}


def plain_value(value):
    """A value that JSON knows, or that is a step nearer to one."""
    for base in type(value).__mro__:
        package = base.__module__.partition(".")[0]
        if package == "numpy":
            return _plain_numpy(value)
        if package == "pandas" and base.__name__ in _PANDAS:
            return _PANDAS[base.__name__](value)
    return str(value)


def plain_key(key):
    """A key that JSON knows; raises TypeError when there is none."""
    plain = plain_value(key) if type(key).__module__ == "numpy" else key
    if plain is None or isinstance(plain, (str, int, float)):
        return plain
    raise TypeError("keys must be str, int, float, bool or None, not " + type(key).__name__)


def _plain_numpy(value):
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is None:
        return str(value)
    if kind == "M":
        # As numbers, times would lose their unit.
        value = sys.modules["numpy"].datetime_as_string(value)
    elif kind == "m":
        value = value.astype(str)
    plain = value.tolist()
    if type(plain) is type(value):
        # Extended precision has no counterpart in Python, so tolist() gives the number itself back.
        return float(plain) if kind == "f" else str(plain)
    return plain
