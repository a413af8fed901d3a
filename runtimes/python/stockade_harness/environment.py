"""The environment variables of user code."""

import os
import time

from .task import InvalidTask

_KEPT = ("PATH", "HOME", "LANG", "TZ")


def keep_agreed_variables():
    """Drop every variable of the zygote that is not meant for tasks."""
    for name in list(os.environ):
        if name not in _KEPT:
            del os.environ[name]


def set_variables(task):
    """Add the variables that the task's settings give."""
    variables = task.settings.get("environment") or {}
    if not isinstance(variables, dict):
        raise InvalidTask("The setting 'environment' must be an object")
    for name, value in variables.items():
        if not isinstance(value, str):
            raise InvalidTask(f"The environment variable '{name}' must be text")
        try:
            os.environ[name] = value
        except (OSError, ValueError) as error:
            raise InvalidTask(f"The environment variable '{name}' cannot be set: {error}") from None
    if "TZ" in variables:
        time.tzset()
