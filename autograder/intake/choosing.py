"""Which of the submitted files is the notebook to grade: the one of the right name, or else the one most like it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.findings import Finding, Findings, Odd
from autograder.intake.files import entries_below, read_file
from autograder.intake.ordering import Release
from autograder.intake.reading import Cell, read_cells
from autograder.intake.recognising import has_answers, other_unit, recognise_cells
from autograder.texts import reason, shown
from course.check import Unit

MAX_READ = 10  # notebooks that are read if none of the right name holds answers
ENDING = re.compile(r"\.ipynb(\.txt|\.json)?$")


@dataclass
class Candidate:
    """A file that may be the notebook: its bytes, cells and findings, or the fault for which it is not graded.

    ``alike`` is the number of released cells that were recognised in it, or -1 if there is a fault.
    """

    path: str
    data: bytes = b""
    cells: list[Cell] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    fault: Finding | None = None
    alike: int = -1
    answered: bool = False


def choose(unit: Unit, folder: Path, release: NotebookNode) -> Candidate:
    """The notebook to grade. It has a fault if no notebook can be graded."""
    right = f"{unit.name}.ipynb"
    paths = sorted(_notebooks(unit, folder), key=lambda path: (path != right, path.lower() != right, path))
    named = paths[0] if paths and paths[0].lower() == right else right
    known = Release(unit, release)
    first = chosen = _read(folder, named, known)
    others = [path for path in paths if path != named]
    if others and not first.answered:
        chosen = _instead_of(first, (_read(folder, path, known) for path in others[:MAX_READ]), named in paths)
    told = [chosen.path]
    if first.fault and first.fault.name == Odd.UNREADABLE_NOTEBOOK:
        told.append(named)
        if named in paths and chosen is not first:
            chosen.findings.add(Odd.DAMAGED_NOTEBOOK, first.fault.detail)
    if chosen.path != right:
        chosen.findings.add(Odd.RENAMED_NOTEBOOK, shown(chosen.path))
    for path in paths:
        if path not in told:
            chosen.findings.add(Odd.ANOTHER_NOTEBOOK, shown(path))
    return chosen


def _instead_of(named: Candidate, others: Iterator[Candidate], is_there: bool) -> Candidate:
    """The notebook to grade if the one of the right name is missing, has a fault or holds no answers.

    If no other one fits, that is the one of the right name.
    """
    best = next(others)
    answered = int(best.answered)
    for one in others:
        answered += one.answered
        best = max(best, one, key=lambda candidate: (candidate.answered, candidate.alike))
    fits = best.alike > 0 if named.fault else answered == 1
    return best if fits or not is_there else named


def _notebooks(unit: Unit, folder: Path) -> list[str]:
    """The paths of files that are notebooks by their name, and of anything that has the right name."""
    plain = (unit.name, f"{unit.name}.json", f"{unit.name}.txt")
    try:
        return [
            entry.path
            for entry in entries_below(folder, Findings())
            if entry.path.lower() == f"{unit.name}.ipynb"
            or (not entry.kind and (ENDING.search(entry.name.lower()) or entry.name.lower() in plain))
        ]
    except OSError:
        return []


def _read(folder: Path, path: str, release: Release) -> Candidate:
    found = Candidate(path)
    try:
        found.data = read_file(folder, path)
        found.cells, found.findings = read_cells(found.data)
        alike = recognise_cells(found.cells, release)
        if other := other_unit(found.cells, release):
            found.fault = Finding(Odd.OTHER_UNIT, other)
        else:
            found.alike, found.answered = alike, has_answers(found.cells, release)
    except FileNotFoundError:
        found.fault = Finding(Odd.UNREADABLE_NOTEBOOK, f"{shown(path)}: there is no such file")
    except Exception as error:  # whatever these bytes are
        found.fault = Finding(Odd.UNREADABLE_NOTEBOOK, f"{shown(path)}: {reason(error)}")
    return found
