"""What the released notebook has, and the order in which its cells need one another.

| a cell        | comes after                                                                   |
|---------------|-------------------------------------------------------------------------------|
| a locked cell | the locked cells before it in the release, and the answers that it names      |
| an answer     | the locked cells before it in the release                                     |
| a check       | the locked cells before it in the release, its answers, and what borrows them |

Text does not run, so no code waits for it: only the answer to a question comes after the question.

A check that waits comes after the student's own cells that follow its answers, since those may use them.
"""

from __future__ import annotations

import re
from collections import Counter

from nbformat import NotebookNode

from autograder.cells import TEXT_OF, questions_in
from autograder.code import binds
from autograder.intake.reading import Cell
from course.check import Unit


class Release:
    """The named cells of a released notebook: locked ones, checks (which are locked as well), answers, and answers to
    questions. A question's text is locked."""

    def __init__(self, unit: Unit, notebook: NotebookNode):
        self.unit = unit.name
        self.named = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
        self.texts = {cell.source.strip() for cell in notebook.cells}
        self.by_id = {cell.id: name for name, cell in self.named.items()}
        self.questions = {name for name, _ in questions_in(notebook)}
        told = {name: cell for name, cell in self.named.items() if name not in self.questions}
        self.by_text = {(cell.cell_type, cell.source.strip()): name for name, cell in told.items()}
        self.checks = {name for name in self.named if name in unit.tasks}
        self.locked = {name for name, cell in self.named.items() if cell.metadata.nbgrader.locked}
        open_cells = [name for name in told if name not in self.locked]
        self.answers = {name: name.removeprefix("answer_") for name in open_cells}
        self.check_of = {f"answer_{answer}": task.name for task in unit.tasks.values() for answer in task.answers}
        self.needs = self._needs()

    def _needs(self) -> dict[str, list[str]]:
        """For each named cell, those that have to run before it."""
        needs: dict[str, list[str]] = {}
        locked: list[str] = []
        answers: list[str] = []
        for name, cell in self.named.items():
            needs[name] = list(locked)
            if cell.cell_type == "markdown":
                needs[name] = [f"{TEXT_OF}{name}"] if name in self.questions else []
            elif name in self.checks:
                needs[name] += [answer for answer, check in self.check_of.items() if check == name]
            elif name in self.locked:
                words = set(re.findall(r"\w+", cell.source))
                needs[name] += [answer for answer in answers if self.answers[answer] in words]
                locked.append(name)
            else:
                answers.append(name)
        return needs


def in_order(cells: list[Cell], missing: dict[str, Cell], release: Release) -> list[Cell]:
    """The cells in the student's order, except that a cell that came too early waits for what it needs.

    A locked cell that came too late is fetched, and so is a missing one; an answer never moves up, since it may use
    what the student wrote before it. So a notebook in which nothing was moved stays as it is.
    """
    cells = cells + [cell for cell in missing.values() if cell not in cells]
    order = _Order(cells, release)
    order.fetchable |= missing
    order.checks += [missing[name] for name in missing if name in release.checks]
    for cell in cells:
        order.take(cell)
    order.finish()
    return list(order.ordered)


class _Order:
    def __init__(self, cells: list[Cell], release: Release):
        self.release = release
        self.left = Counter(name for cell in cells for name in names_in(cell))  # cells of each name still to come
        self.fetchable = {cell.name: cell for cell in cells if cell.name in release.locked - release.checks}
        self.ordered: dict[Cell, None] = {}
        self.waiting: list[Cell] = []
        self.checks: list[Cell] = []  # that wait or are missing

    def take(self, cell: Cell) -> None:
        """Place a cell, or let it wait; what it needs and can be fetched comes before it."""
        if cell in self.ordered or cell in self.waiting or cell in self.checks:
            return
        self._place_checks_before(cell)
        self._fetch_needs(cell)
        if self._is_ready(cell):
            self._place(cell)
        else:
            (self.checks if cell.name in self.release.checks else self.waiting).append(cell)

    def finish(self) -> None:
        """Place what still waits: answers that were written so that each needs the other's cell, then their checks."""
        while self.waiting:
            self._place(self.waiting.pop(0))
        for check in self.checks:
            self._place(check)

    def _place_checks_before(self, cell: Cell) -> None:
        """Place the checks that can run, unless the next cell is the student's own and may define what answers use.

        One that makes an answer anew comes after the check, as a trial would.
        """
        ready = {check.name: check for check in self.checks if self._is_ready(check)}
        answers = [self.release.answers[name] for name, check in self.release.check_of.items() if check in ready]
        if cell.kind == "code" and (names_in(cell) or any(binds(answer, cell.source) for answer in answers)):
            for check in ready.values():
                self.checks.remove(check)
                self._place(check)

    def _needs(self, cell: Cell) -> list[str]:
        names = [cell.name] if cell.name else sorted(cell.answers)
        return [need for name in names for need in self.release.needs[name] if need not in cell.answers]

    def _is_ready(self, cell: Cell) -> bool:
        return not any(self.left[need] for need in self._needs(cell))

    def _fetch_needs(self, cell: Cell) -> None:
        """Needs stand before the cell in the release, so that this ends."""
        for need in self._needs(cell):
            if self.left[need] and need in self.fetchable:
                self._fetch_needs(self.fetchable[need])
                if self._is_ready(self.fetchable[need]):
                    self._place(self.fetchable[need])

    def _place(self, cell: Cell) -> None:
        if cell in self.ordered:
            return
        self.ordered[cell] = None
        self.left.subtract(names_in(cell))
        if any(not self.left[name] for name in names_in(cell)):
            while found := next((other for other in self.waiting if self._is_ready(other)), None):
                self.waiting.remove(found)
                self._place(found)


def names_in(cell: Cell) -> set[str]:
    """What has come when this cell, and every other of the same names, has run."""
    return cell.answers | cell.lent | ({cell.name} if cell.name else set())
