"""What the runner says about a task of n8n."""

from ..task import InvalidTask
from .allowlists import ImportRules

ALL_ITEMS = "runOnceForAllItems"
EACH_ITEM = "runOnceForEachItem"
# The display names of user code, by node mode.
FILES = {ALL_ITEMS: "<all_items_task_execution>", EACH_ITEM: "<per_item_task_execution>"}


class Settings:
    """The members `n8n` and `rules` of a task's settings."""

    def __init__(self, task):
        node = _member(task.settings, "n8n", dict, {})
        self.node_mode = _member(node, "nodeMode", str, ALL_ITEMS)
        if self.node_mode not in FILES:
            raise InvalidTask(f"Unknown nodeMode: {self.node_mode}")
        self.file = FILES[self.node_mode]
        self.continue_on_fail = bool(node.get("continueOnFail"))
        self.query = node.get("query")

        rules = _member(task.settings, "rules", dict, {})
        self.imports = ImportRules(
            _names(rules, "stdlib_allow"),
            _names(rules, "external_allow"),
            transitive=bool(rules.get("allow_transitive_imports")),
        )
        self.denied_builtins = frozenset(_names(rules, "builtins_deny"))
        self.is_validated = bool(rules.get("validated"))


def _member(settings, name, kind, default):
    value = settings.get(name, default)
    if not isinstance(value, kind):
        raise InvalidTask(f"The setting '{name}' has the wrong type")
    return value


def _names(rules, name):
    names = _member(rules, name, list, [])
    if not all(isinstance(entry, str) for entry in names):
        raise InvalidTask(f"The setting '{name}' must be a list of names")
    return names
