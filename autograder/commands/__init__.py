"""The commands of ``autograder``, each group in a module with what it says to a person."""

from __future__ import annotations

from collections.abc import Callable

from autograder.commands import grading, reporting

COMMANDS: dict[Callable[..., None], str] = {**grading.COMMANDS, **reporting.COMMANDS}
"""Each command, with an example for its help."""
GROUPS = reporting.GROUPS
"""Commands of two words, by the first, with an example for the help of each."""
