"""Intake: a submission, however broken -> a notebook that can run, and findings.

A submission is aligned with the notebook that was released: its checks are the released ones, each
runs once, after its answer, and locked cells are as they were. What cannot be mended becomes a named
finding; nothing raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from course.check import Unit

MAX_BYTES = 50_000_000
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Finding:
    """Something odd about a submission: a name that can be counted, and what it was this time."""

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


@dataclass
class Submission:
    """One student's notebook of one unit, ready to run unless a finding says why not."""

    student: str
    folder: Path
    notebook: NotebookNode
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True


class NoSubmissions(FileNotFoundError):
    """There is nothing to grade."""


class NotBuilt(FileNotFoundError):
    """The unit's notebooks have not been written yet."""


def released(unit: Unit, project: Path = PROJECT) -> NotebookNode:
    """The notebook that students received. Raises NotBuilt."""
    path = project / notebook_path(unit, NOTEBOOKS)
    if not path.exists():
        raise NotBuilt(f"there is no {path}; write it with: autograder build {unit.name}")
    return nbformat.read(path, as_version=4)


def find_submissions(unit: Unit, folder: Path) -> list[tuple[str, Path]]:
    """The students who submitted the unit, with their folders. Raises NoSubmissions."""
    wanted = f"{folder}/<student>/{unit.assignment}/{unit.name}.ipynb"
    if not folder.is_dir():
        raise NoSubmissions(f"there is no folder {folder}; submissions are expected as {wanted}")
    found = [(path.name, path / unit.assignment) for path in sorted(folder.iterdir()) if not path.is_symlink()]
    found = [(student, path) for student, path in found if path.is_dir() and not path.is_symlink()]
    if not found:
        raise NoSubmissions(f"{folder} holds no submission of {unit.name}; they are expected as {wanted}")
    return found


def take_in(unit: Unit, student: str, folder: Path, release: NotebookNode) -> Submission:
    """Read a student's notebook and align it with the release. Never raises for what a student did."""
    path, findings = _notebook_in(folder, unit)
    try:
        cells = _read(path, findings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        findings.append(Finding("unreadable notebook", f"{path.name}: {_one_line(error)}"))
        return Submission(student, folder, deepcopy(release), findings, readable=False)
    return Submission(student, folder, _align(unit, cells, release, findings), findings)


def _notebook_in(folder: Path, unit: Unit) -> tuple[Path, list[Finding]]:
    """The notebook to grade: the one of the right name, or else the only one there is."""
    path = folder / f"{unit.name}.ipynb"
    others = [other for other in sorted(folder.glob("*.ipynb")) if other != path]
    if path.exists() or len(others) != 1:
        extra = [Finding("another notebook", other.name) for other in others] if path.exists() else []
        return path, extra
    return others[0], [Finding("renamed notebook", others[0].name)]


def _read(path: Path, findings: list[Finding]) -> list[NotebookNode]:
    """The cells of a notebook file of any format, each of them sound. Raises where there is no notebook in it."""
    if path.is_symlink() or not path.is_file():
        raise ValueError("there is no such file, or it is a link")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read")
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    if isinstance(data, dict) and "worksheets" in data:
        data = nbformat.reads(json.dumps(data), as_version=4)
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise ValueError("JSON, but not a notebook: it has no list of cells")
    return [_sound(cell, number, findings) for number, cell in enumerate(data["cells"], start=1)]


def _sound(cell: Any, number: int, findings: list[Finding]) -> NotebookNode:
    """A cell with nothing but a type, a text, an id and nbgrader's name of it; outputs may lie and are dropped."""
    cell = cell if isinstance(cell, dict) else {}
    kind, source, marks = cell.get("cell_type"), cell.get("source"), cell.get("metadata")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
        findings.append(Finding("broken cell", f"number {number}"))
        kind, source = kind if kind in ("code", "markdown", "raw") else "raw", ""
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    sound = {
        "cell_type": kind,
        "id": cell["id"] if isinstance(cell.get("id"), str) and CELL_ID.fullmatch(cell["id"]) else "",
        "metadata": {"nbgrader": {"grade_id": name}} if isinstance(name, str) else {},
        "source": source,
    }
    return nbformat.from_dict(sound | ({"outputs": [], "execution_count": None} if kind == "code" else {}))


def _align(unit: Unit, given: list[NotebookNode], release: NotebookNode, findings: list[Finding]) -> NotebookNode:
    """The student's cells in their order, with the released checks and locked cells."""
    known = {cell.metadata.nbgrader.grade_id: cell for cell in release.cells if "nbgrader" in cell.metadata}
    by_id = {cell.id: name for name, cell in known.items()}
    cells: list[NotebookNode] = []
    placed: set[str] = set()
    for cell in given:
        name = _name_of(cell, known, by_id)
        if name and name in placed:
            findings.append(Finding("duplicated cell", name))
            if known[name].metadata.nbgrader.locked:
                continue
            name = ""
        placed.add(name)
        cells.append(_restored(cell, known.get(name), findings))
    for name in [name for name in known if name not in placed]:
        findings.append(Finding("missing cell", name))
        cells.append(deepcopy(known[name]))
    _checks_after_answers(unit, cells)
    _unique_ids(cells)
    return nbformat.v4.new_notebook(cells=cells, metadata=deepcopy(release.metadata))


def _name_of(cell: NotebookNode, known: dict[str, NotebookNode], by_id: dict[str, str]) -> str:
    """Which released cell this is: by nbgrader's name, else by the cell's id, else by its text; "" for none."""
    if cell.cell_type != "code":
        return ""
    if _grade_id(cell) in known:
        return _grade_id(cell)
    if cell.id in by_id:
        return by_id[cell.id]
    return next((name for name, old in known.items() if old.source.strip() == cell.source.strip()), "")


def _restored(cell: NotebookNode, old: NotebookNode | None, findings: list[Finding]) -> NotebookNode:
    """The student's cell with the released cell's metadata; a locked one as it was released."""
    if old is None:
        cell.metadata.clear()
    elif old.metadata.nbgrader.locked:
        if cell.source != old.source:
            findings.append(Finding("locked cell changed", old.metadata.nbgrader.grade_id))
        return deepcopy(old)
    else:
        cell.metadata.update(deepcopy(old.metadata))
    return cell


def _checks_after_answers(unit: Unit, cells: list[NotebookNode]) -> None:
    """Move a check that stands before one of its task's answers behind the last of them."""
    for name, task in unit.tasks.items():
        check = next(cell for cell in cells if _grade_id(cell) == name)
        needed = {f"answer_{answer}" for answer in task.answers}
        last = max(place for place, cell in enumerate(cells) if _grade_id(cell) in needed)
        if cells.index(check) < last:
            cells.remove(check)
            cells.insert(last, check)


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.nbgrader.grade_id if "nbgrader" in cell.metadata else ""


def _unique_ids(cells: list[NotebookNode]) -> None:
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        if not cell.id or cell.id in taken:
            cell.id = f"cell-{number}"
        taken.add(cell.id)


def checks_in(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """The check cells of an aligned notebook, by the name of their task."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade:
            yield cell.metadata.nbgrader.grade_id, cell


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
