"""Which cells of a submission its marks depend on.

A lesson has demonstrations that no answer uses: cells that print, draw or train. They take most of a notebook's time.
If a student left such a cell as it was, and no code of the student uses a name that it binds or touches, running it
changes no mark. Answers, checks, locked cells, and all that a student wrote or changed always run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nbformat import NotebookNode

from autograder.code import Names, names_of

REACHES_ANY_NAME = re.compile(r"globals|locals|vars|dir|exec|eval|In|Out|_oh|_ih|_i{1,3}|_{1,3}|_i?\d+")
"""Names by which code may reach any name of the notebook, or any output."""
REACHES_ANYTHING = re.compile(
    r"__main__|__globals__|__builtins__|\bbuiltins\b|get_ipython|user_(global_)?ns|f_(globals|locals|back)|"
    r"_getframe|currentframe|(gi|cr|ag)_frame|import \*"
)
"""Text by which code may reach anything, also after a dot."""


def reaches_any(source: str, names: Names | None) -> bool:
    """Whether code may use names that it does not mention."""
    return names is None or bool(REACHES_ANYTHING.search(source)) or any(map(REACHES_ANY_NAME.fullmatch, names.used))


def unneeded(notebook: NotebookNode, release: NotebookNode, lent: Iterable[str] = ()) -> set[str]:
    """The ids of the cells that need not run; ``lent`` is the code of answers that the notebook borrows.

    They are demonstrations as they were released. They bind or touch nothing that the cells that run use, directly or
    through further demonstrations.
    """
    shown = {cell.source for cell in release.cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata}
    waiting: dict[str, Names] = {}
    wanted = {name for source in lent if (names := names_of(source)) for name in names.used}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        names = names_of(cell.source)
        if "nbgrader" not in cell.metadata and cell.source in shown and names:
            waiting[cell.id] = names
        elif reaches_any(cell.source, names):
            return set()
        else:
            wanted |= names.used if names else set()
    offered = frozenset().union(*(names.bound for names in waiting.values()))
    while True:
        now = [key for key, names in waiting.items() if (names.bound | names.used) & offered & wanted]
        if not now:
            return set(waiting)
        for key in now:
            wanted |= waiting.pop(key).used
