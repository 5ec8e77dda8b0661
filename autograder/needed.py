"""Which cells of a submission bear on its marks.

A lesson demonstrates much that no answer uses: cells that print, draw or train. Where a student left such a cell
as it was, and nothing of the student's uses a name that it binds or touches, running it changes no mark; it is
most of the time that a notebook takes. Answers, checks, locked cells, and all that a student wrote or changed
always run.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.bounded import bounded

REACHES_ANY_NAME = re.compile(r"globals|locals|vars|dir|exec|eval|In|Out|_oh|_ih|_i{1,3}|_{1,3}|_i?\d+")
"""Code that uses one of these names may use any name of the notebook, or any output."""
REACHES_ANYTHING = re.compile(
    r"__main__|__globals__|__builtins__|\bbuiltins\b|get_ipython|user_(global_)?ns|f_(globals|locals|back)|"
    r"_getframe|currentframe|(gi|cr|ag)_frame|import \*"
)
"""The same of what may stand after a dot."""


@dataclass(frozen=True)
class Names:
    """The names of the notebook that a cell uses, and those that it binds."""

    used: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()


LONGEST_NAME = 200  # letters: within a class Python makes long names longer, each by the name of the class


@bounded(otherwise=None)
def names_of(source: str) -> Names | None:
    """What code uses and binds in the notebook; None where it is not plain Python, or takes too much to read."""
    try:
        table = symtable.symtable(source, "a cell", "exec")
        scopes_of_names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.ClassDef))
        used = {name for scope in scopes_of_names for name in _changed(scope)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    scopes = list(table.get_children())
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        in_class = scope.get_type() == "class"  # where a name that is bound, too, is the notebook's until then
        used |= {one.get_name() for one in scope.get_symbols() if one.is_global() or (in_class and one.is_referenced())}
        bound |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_declared_global()}
    return Names(*(frozenset(name for name in names if len(name) <= LONGEST_NAME) for names in (used, bound)))


def _changed(node: ast.AST) -> Iterator[str]:
    """The names that must be there to be changed or deleted, which a symbol table does not count as used: those
    of a module or class itself, not of what is defined within."""
    for within in ast.iter_child_nodes(node):
        if isinstance(within, ast.AugAssign) and isinstance(within.target, ast.Name):
            yield within.target.id
        elif isinstance(within, ast.Name) and isinstance(within.ctx, ast.Del):
            yield within.id
        if not isinstance(within, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _changed(within)


def reaches_any(source: str, names: Names | None) -> bool:
    """Whether code may use names that it does not mention."""
    return names is None or bool(REACHES_ANYTHING.search(source)) or any(map(REACHES_ANY_NAME.fullmatch, names.used))


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
