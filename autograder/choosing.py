"""Which of the submitted files is the notebook to grade: the one of the right name, or else the one most like it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.aligning import recognise
from autograder.files import entries, read_file
from autograder.findings import Findings, reason, shown
from autograder.ordering import Release
from autograder.reading import MAX_BYTES, Cell, read_cells
from course.check import Unit

MAX_READ = 10  # notebooks that are read if none has the right name
ENDING = re.compile(r"\.ipynb(\.txt|\.json)?")


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
        other = _most_alike(unit, folder, others, release, needed=named in paths)
        if named in paths and other:
            other.findings.add("damaged notebook", chosen.fault)
        chosen = other or chosen
    if chosen.path != right and not chosen.fault:
        chosen.findings.add("renamed notebook", shown(chosen.path))
    for path in others:
        if path != chosen.path and not chosen.fault:
            chosen.findings.add("another notebook", shown(path))
    return chosen


def _notebooks(unit: Unit, folder: Path) -> list[str]:
    """The paths of files that are notebooks by their name."""
    try:
        files = [entry for entry in entries(folder, Findings()) if not entry.kind or "/" not in entry.path]
    except OSError:
        return []
    plain = (unit.name, f"{unit.name}.json", f"{unit.name}.txt")
    return [entry.path for entry in files if ENDING.search(entry.name.lower()) or entry.name.lower() in plain]


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


def _most_alike(unit: Unit, folder: Path, paths: list[str], release: NotebookNode, needed: bool) -> Candidate | None:
    """Of other notebooks the one in which most of the released cells are recognised, at least one if ``needed``."""
    best, most = None, 0 if needed else -1
    for path in paths[:MAX_READ]:
        candidate = _read(folder, path)
        if candidate.fault:
            continue
        alike = recognise(candidate.cells, Release(unit, release))
        if alike > most:
            best, most = candidate, alike
    return best
