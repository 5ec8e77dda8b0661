"""Intake: a submission, however broken -> a notebook that can run, and findings.

A submission is aligned with the notebook that was released: its checks are the released ones, each
runs once, after its answer, and locked cells are as they were. What cannot be mended becomes a named
finding; nothing raises.
"""

from __future__ import annotations

import json
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
    found = [(path.name, path / unit.assignment) for path in sorted(folder.iterdir())]
    found = [(student, path) for student, path in found if path.is_dir() and not path.is_symlink()]
    if not found:
        raise NoSubmissions(f"{folder} holds no submission of {unit.name}; they are expected as {wanted}")
    return found


def take_in(unit: Unit, student: str, folder: Path, release: NotebookNode) -> Submission:
    """Read a student's notebook and align it with the release. Never raises for what a student did."""
    path, findings = _notebook_in(folder, unit)
    try:
        given = _read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        findings.append(Finding("unreadable notebook", f"{path.name}: {_one_line(error)}"))
        return Submission(student, folder, deepcopy(release), findings, readable=False)
    return Submission(student, folder, _align(given, release, findings), findings)


def _notebook_in(folder: Path, unit: Unit) -> tuple[Path, list[Finding]]:
    """The notebook to grade: the one of the right name, or else the only one there is."""
    path = folder / f"{unit.name}.ipynb"
    others = [other for other in sorted(folder.glob("*.ipynb")) if other != path]
    if path.exists() or len(others) != 1:
        extra = [Finding("another notebook", other.name) for other in others] if path.exists() else []
        return path, extra
    return others[0], [Finding("renamed notebook", others[0].name)]


def _read(path: Path) -> NotebookNode:
    if path.is_symlink() or not path.is_file():
        raise ValueError("there is no such file, or it is a link")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read")
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(data, dict) or ("cells" not in data and "worksheets" not in data):
        raise ValueError("JSON, but not a notebook: it has no cells")
    notebook = nbformat.reads(json.dumps(data), as_version=4)
    for cell in notebook.cells:
        cell.cell_type, cell.source, cell.metadata  # noqa: B018  (raises AttributeError where one is missing)
    return notebook


def _align(given: NotebookNode, release: NotebookNode, findings: list[Finding]) -> NotebookNode:
    """The student's cells in their order, with the released checks and locked cells."""
    cells: list[NotebookNode] = []
    known = {cell.metadata.nbgrader.grade_id: cell for cell in release.cells if "nbgrader" in cell.metadata}
    by_id = {cell.id: name for name, cell in known.items()}
    placed: set[str] = set()
    for cell in given.cells:
        name = _name_of(cell, known, by_id)
        if name and name in placed:
            findings.append(Finding("duplicated cell", name))
            name = ""
            if _is_check(cell):
                continue
        placed.add(name)
        cells.append(_restored(cell, known.get(name), findings))
    for name in [name for name in known if name not in placed]:
        findings.append(Finding("missing cell", name))
        cells.append(_clean(known[name]))
    _checks_after_answers(cells)
    _unique_ids(cells)
    return nbformat.v4.new_notebook(cells=cells, metadata=deepcopy(release.metadata))


def _name_of(cell: NotebookNode, known: dict[str, NotebookNode], by_id: dict[str, str]) -> str:
    """Which released cell this is: by nbgrader's name, else by the cell's id, else by its text."""
    if cell.cell_type != "code":
        return ""
    marks = cell.metadata.get("nbgrader", {})
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    if name in known:
        return name
    if cell.get("id") in by_id:
        return by_id[cell.id]
    return next((name for name, old in known.items() if old.source.strip() == cell.source.strip()), "")


def _is_check(cell: NotebookNode) -> bool:
    return cell.source.strip().startswith("check(")


def _restored(cell: NotebookNode, old: NotebookNode | None, findings: list[Finding]) -> NotebookNode:
    """The student's cell; a locked one as it was released."""
    if old is None:
        fresh = _clean(cell)
        fresh.metadata.pop("nbgrader", None)
        return fresh
    if old.metadata.nbgrader.locked:
        if cell.source != old.source:
            findings.append(Finding("locked cell changed", old.metadata.nbgrader.grade_id))
        return _clean(old)
    fresh = _clean(cell)
    fresh.metadata["nbgrader"] = deepcopy(old.metadata.nbgrader)
    return fresh


def _clean(cell: NotebookNode) -> NotebookNode:
    """A copy without outputs, which may lie."""
    if cell.cell_type == "code":
        kept: Any = {key: deepcopy(cell.metadata[key]) for key in ("nbgrader", "tags") if key in cell.metadata}
        return nbformat.v4.new_code_cell(str(cell.source), metadata=kept, id=str(cell.get("id", "")))
    new = nbformat.v4.new_markdown_cell if cell.cell_type == "markdown" else nbformat.v4.new_raw_cell
    return new(str(cell.source), id=str(cell.get("id", "")))


def _checks_after_answers(cells: list[NotebookNode]) -> None:
    """Move a check that stands before one of its unit's answers of the same name behind it."""
    for check in [cell for cell in cells if _grade_id(cell) and cell.metadata.nbgrader.grade]:
        answer = next((cell for cell in cells if _grade_id(cell) == f"answer_{_grade_id(check)}"), None)
        if answer is not None and cells.index(answer) > cells.index(check):
            cells.remove(check)
            cells.insert(cells.index(answer) + 1, check)


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.nbgrader.grade_id if "nbgrader" in cell.metadata else ""


def _unique_ids(cells: list[NotebookNode]) -> None:
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        valid = cell.id.replace("-", "").replace("_", "").isalnum() and cell.id.isascii() and len(cell.id) <= 64
        if not valid or cell.id in taken:
            cell.id = f"cell-{number}"
        taken.add(cell.id)


def checks_in(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """The check cells of an aligned notebook, by the name of their task."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade:
            yield cell.metadata.nbgrader.grade_id, cell


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
