"""The static check: what the code of a task must not contain, found before it runs."""

import ast

from . import forbidden
from .templates import forbidden_field
from .violations import SecurityViolation

_BUILTINS = ("builtins", "__builtins__")
# Longer sums of texts are left to the guard at run time; without a bound, folding a long one would be quadratic.
_LONGEST_FOLDED = 1024


def check(tree, imports):
    """Raise SecurityViolation naming every breach in `tree`, in the order of its nodes; `imports` are the rules."""
    breaches = _Analyzer(imports).breaches_of(tree)
    if breaches:
        description = "\n".join(f"Line {line}: {text}" for line, text in breaches)
        raise SecurityViolation("Security violations detected", description, breaches[0][0])


class _Analyzer:
    def __init__(self, imports):
        self._imports = imports
        self._breaches = []
        self._reported_modules = set()
        self._called = set()
        self._folded = {}

    def breaches_of(self, tree):
        nodes = _in_order(tree)
        self._folded = _folded_sums(nodes)
        for node in nodes:
            visit = _VISITS.get(type(node))
            if visit is not None:
                visit(self, node)
        return self._breaches

    def _report(self, node, text):
        self._breaches.append((node.lineno, text))

    def _check_name(self, node, name):
        if name in forbidden.NAMES:
            self._report(node, forbidden.name_access(name))

    def _check_declaration(self, node, kind, name):
        if name in forbidden.NAMES:
            self._report(node, forbidden.declaration(kind, name))

    def _check_module(self, node, module, names=()):
        top_level = module.partition(".")[0]
        refusal = self._imports.refusal(module, names)
        if refusal is not None and top_level not in self._reported_modules:
            self._reported_modules.add(top_level)
            self._report(node, refusal)

    def _import(self, node):
        for alias in node.names:
            self._check_module(node, alias.name)

    def _import_from(self, node):
        if node.level:
            self._report(node, forbidden.RELATIVE_IMPORT)
        elif node.module:
            self._check_module(node, node.module, [alias.name for alias in node.names])

    def _alias(self, node):
        self._check_name(node, node.name)
        self._check_name(node, node.asname)

    def _call(self, node):
        function = node.func
        if isinstance(function, ast.Attribute):
            self._called.add(function)
        elif isinstance(function, ast.Name) and function.id == "__import__":
            module = node.args[0] if node.args else None
            if isinstance(module, ast.Constant) and isinstance(module.value, str):
                self._check_module(node, module.value)
            else:
                self._report(node, forbidden.DYNAMIC_IMPORT)

    def _name(self, node):
        self._check_name(node, node.id)

    def _attribute(self, node):
        attribute = node.attr
        if attribute in forbidden.ATTRIBUTES:
            self._report(node, forbidden.attribute_access(attribute))
        elif forbidden.is_mangled(attribute):
            self._report(node, forbidden.MANGLED_ATTRIBUTE)
        elif attribute in forbidden.FORMAT_METHODS and node not in self._called:
            self._report(node, forbidden.method_extraction(attribute))

    def _subscript(self, node):
        container, key = node.value, node.slice
        if (
            isinstance(container, ast.Name)
            and container.id in _BUILTINS
            and isinstance(key, ast.Constant)
            and key.value in forbidden.ATTRIBUTES
        ):
            self._report(node, forbidden.attribute_access(key.value))

    def _constant(self, node):
        if isinstance(node.value, str):
            self._check_text(node, node.value)

    def _binary_operation(self, node):
        if node in self._folded:
            self._check_text(node, self._folded[node])

    def _check_text(self, node, text):
        if text in forbidden.TEXTS:
            refusal = forbidden.name_access if text in forbidden.NAMES else forbidden.attribute_access
            self._report(node, refusal(text))
        field = forbidden_field(text)
        if field is not None:
            self._report(node, forbidden.template_access(field))

    def _function(self, node):
        self._check_declaration(node, "Function named", node.name)

    def _class(self, node):
        self._check_declaration(node, "Class named", node.name)

    def _argument(self, node):
        self._check_declaration(node, "Parameter named", node.arg)

    def _global(self, node):
        for name in node.names:
            self._check_declaration(node, "Global declaration of", name)

    def _named(self, node):
        self._check_name(node, node.name)

    def _mapping_pattern(self, node):
        self._check_name(node, node.rest)

    def _class_pattern(self, node):
        if node.patterns:
            self._report(node, forbidden.POSITIONAL_PATTERN)
        for attribute in node.kwd_attrs:
            if attribute in forbidden.ATTRIBUTES:
                self._report(node, forbidden.pattern_access(attribute))
            elif forbidden.is_mangled(attribute):
                self._report(node, forbidden.MANGLED_ATTRIBUTE)


def _in_order(tree):
    """All nodes, each before its children and these from left to right."""
    nodes = []
    # A loop and not a recursion: how deep code nests is the user's choice.
    pending = [tree]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending.extend(reversed(list(ast.iter_child_nodes(node))))
    return nodes


def _folded_sums(nodes):
    """The texts of the sums of string constants among `nodes`, which stand before their children."""
    texts = {}
    for node in reversed(nodes):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = _text(node.left, texts), _text(node.right, texts)
            if left is not None and right is not None and len(left) + len(right) <= _LONGEST_FOLDED:
                texts[node] = left + right
    return texts


def _text(node, texts):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return texts.get(node)


_VISITS = {
    ast.Import: _Analyzer._import,
    ast.ImportFrom: _Analyzer._import_from,
    ast.alias: _Analyzer._alias,
    ast.Call: _Analyzer._call,
    ast.Name: _Analyzer._name,
    ast.Attribute: _Analyzer._attribute,
    ast.Subscript: _Analyzer._subscript,
    ast.Constant: _Analyzer._constant,
    ast.BinOp: _Analyzer._binary_operation,
    ast.FunctionDef: _Analyzer._function,
    ast.AsyncFunctionDef: _Analyzer._function,
    ast.ClassDef: _Analyzer._class,
    ast.arg: _Analyzer._argument,
    ast.Global: _Analyzer._global,
    ast.ExceptHandler: _Analyzer._named,
    ast.MatchAs: _Analyzer._named,
    ast.MatchStar: _Analyzer._named,
    ast.MatchMapping: _Analyzer._mapping_pattern,
    ast.MatchClass: _Analyzer._class_pattern,
}
