"""The commands of ``autograder``, a module for each group, with the texts that it prints."""

from __future__ import annotations

from collections.abc import Callable

from autograder.commands import export, feedback, formgrade, grading, regrading, reporting, site, teaching

MODULES = (grading, regrading, feedback, reporting, formgrade, export, site, teaching)

COMMANDS: dict[Callable[..., None], str] = {
    name: example for module in MODULES for name, example in module.COMMANDS.items()
}
"""Each command, with an example for its help."""
GROUPS = reporting.GROUPS
"""Commands of two words, by their first word, with an example for the help of each."""
