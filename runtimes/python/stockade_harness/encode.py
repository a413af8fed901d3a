"""From a Python value to the bytes of its JSON.

The encoder is CPython's own in C, taken before user code could replace anything of the json module. NaN and the
infinities, which JSON does not have, become null.
"""

from _json import encode_basestring, make_encoder
from math import isfinite

from .large import encode_large

_COMPACT = (",", ":")
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def encode(value, fallback, fallback_key=None, separators=_COMPACT):
    """JSON of `value` in UTF-8.

    `fallback` turns a value that JSON does not know into one it knows, `fallback_key` does so for keys of
    dictionaries. Raises TypeError, ValueError or RecursionError for a value that cannot be encoded, and whatever the
    methods of the value raise.
    """
    if separators is _COMPACT:
        encoded = encode_large(value)
        if encoded is not None:
            return encoded
    return encode_text(value, fallback, fallback_key, separators).encode()


def encode_text(value, fallback, fallback_key=None, separators=_COMPACT, special_floats=False):
    """JSON of `value` as text, non-ASCII characters kept; with `special_floats`, NaN stays NaN."""
    try:
        return _join(value, fallback, separators, special_floats)
    except ValueError as error:
        if not str(error).startswith("Out of range float"):
            raise
    except TypeError as error:
        if fallback_key is None or not str(error).startswith("keys must be"):
            raise
    # Both are rare, so only a value that has shown the need is copied.
    return _join(_Copy(fallback, fallback_key).of(value), fallback, separators, special_floats)


def _join(value, fallback, separators, special_floats):
    item_separator, key_separator = separators
    encoder = make_encoder(
        {}, fallback, encode_basestring, None, key_separator, item_separator, False, False, special_floats
    )
    return "".join(encoder(value, 0))


class _Copy:
    """Copies a value with null for NaN and the infinities, and with keys that JSON knows."""

    def __init__(self, fallback, fallback_key):
        self._fallback = fallback
        self._fallback_key = fallback_key
        self._above = set()

    def of(self, value):
        if isinstance(value, float):
            return value if isfinite(value) else None
        if value is None or isinstance(value, (str, int)):
            return value
        identity = id(value)
        if identity in self._above:
            raise ValueError("Circular reference detected")
        self._above.add(identity)
        if isinstance(value, dict):
            copy = {self._key(key): self.of(member) for key, member in value.items()}
        elif isinstance(value, (list, tuple)):
            copy = [self.of(member) for member in value]
        else:
            copy = self.of(self._fallback(value))
        self._above.discard(identity)
        return copy

    def _key(self, key):
        if isinstance(key, float) and not isfinite(key):
            # What json.dumps makes of such a key; it is text in JSON whatever it was.
            return _NOT_FINITE[float.__repr__(key)]
        if key is None or self._fallback_key is None or isinstance(key, (str, int, float)):
            return key
        return self._fallback_key(key)
