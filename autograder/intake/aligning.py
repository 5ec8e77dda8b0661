"""Aligning a student's cells with the release: which cell is which, and what becomes of it.

Checks and other locked cells become again what was released, each once. Answers stay as the student wrote them.
Everything else runs where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

import nbformat
from nbformat import NotebookNode

from autograder.code import adds, binds, continues
from autograder.findings import Findings, Odd
from autograder.intake.borrowing import calls_in, names_of_checks
from autograder.intake.ordering import Release, in_order, names_in
from autograder.intake.questions import with_answers_to_questions
from autograder.intake.reading import CONFLICT, Cell
from autograder.intake.recognising import answers_in, recognise_cells
from course.check import Unit

CELL_FLAGS = ("grade_id", "grade", "solution", "locked", "task")
MAX_PARTS = 10  # of one split cell that are put together


def align(unit: Unit, cells: list[Cell], notebook: NotebookNode, findings: Findings) -> NotebookNode:
    """The notebook that runs: the student's cells, with each check of the released notebook once, after its answers."""
    release = Release(unit, notebook)
    recognise_cells(cells, release)
    for cell in cells:
        _compare(cell, release, findings)
    cells = _rejoined(cells, release, findings)
    cells = list(_restored(cells, release, findings))
    cells = with_answers_to_questions(cells, release, findings)
    cells = _Answers(cells, release, findings).settled()
    missing = {name: _released(name, release) for name in _missing(cells, release)}
    for name in missing:
        findings.add(Odd.MISSING_CELL, name)
    cells = _with_stubs(cells, missing, release)
    _note_loans(cells, unit)
    return _notebook(in_order(cells, missing, release), release, notebook)


def _compare(cell: Cell, release: Release, findings: Findings) -> None:
    """Add findings for what the student's file and the release say differently about a cell."""
    if CONFLICT.search(cell.source):
        findings.add(Odd.MERGE_CONFLICT, str(cell))
    if not cell.name:
        return
    marks = release.named[cell.name].metadata.nbgrader
    if not cell.marks:
        findings.add(Odd.STRIPPED_METADATA, cell.name)
    elif cell.name not in release.questions and cell.marks.get("points") != marks.get("points"):
        findings.add(Odd.CHANGED_POINTS, cell.name)
    elif any(flag in cell.marks and cell.marks[flag] != marks[flag] for flag in CELL_FLAGS):
        findings.add(Odd.CHANGED_METADATA, cell.name)
    if cell.kind != release.named[cell.name].cell_type and cell.name in release.locked:
        findings.add(Odd.RETYPED_CELL, cell.name)


def _rejoined(cells: list[Cell], release: Release, findings: Findings) -> list[Cell]:
    """Put together an answer that was split within its definition, so that no part could run alone."""
    whole: list[Cell] = []
    parts = 1
    for cell in cells:
        last = whole[-1] if whole else cell
        may_be_one = last.name in release.answers and cell.name in ("", last.name) and last.kind == cell.kind == "code"
        if may_be_one and last is not cell and parts < MAX_PARTS and continues(last.source, cell.source):
            findings.add(Odd.SPLIT_CELL, last.name)
            last.source += f"\n{cell.source}"
            parts += 1
        else:
            whole.append(cell)
            parts = 1
    return whole


def _restored(cells: list[Cell], release: Release, findings: Findings) -> Iterator[Cell]:
    """Each locked cell as it was released, once.

    What a student wrote into a locked cell stays, in a cell of its own. Text around the released text stays before and
    after it. A text that was changed within stays before it, if it binds anything: the released text then runs last.
    """
    placed: set[str] = set()
    for cell in cells:
        if cell.name not in release.locked:
            yield cell
            continue
        kind = release.named[cell.name].cell_type
        before, after = _around(cell, release.named[cell.name].source, kind, findings)
        if before.strip():
            yield Cell(kind, before.strip("\n"), cell.number)
        if cell.name in placed:
            findings.add(Odd.DUPLICATED_CELL, cell.name)
        else:
            yield _released(cell.name, release)
        if after.strip():
            yield Cell(kind, after.strip("\n"), cell.number)
        placed.add(cell.name)


def _around(cell: Cell, text: str, kind: str, findings: Findings) -> tuple[str, str]:
    """What a student wrote into a locked cell of this kind, before and after the released text."""
    is_code = kind == "code"
    if (is_code and cell.kind != "code") or _plain(cell.source, is_code) == _plain(text, is_code):
        return "", ""
    if found := re.search(rf"^{re.escape(text)}[ \t]*$", cell.source, re.MULTILINE):
        findings.add(Odd.MERGED_CELL, cell.name)
        return cell.source[: found.start()], cell.source[found.end() :]
    findings.add(Odd.LOCKED_CELL_CHANGED, cell.name)
    if is_code:
        return cell.source if adds(cell.source, text) else "", ""
    return "", cell.source  # below the question, where its answer is looked for


def _plain(text: str, is_code: bool) -> str:
    """A text as it is compared with the released one. Of prose only the words count."""
    return text.strip() if is_code else " ".join(text.split())


def _missing(cells: list[Cell], release: Release) -> list[str]:
    """The names of the released cells that the student's notebook does not have."""
    there = {cell.name for cell in cells}.union(*(cell.answers for cell in cells))
    return [name for name in release.named if name not in there]


def _with_stubs(cells: list[Cell], missing: dict[str, Cell], release: Release) -> list[Cell]:
    """The cells, and each missing answer as it was released, right after the cell that stood before it.

    So it comes before whatever the student wrote instead of it.
    """
    whole, place = list(cells), 0
    for name in release.named:
        if name in missing and name not in release.locked:
            whole.insert(place, missing[name])
            place += 1
        else:
            place = next((at for at, cell in enumerate(whole, start=1) if name in names_in(cell)), place)
    return whole


