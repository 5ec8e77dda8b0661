"""Which released cell each of a student's cells is, and whether a notebook is the unit's and has answers."""

from __future__ import annotations

import re
from collections import Counter

from autograder.code import definitions
from autograder.course import current
from autograder.intake.borrowing import calls_in
from autograder.intake.ordering import Release
from autograder.intake.reading import Cell

CHECK = re.compile(r"""\bCheck\(\s*["'](\w+)["']\s*\)""")


def recognise_cells(cells: list[Cell], release: Release) -> int:
    """Give each cell the name of the released cell that it is; returns how many of those were recognised.

    The cell's id counts first. An editor keeps it when a cell is changed, moved or retyped, and gives a copy a new id,
    but copies nbgrader's name. If id and name disagree and the text is clearly the named cell's, the ids were
    exchanged. An id that several cells have says nothing. A cell without id and name is known by its text. No mark
    depends on this order: what counts is what the cells define, and ``aligning`` looks for that everywhere.
    """
    bearers = Counter(cell.id for cell in cells)
    for cell in cells:
        by_id = release.by_id.get(cell.id, "") if bearers[cell.id] == 1 else ""
        by_name = cell.grade_id if cell.grade_id in release.named else ""
        exchanged = by_id and by_name and by_id != by_name and _is_text_of(by_name, cell, release)
        cell.name = by_name if exchanged else by_id or by_name
    unseen = set(release.named) - {cell.name for cell in cells}
    unnamed = [cell for cell in cells if not cell.name]
    for cell in unnamed:
        name = release.by_text.get((cell.kind, cell.source.strip()), "")
        if name in unseen or name in release.answers:  # a stub is one however many there are
            cell.name = name
            unseen.discard(name)
    for cell in unnamed:
        name = release.by_id.get(cell.id, "")
        if not cell.name and name in unseen and release.named[name].cell_type == cell.kind:
            cell.name = name
            unseen.remove(name)
    return len(release.named) - len(unseen)


def _is_text_of(name: str, cell: Cell, release: Release) -> bool:
    same = cell.source.strip() == release.named[name].source.strip()
    return same or release.answers.get(name, "") in definitions(cell.source)


def has_answers(cells: list[Cell], release: Release) -> bool:
    """Whether recognised cells hold anything that a student wrote as an answer, or borrowed."""
    return any(
        cell.name in {*release.answers, *release.questions} or answers_in(cell, release) or _borrows(cell)
        for cell in cells
        if cell.source.strip() and cell.source.strip() not in release.texts
    )


def _borrows(cell: Cell) -> bool:
    return cell.kind == "code" and bool(calls_in(cell.source).tasks)


def answers_in(cell: Cell, release: Release) -> set[str]:
    """The answers that a cell's own code defines."""
    if cell.kind != "code" or cell.source.strip() in release.texts:
        return set()
    return definitions(cell.source) & set(release.answers.values())


def other_unit(cells: list[Cell], release: Release) -> str:
    """The other unit whose notebook this is; an empty text if anything in the cells belongs to this unit."""
    named_in_checks = {name for cell in cells if cell.kind == "code" for name in CHECK.findall(cell.source)}
    checked = named_in_checks & set(current().names)
    if not checked or release.unit in checked:
        return ""
    named = {cell.name for cell in cells} & (set(release.answers) | release.checks)
    return "" if named or any(answers_in(cell, release) for cell in cells) else min(checked)
