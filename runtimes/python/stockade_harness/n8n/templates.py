"""Format templates: `str.format` reaches attributes by text, so its templates are read like code.

Texts that stand in the source are checked by the analyzer. A template may also be put together while the code runs,
so every direct call of a format method is rewritten to a guard that reads the template just before it is used.
"""

import ast
from _string import formatter_field_name_split, formatter_parser

from .forbidden import ATTRIBUTES, FORMAT_GUARD, FORMAT_METHODS, NAMES, TEXTS, template_access
from .violations import violation_found

_DEEPEST_SPECIFICATION = 8


def forbidden_field(template):
    """The first forbidden attribute or key that `template` reaches for; None when there is none."""
    return _in_template(template, _DEEPEST_SPECIFICATION) if "{" in template else None


def _in_template(template, depth):
    try:
        parts = list(formatter_parser(template))
    except ValueError:
        return None  # Not a template, and str.format will say so.
    for _, field, specification, _ in parts:
        found = _in_field(field) if field else None
        if found is None and specification and "{" in specification and depth:
            found = _in_template(specification, depth - 1)
        if found is not None:
            return found
    return None


def _in_field(field):
    try:
        _, steps = formatter_field_name_split(field)
        for is_attribute, step in steps:
            if step in (ATTRIBUTES | NAMES if is_attribute else TEXTS):
                return step
    except ValueError:
        return None
    return None


def guarded_format(receiver, method, /, *arguments, **keywords):
    """Stands for `receiver.method(*arguments, **keywords)` in user code."""
    for text in _templates(receiver, arguments):
        found = _in_field(text) if method == "get_field" else forbidden_field(text)
        if found is not None:
            raise violation_found(template_access(found))
    return getattr(receiver, method)(*arguments, **keywords)


def _templates(receiver, arguments):
    """The texts that a format method of `receiver` reads as templates."""
    if isinstance(receiver, str):
        return [str(receiver)]
    # `str.format(template, …)`, `Formatter().vformat(template, …)`; a UserString keeps its text in `data`.
    candidates = [*arguments[:1], getattr(receiver, "data", None)]
    return [str(candidate) for candidate in candidates if isinstance(candidate, str)]


def guard_format_calls(tree):
    """Rewrite the direct calls of format methods in `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FORMAT_METHODS:
            function = node.func
            method = ast.copy_location(ast.Constant(function.attr), function)
            node.args = [function.value, method, *node.args]
            node.func = ast.copy_location(ast.Name(FORMAT_GUARD, ast.Load()), function)


def may_format(text):
    """Whether source text can contain a call of a format method at all; most code is spared the walk."""
    return any(method in text for method in FORMAT_METHODS)