def _note_loans(cells: list[Cell], unit: Unit) -> None:
    """Note in each cell the answers that it borrows, since their check comes after it."""
    code = [cell for cell in cells if cell.kind == "code"]
    checks = names_of_checks(cell.source for cell in code)
    for cell in code:
        for task in calls_in(cell.source, checks).tasks & unit.tasks.keys():
            cell.lent |= {f"answer_{answer}" for answer in unit.tasks[task].answers}


def _released(name: str, release: Release) -> Cell:
    return Cell(release.named[name].cell_type, release.named[name].source, name=name)


class _Answers:
    """Finds the cells that define each answer, and gives one of them the answer's name."""

    def __init__(self, cells: list[Cell], release: Release, findings: Findings):
        self.cells, self.release, self.findings = cells, release, findings
        self.place = {cell.name: number for number, cell in enumerate(cells) if cell.name in release.checks}
        self.defined = {cell: answers_in(cell, release) for cell in cells if cell.kind == "code"}
        self.dropped: set[Cell] = set()

    def settled(self) -> list[Cell]:
        """The cells, each with what it answers. A stub that was replaced elsewhere is dropped."""
        for name in self.release.answers:
            self._settle(name)
            if self._is_checked_again(name):
                self.findings.add(Odd.WRITTEN_AGAIN, self.release.answers[name])
        return [cell for cell in self.cells if cell not in self.dropped]

    def _settle(self, name: str) -> None:
        own = self._own(name)
        written = [cell for cell in own if self._is_written(cell, name)]
        makers = [cell for cell in written if self._makes(cell, name)]
        if not makers and (others := self._others(name)):
            makers = others
            self.findings.add(Odd.FOUND_BY_DEFINITION, self.release.answers[name])
        makers = makers or written
        if len(own) > 1:
            self.findings.add(Odd.DUPLICATED_CELL, name)
        for cell in own:
            cell.name = ""
        self.dropped |= {cell for cell in own if cell not in written}
        bearers = [cell for cell in makers + written if not cell.name]
        if bearers:
            bearers[0].name = name
        elif own and not makers:
            own[0].name = name
            self.dropped.remove(own[0])
        for cell in makers:
            cell.answers.add(name)

    def _is_checked_again(self, name: str) -> bool:
        """Whether an answer is written again below its check, and checked there. Such an answer is not graded."""
        answer, check = self.release.answers[name], self.release.check_of.get(name, "")
        below = self.cells[self.place.get(check, len(self.cells)) + 1 :]
        code = [cell for cell in below if cell in self.defined and name not in cell.answers]
        again = next((at for at, cell in enumerate(code) if self._binds(cell, answer)), len(code))
        call = re.compile(rf"""\bcheck\(\s*["']{check}["']""")
        return any(call.search(cell.source) for cell in code[again:])

    def _own(self, name: str) -> list[Cell]:
        """The cells that were recognised as this answer. One made text is code again, if no code cell defines it."""
        own = [cell for cell in self.cells if cell.name == name]
        is_defined = self.release.answers[name] in set().union(*self.defined.values())
        for cell in own:
            if cell.kind == "code":
                continue
            self.findings.add(Odd.RETYPED_CELL, name)
            if is_defined:
                cell.name = ""
            else:
                cell.kind = "code"
                self.defined[cell] = answers_in(cell, self.release)
        return [cell for cell in own if cell.name]

    def _is_written(self, cell: Cell, name: str) -> bool:
        return cell.source.strip() not in ("", self.release.named[name].source.strip())

    def _makes(self, cell: Cell, name: str) -> bool:
        """Whether a cell holds the answer whose name it has, and not only another answer."""
        answer, defined = self.release.answers[name], self.defined[cell]
        return answer in defined or (not defined and re.search(rf"\b{answer}\b", cell.source) is not None)

    def _binds(self, cell: Cell, answer: str) -> bool:
        return cell.source.strip() not in self.release.texts and binds(answer, cell.source)

    def _others(self, name: str) -> list[Cell]:
        """The cells that define the answer without having its name; if there are none, those that assign or import it.

        If some of them stand before the check, only those.
        """
        answer = self.release.answers[name]
        found = [cell for cell in self.cells if answer in self.defined.get(cell, ())]
        found = found or [cell for cell in self.cells if cell in self.defined and self._binds(cell, answer)]
        check = self.place.get(self.release.check_of.get(name, ""), len(self.cells))
        before = set(self.cells[:check])
        return [cell for cell in found if cell in before] or found


def _notebook(cells: list[Cell], release: Release, notebook: NotebookNode) -> NotebookNode:
    """The cells as a notebook. Each has an id, and nbgrader's metadata are as they were released."""
    taken = set(release.by_id)
    number = 0
    nodes = []
    for cell in cells:
        if cell.name:
            node = deepcopy(release.named[cell.name])
            node.source = cell.source
        else:
            while not cell.id or cell.id in taken:
                cell.id, number = f"cell-{number}", number + 1
            taken.add(cell.id)
            node = {"cell_type": cell.kind, "id": cell.id, "metadata": {}, "source": cell.source}
            node |= {"outputs": [], "execution_count": None} if cell.kind == "code" else {}
        nodes.append(nbformat.from_dict(node))
    return nbformat.v4.new_notebook(cells=nodes, metadata=deepcopy(notebook.metadata))
