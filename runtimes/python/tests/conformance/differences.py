"""Answers that differ from the official runner's on purpose: each with the reason and with the answer given instead.

`SUPERVISOR` are the cases that are not the harness's to answer: the worker ends without a word, or the runner
answers before a worker has the task.
"""

FAILED = "runner:taskerror"
DONE = "runner:taskdone"


def _done(result, *prints):
    return [*(_print(*texts) for texts in prints), {"data": {"result": result}, "type": DONE}]


def _failed(message, description=""):
    return [{"error": {"message": message, "description": description}, "type": FAILED}]


def _print(*texts):
    return {"name": "logNodeOutput", "params": list(texts), "type": "runner:rpc"}


KEYWORDS = "The keyword arguments of print work; the official runner fails the task."
CONTINUES = "Continue On Fail is the runner's job (a real n8n drops the error otherwise), also for syntax errors, per item with pairedItem."
TOKEN = "The token of the runner is never given to user code."
OWN_LINES = "Line numbers are those of the user's own text; the official runner counts a line it puts in front."

DIFFERENCES = {
    "each.error_cof": (
        CONTINUES,
        _done(
            [
                {"json": {"r": 1.0}, "pairedItem": {"item": 0}},
                {"json": {"error": "division by zero"}, "pairedItem": {"item": 1}},
            ]
        ),
    ),
    "err.cof_syntax": (CONTINUES, _done([{"json": {"error": "'(' was never closed (<unknown>, line 1)"}}])),
    "str.obj_const": (
        "`obj` is an everyday key of JSON; only the attribute of that name is forbidden.",
        _done({"obj": 1}),
    ),
    "print.kw_sep": (KEYWORDS, _done(1, ["'a-b'"])),
    "print.kw_file": (KEYWORDS, _done(1, ["'a'"])),
    "aa.syntax": (OWN_LINES, _failed("'(' was never closed (<all_items_task_execution>, line 1)")),
    "w.stack_depth_traceback": (
        OWN_LINES + " The source line is shown as well.",
        _done(
            "Traceback (most recent call last):\n"
            '  File "<all_items_task_execution>", line 3, in _user_function\n'
            "    1 / 0\n"
            "    ~~^~~\n"
            "ZeroDivisionError: division by zero\n"
        ),
    ),
    "w.multiprocessing_name": ("The process is forked from a zygote, not by multiprocessing.", _done("MainProcess")),
    "w.sys_modules": ("Nothing of the runner is loaded in a worker, so asyncio is not either.", _done(["__main__"])),
    "w.leave_thread": ("Threads that are left behind end with the worker and do not cost the result.", _done(1)),
    "aa.builtins": (
        "A task has its process to itself, so its builtins need no protection from it.",
        _done("{'__name__': 'bui"),
    ),
    "e.env_token": (TOKEN, _done(0)),
}

SUPERVISOR = frozenset(
    (
        "in.mode_unknown",
        "in.no_code",
        "w.os_exit_0",
        "w.os_exit_3",
        "w.kill_self",
        "w.term_self",
        "w.timeout_ignoring_term",
    )
)
