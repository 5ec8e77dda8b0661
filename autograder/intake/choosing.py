"""Which of the submitted files is the notebook to grade: the one of the right name, or else the one most like it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.intake.aligning import recognise
from autograder.intake.files import entries, read_file
from autograder.intake.findings import Findings
from autograder.intake.ordering import Release
from autograder.intake.reading import MAX_BYTES, Cell, read_cells
from autograder.texts import reason, shown
from course.check import Unit

MAX_READ = 10  # notebooks that are read if none has the right name
ENDING = re.compile(r"\.ipynb(\.txt|\.json)?$")


@dataclass
class Candidate:
    """A file that may be the notebook: its bytes and cells, and what was odd; or the fault for which it has none."""

    path: str
    data: bytes = b""
    cells: list[Cell] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    fault: str = ""


def choose(unit: Unit, folder: Path, release: NotebookNode) -> Candidate:
    """The notebook to grade, which has a fault if there is none that can be read."""
    right = f"{unit.name}.ipynb"
    paths = sorted(_notebooks(unit, folder), key=lambda path: (path != right, path.lower() != right, path))
    named = paths[0] if paths and paths[0].lower() == right else right
    others = [path for path in paths if path != named]
    chosen = _read(folder, named)
    if chosen.fault:
        known = Release(unit, release)
        best = max(
            (_read(folder, path) for path in others[:MAX_READ]), key=lambda one: _alike(one, known), default=chosen
        )
        if named not in paths:
            chosen = best
        elif _alike(best, known) > 0:
            best.findings.add("damaged notebook", chosen.fault)
            chosen = best
    if chosen.path != right:
        chosen.findings.add("renamed notebook", shown(chosen.path))
    for path in paths:
        if path not in (chosen.path, named):
            chosen.findings.add("another notebook", shown(path))
    return chosen


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


def _alike(candidate: Candidate, release: Release) -> int:
    """In how many of its cells the release is recognised; less than none if there are no cells."""
    return -1 if candidate.fault else recognise(candidate.cells, release)


def _read(folder: Path, path: str) -> Candidate:
    found = Candidate(path)
    try:
        found.data = read_file(folder, path, MAX_BYTES)
        found.cells = read_cells(found.data, found.findings)
    except FileNotFoundError:
        found.fault = f"{shown(path)}: there is no such file"
    except Exception as error:  # whatever these bytes are
        found.fault = f"{shown(path)}: {reason(error)}"
    return found
