"""Which of the submitted files is the notebook to grade: the one of the right name, or else the one most like it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.intake.files import entries, read_file
from autograder.intake.findings import Finding, Findings
from autograder.intake.ordering import Release
from autograder.intake.reading import MAX_BYTES, Cell, read_cells
from autograder.intake.recognising import has_answers, other_unit, recognise
from autograder.texts import reason, shown
from course.check import Unit

UNREADABLE = "unreadable notebook"
MAX_READ = 10  # notebooks that are read if none of the right name holds answers
ENDING = re.compile(r"\.ipynb(\.txt|\.json)?$")


@dataclass
class Candidate:
    """A file that may be the notebook: its bytes and cells, and what was odd; or the fault for which it is not graded.

    ``alike`` tells in how many of its cells the release is recognised, and is less than none if there is a fault.
    """

    path: str
    data: bytes = b""
    cells: list[Cell] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    fault: Finding | None = None
    alike: int = -1
    answered: bool = False


def choose(unit: Unit, folder: Path, release: NotebookNode) -> Candidate:
    """The notebook to grade, which has a fault if there is none that can be graded."""
    right = f"{unit.name}.ipynb"
    paths = sorted(_notebooks(unit, folder), key=lambda path: (path != right, path.lower() != right, path))
    named = paths[0] if paths and paths[0].lower() == right else right
    known = Release(unit, release)
    first = chosen = _read(folder, named, known)
    others = [path for path in paths if path != named]
    if others and not first.answered:
        chosen = _instead_of(first, (_read(folder, path, known) for path in others[:MAX_READ]), named in paths)
    told = [chosen.path]
    if first.fault and first.fault.name == UNREADABLE:
        told.append(named)
        if named in paths and chosen is not first:
            chosen.findings.add("damaged notebook", first.fault.detail)
    if chosen.path != right:
        chosen.findings.add("renamed notebook", shown(chosen.path))
    for path in paths:
        if path not in told:
            chosen.findings.add("another notebook", shown(path))
    return chosen


def _instead_of(named: Candidate, others: Iterator[Candidate], is_there: bool) -> Candidate:
    """What is graded instead of a notebook that is not there, has a fault or holds no answers; or else that one."""
    best = next(others)
    answered = int(best.answered)
    for one in others:
        answered += one.answered
        best = max(best, one, key=lambda candidate: (candidate.answered, candidate.alike))
    fits = best.alike > 0 if named.fault else answered == 1
    return best if fits or not is_there else named


def _notebooks(unit: Unit, folder: Path) -> list[str]:
    """The paths of files that are notebooks by their name, and of whatever bears the right one."""
    plain = (unit.name, f"{unit.name}.json", f"{unit.name}.txt")
    try:
        return [
            entry.path
            for entry in entries(folder, Findings())
            if entry.path.lower() == f"{unit.name}.ipynb"
            or (not entry.kind and (ENDING.search(entry.name.lower()) or entry.name.lower() in plain))
        ]
    except OSError:
        return []


def _read(folder: Path, path: str, release: Release) -> Candidate:
    found = Candidate(path)
    try:
        found.data = read_file(folder, path, MAX_BYTES)
        found.cells, found.findings = read_cells(found.data)
        alike = recognise(found.cells, release)
        if other := other_unit(found.cells, release):
            found.fault = Finding("notebook of another unit", other)
        else:
            found.alike, found.answered = alike, has_answers(found.cells, release)
    except FileNotFoundError:
        found.fault = Finding(UNREADABLE, f"{shown(path)}: there is no such file")
    except Exception as error:  # whatever these bytes are
        found.fault = Finding(UNREADABLE, f"{shown(path)}: {reason(error)}")
    return found
