"""Errors in the form of n8n.

`details` of a failure is what n8n gets, word for word what the official runner says. Line, column and stack, which the
official runner drops, stand beside it.
"""

from ..failures import PERMISSION_ERROR, RUNTIME_ERROR, failure, message_of, syntax_failure
from .violations import SecurityViolation


def unparsable(error, file):
    """The failure for code that the parser refuses."""
    fields = syntax_failure(error)
    fields["details"] = {"message": _placed(error, file)}
    return fields


def uncompilable(error, file):
    """The failure for code that parses and still cannot run, such as a `break` outside a loop."""
    fields = unparsable(error, file)
    fields["details"]["description"] = ""
    return fields


def _placed(error, file):
    message = str(error.msg)
    return message if error.lineno is None else f"{message} ({file}, line {error.lineno})"


def forbidden(violation):
    """The failure for code that the static check refuses."""
    message = str(violation)
    return {
        "code": PERMISSION_ERROR,
        "message": message,
        "name": type(violation).__name__,
        "line": violation.line,
        "description": violation.description,
        "details": {"message": message, "description": violation.description},
    }


def raised(exception, source, stderr):
    """The failure for an exception of running code, which wrote `stderr`."""
    if isinstance(exception, SystemExit):
        message = _exit_message(exception.code)
        fields = {"code": RUNTIME_ERROR, "message": message, "name": "SystemExit"}
    else:
        fields = failure(exception, source)
        message = fields["message"] if isinstance(exception, MemoryError) else message_of(exception)
    description = _description(exception) or stderr
    fields["description"] = description or None
    fields["details"] = {"message": message, "description": description}
    return fields


def message_for_item(fields):
    """The text of a failure where n8n has room for a text only, in an item of a node that continues on fail."""
    details = fields["details"]
    if fields["code"] == PERMISSION_ERROR and fields["name"] == SecurityViolation.__name__:
        # The message alone does not say what was forbidden.
        return f"{details['message']}: {details['description']}"
    return details["message"]


def _exit_message(status):
    try:
        return f"Process exited with code {status}"
    except Exception:
        return "Process exited with code <exception str() failed>"


def _description(exception):
    try:
        description = getattr(exception, "description", None)
        return str(description) if description else ""
    except Exception:
        return ""
