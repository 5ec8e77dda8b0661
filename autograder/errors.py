"""Errors that end a command with a message for the user: their base class, and the message."""

from __future__ import annotations

from course.errors import UserError

__all__ = ["UserError", "line_for"]


def line_for(error: UserError | OSError) -> str:
    """The message for the user, in one line."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return str(error)
