"""The commands of ``autograder``, each group in a module with what it says to a person."""

from __future__ import annotations

from collections.abc import Callable

from autograder.commands import export, feedback, formgrade, grading, site

GROUPS = (grading, feedback, formgrade, export, site)

COMMANDS: dict[Callable[..., None], str] = {
    name: example for group in GROUPS for name, example in group.COMMANDS.items()
}
"""Each command, with an example for its help."""
