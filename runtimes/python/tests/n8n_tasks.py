"""Settings of tasks as the runner sends them, and their ends as the broker sees them."""

import re

DENIED_BUILTINS = (
    "eval,exec,compile,open,input,breakpoint,getattr,object,type,vars,setattr,delattr,hasattr,dir,memoryview,"
    "__build_class__,globals,locals,license,help,credits,copyright"
)
ALL, EACH = "runOnceForAllItems", "runOnceForEachItem"
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def settings(mode=ALL, fails=False, query=None, standard="", external="", denied=DENIED_BUILTINS, **rules):
    """The settings of a TASK frame in mode n8n, with rules of its own."""
    return {
        "mode": "n8n",
        "validated": rules.pop("validated", False),
        "n8n": {"nodeMode": mode, "continueOnFail": fails, "query": query},
        "rules": {
            "stdlib_allow": names(standard),
            "external_allow": names(external),
            "builtins_deny": names(denied),
            "allow_transitive_imports": False,
            **rules,
        },
    }


def names(text):
    """A comma list of the runner's configuration."""
    return [name for name in map(str.strip, text.split(",")) if name]


def messages(end):
    """What the runner would send to the broker, as the conformance cases record it."""
    prints = [{"name": "logNodeOutput", "params": log, "type": "runner:rpc"} for log in end.logs]
    if len(prints) > 20:
        prints = [*prints[:2], {"__rpc_total__": len(prints)}, *prints[-2:]]
    if end.error is None:
        last = {"data": end.value, "type": "runner:taskdone"}
    else:
        last = {"error": end.error["details"], "type": "runner:taskerror"}
    return _without_addresses([*prints, last])


def _without_addresses(value):
    if isinstance(value, str):
        return _ADDRESS.sub("0xADDR", value)
    if isinstance(value, list):
        return [_without_addresses(member) for member in value]
    if isinstance(value, dict):
        return {key: _without_addresses(member) for key, member in value.items()}
    return value
