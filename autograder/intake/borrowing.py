"""Which tasks a notebook borrows, read from its code without running it.

A call that is found is a call made, whether or not it ran: ``check.borrow("jacobian")`` in any code cell, with the name
of the task as a text, or in a loop over a list of texts. ``check`` is the name ``check``, or another one to which the
notebook assigns it or ``Check(...)``. Texts, comments and methods of other objects borrow nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograder.bounded import bounded
from autograder.code import parsed
from autograder.findings import Findings, Odd
from autograder.texts import shown
from course.check import Unit

CHECK, CLASS, METHOD = "check", "Check", "borrow"
RUN_BY_A_MAGIC = re.compile(r"^[ \t]*%(?:time|timeit|prun)[ \t]+(.*)$", re.MULTILINE)
OTHER_LANGUAGE = re.compile(r"\s*%%(?!time|timeit|prun|capture)")
"""The beginning of a cell whose text IPython does not run as code of the notebook, such as ``%%writefile``."""


class Calls(NamedTuple):
    """The names of tasks that code borrows, and how many more calls of ``borrow`` in it could not be read."""

    tasks: frozenset[str] = frozenset()
    unread: int = 0


def borrowed_in(unit: Unit, sources: Iterable[str], findings: Findings) -> frozenset[str]:
    """The tasks of a unit that code cells borrow. What could not be read, or is no task, becomes a finding."""
    sources = list(sources)
    checks = names_of_checks(sources)
    found = [calls_in(source, checks) for source in sources]
    called: frozenset[str] = frozenset().union(*(calls.tasks for calls in found))
    for name in sorted(called - unit.tasks.keys()):
        findings.add(Odd.BORROWING_NOT_READ, f"no task is called {shown(name)}")
    if any(calls.unread for calls in found):
        findings.add(Odd.BORROWING_NOT_READ, "a call without the name of a task in quotes")
    return called & unit.tasks.keys()


def names_of_checks(sources: Iterable[str]) -> tuple[str, ...]:
    """The names that hold the checks of a notebook, as far as it borrows anything."""
    sources = list(sources)
    if not any(METHOD in source for source in sources):
        return (CHECK,)
    return tuple(sorted({CHECK}.union(*(_assigned(source) for source in sources if CHECK in source.lower()))))


def calls_in(source: str, checks: tuple[str, ...] = (CHECK,)) -> Calls:
    """The calls of ``borrow`` in a cell, where ``checks`` are the names that hold checks."""
    return Calls() if METHOD not in source or OTHER_LANGUAGE.match(source) else _calls(source, checks)


@bounded(otherwise=frozenset())
def _assigned(source: str) -> frozenset[str]:
    """The names to which code assigns ``check`` or ``Check(...)``."""
    found: set[str] = set()
    for tree in _trees(source):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and _are_checks(node.value, (CHECK,)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


@bounded(otherwise=Calls(unread=1))
def _calls(source: str, checks: tuple[str, ...]) -> Calls:
    """The calls of ``borrow`` in code."""
    reader = _Reader(checks)
    trees = list(_trees(source))
    for tree in trees:
        reader.visit(tree)
    if not trees and any(f"{check}.{METHOD}" in source for check in checks):
        reader.unread += 1
    return Calls(frozenset(reader.tasks), reader.unread)


def _trees(source: str) -> Iterator[ast.Module]:
    """The code of a cell as syntax trees: the whole, and what follows a magic such as ``%time`` in its line."""
    return (tree for tree in map(parsed, [source, *RUN_BY_A_MAGIC.findall(source)]) if tree)


def _are_checks(value: ast.expr | None, names: tuple[str, ...]) -> bool:
    """Whether a value is one of these names, or a call of ``Check``."""
    called = value.func if isinstance(value, ast.Call) else None
    makes = getattr(called, "id", getattr(called, "attr", "")) == CLASS
    return makes or (isinstance(value, ast.Name) and value.id in names)


class _Reader(ast.NodeVisitor):
    """Goes through code and gathers the ``tasks`` that it borrows; ``loops`` are the lists of the loops around."""

    def __init__(self, checks: tuple[str, ...]):
        self.checks = checks
        self.tasks: set[str] = set()
        self.unread = 0
        self.loops: dict[str, set[str]] = {}

    def visit_For(self, node: ast.For) -> None:
        around = self.loops
        if isinstance(node.target, ast.Name):
            items = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List | ast.Set) else []
            self.loops = around | {node.target.id: set(filter(None, map(_text, items)))}
        self.generic_visit(node)
        self.loops = around

    def visit_Call(self, node: ast.Call) -> None:
        if not self._is_borrow(node.func):
            self.generic_visit(node)
        elif names := self._names(node):
            self.tasks |= names
        else:
            self.unread += 1

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.unread += self._is_borrow(node)  # the method without its call, which may follow anywhere
        self.generic_visit(node)

    def _is_borrow(self, node: ast.expr) -> bool:
        """Whether this is ``check.borrow``."""
        return isinstance(node, ast.Attribute) and node.attr == METHOD and _are_checks(node.value, self.checks)

    def _names(self, call: ast.Call) -> set[str]:
        """The names of tasks with which ``borrow`` is called; none if they cannot be read."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if len(given) != 1:
            return set()
        text = _text(given[0])
        return {text} if text else self.loops.get(getattr(given[0], "id", ""), set())


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
