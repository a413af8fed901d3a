"""What the runner says about a task of n8n."""

from ..task import InvalidTask, member

ALL_ITEMS = "runOnceForAllItems"
EACH_ITEM = "runOnceForEachItem"
# The display names of user code, by node mode.
FILES = {ALL_ITEMS: "<all_items_task_execution>", EACH_ITEM: "<per_item_task_execution>"}


class Settings:
    """The member `n8n` of a task's settings, and whether its code is known to pass the static check."""

    def __init__(self, task):
        node = member(task.settings, "n8n", dict, {})
        self.node_mode = member(node, "nodeMode", str, ALL_ITEMS)
        if self.node_mode not in FILES:
            raise InvalidTask(f"Unknown nodeMode: {self.node_mode}")
        self.file = FILES[self.node_mode]
        self.continue_on_fail = bool(node.get("continueOnFail"))
        self.query = node.get("query")
        self.is_validated = bool(task.settings.get("validated"))
