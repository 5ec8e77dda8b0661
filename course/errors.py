"""Errors for people: every error that ends a command with one line instead of a traceback is a ``UserError``."""

from collections.abc import Iterable


class UserError(Exception):
    """One line: what was wrong, with what, and what to do. A command that catches it prints it and exits with 2."""


class UnknownUnit(UserError, LookupError):
    """A unit's name that the course does not have."""

    def __init__(self, name: str, units: Iterable[str]):
        super().__init__(f"no unit is called {name!r}; the units are {', '.join(units)}")


class UnknownTask(UserError, LookupError):
    """A task's name that a unit does not have."""

    def __init__(self, unit: str, name: str, tasks: Iterable[str]):
        super().__init__(f"{unit} has no task called {name!r}; its tasks are {', '.join(tasks)}")
