"""Which cells of a submission bear on its marks.

A lesson demonstrates much that no answer uses: cells that print, draw or train. Where a student left such a cell
as it was, and nothing of the student's uses a name that it binds or touches, running it changes no mark; it is
most of the time that a notebook takes. Answers, checks, locked cells, and all that a student wrote or changed
always run.
"""

from __future__ import annotations

import symtable
from dataclasses import dataclass

from nbformat import NotebookNode

REACHES_ANY_NAME = {"globals", "locals", "vars", "dir", "exec", "eval", "get_ipython"}
"""Code that uses one of these may use any name of the notebook."""


@dataclass(frozen=True)
class Names:
    """The names of the notebook that a cell uses, and those that it binds."""

    used: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()


def names_of(source: str) -> Names | None:
    """What code uses and binds in the notebook; None where it is not plain Python."""
    try:
        table = symtable.symtable(source, "a cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    used = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    scopes = list(table.get_children())
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        used |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
        bound |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_declared_global()}
    return Names(frozenset(used), frozenset(bound))


def reaches_any(source: str, names: Names | None) -> bool:
    """Whether code may use names that it does not mention."""
    return names is None or bool(names.used & REACHES_ANY_NAME) or "__main__" in source or "import *" in source


def unneeded(notebook: NotebookNode, release: NotebookNode) -> set[str]:
    """The ids of the cells that need not run: demonstrations of the release, as they were, that bind or touch
    nothing that the other cells use, directly or through further demonstrations."""
    shown = {cell.source for cell in release.cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata}
    waiting: dict[str, Names] = {}
    wanted: set[str] = set()
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
