"""What a breach of the language rules raises."""

from ..imports import Forbidden


class SecurityViolation(Forbidden):
    """Code that breaks a rule: found before it runs (several at once) or while it runs (the first one)."""

    def __init__(self, message, description, line=None):
        super().__init__(message)
        self.description = description
        self.line = line


class ForbiddenImport(SecurityViolation, ImportError):
    """An import that the rules forbid, met while the code runs.

    An ImportError, so that a package that can do without an optional module goes on.
    """


# User code sees these in its tracebacks, by the names that the official runner gives them.
SecurityViolation.__module__ = ForbiddenImport.__module__ = "builtins"
SecurityViolation.__qualname__ = ForbiddenImport.__qualname__ = "SecurityViolationError"
SecurityViolation.__name__ = ForbiddenImport.__name__ = "SecurityViolationError"


def violation_found(description):
    """The exception for a rule broken at run time."""
    return SecurityViolation("Security violation detected", description)
