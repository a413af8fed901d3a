"""Names that lead out of the language's rules, and the texts of their refusal."""

FORMAT_GUARD = "__n8n_internal_safe_format__"

NAMES = frozenset(("__loader__", "__builtins__", "__globals__", "__spec__", "__name__", FORMAT_GUARD))

ATTRIBUTES = frozenset(
    (
        "ag_code",
        "ag_frame",
        "cr_code",
        "cr_frame",
        "f_back",
        "f_builtins",
        "f_code",
        "f_globals",
        "f_locals",
        "gi_code",
        "gi_frame",
        "gi_yieldfrom",
        "obj",
        "tb_frame",
        "tb_next",
        "__annotations__",
        "__base__",
        "__bases__",
        "__builtins__",
        "__cached__",
        "__class__",
        "__closure__",
        "__code__",
        "__delattr__",
        "__dict__",
        "__func__",
        "__getattr__",
        "__getattribute__",
        "__globals__",
        "__import__",
        "__init_subclass__",
        "__instancecheck__",
        "__loader__",
        "__match_args__",
        "__module__",
        "__mro__",
        "__objclass__",
        "__prepare__",
        "__qualname__",
        "__reduce__",
        "__reduce_ex__",
        "__self__",
        "__self_class__",
        "__setattr__",
        "__spec__",
        "__subclasscheck__",
        "__subclasses__",
        "__thisclass__",
        "__traceback__",
        "__wrapped__",
    )
)

# As text, `obj` is an everyday key of JSON; as an attribute it stays forbidden.
TEXTS = (NAMES | ATTRIBUTES) - {"obj"}

FORMAT_METHODS = frozenset(("format", "format_map", "vformat", "get_field"))

_REASON = "is disallowed, because it can be used to bypass security restrictions."
POSITIONAL_PATTERN = "Positional match patterns are disallowed for security reasons."
DYNAMIC_IMPORT = "Dynamic __import__() calls are not allowed for security reasons."
RELATIVE_IMPORT = "Relative imports are disallowed."
MANGLED_ATTRIBUTE = "Access to name-mangled attributes (pattern: _ClassName__attr) is disallowed for security reasons."


def name_access(name):
    """The refusal of a name."""
    return f"Access to name '{name}' {_REASON}"


def attribute_access(attribute):
    """The refusal of an attribute."""
    return f"Access to attribute '{attribute}' {_REASON}"


def declaration(kind, name):
    """The refusal of what declares a name: a function, a class, a parameter, a global statement."""
    return f"{kind} '{name}' {_REASON}"


def template_access(field):
    """The refusal of a format template that reaches for an attribute."""
    return f"String pattern accessing '{field}' {_REASON}"


def pattern_access(attribute):
    """The refusal of a match pattern that takes an attribute."""
    return f"Match pattern extracting attribute '{attribute}' {_REASON}"


def method_extraction(method):
    """The refusal of a format method that is not called where it is named."""
    return f"Extracting '{method}' as a bound method is disallowed; call it directly on its receiver instead."


def is_mangled(attribute):
    """Whether an attribute looks like a private one of a class from outside, `_Class__attribute`."""
    before, separator, _ = attribute.partition("__")
    return bool(separator) and before.startswith("_")
