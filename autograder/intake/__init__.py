"""Intake: a submission, however broken -> a notebook that can run, and findings.

| module          | does                                                                        |
|-----------------|-----------------------------------------------------------------------------|
| ``layout``      | finds the submissions in a class's folder, and those that lie elsewhere     |
| ``choosing``    | finds the notebook among the files                                          |
| ``files``       | reads the files that were submitted, and nothing else                       |
| ``reading``     | reads the cells of a notebook file; ``damage`` says why there are none      |
| ``recognising`` | says which released cell each cell is                                       |
| ``aligning``    | makes of the cells the released notebook with the student's answers         |
| ``questions``   | finds the answers to questions, which a person marks                        |
| ``ordering``    | puts each check after its answers                                           |
| ``borrowing``   | says which tasks a notebook borrows                                         |
| ``relevance``   | says which cells marks depend on                                            |

What cannot be mended becomes a named finding. Nothing that a student did raises an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.bounded import Budget
from autograder.bounded.reader import CannotRead
from autograder.cells import task_of
from autograder.code import imports_in, names_of, without_magics
from autograder.course import current
from autograder.errors import UserError
from autograder.findings import Finding, Findings, Odd
from autograder.intake.aligning import align
from autograder.intake.borrowing import borrowed_in
from autograder.intake.choosing import choose
from autograder.intake.files import SECRET, STAMP, collect, is_odd, note_in
from autograder.intake.layout import NoSubmissions, find_submissions, misplaced
from autograder.sandbox.view import refused
from autograder.texts import reason, shown
from course.check import Unit

__all__ = ["Finding", "NoSubmissions", "NotBuilt", "Submission", "checks_in", "find_submissions", "misplaced",
           "refused_imports", "released", "take_in"]  # fmt: skip


@dataclass
class Submission:
    """One student's notebook of one unit, ready to run unless a finding says why not.

    ``files`` were submitted beside the notebook. ``borrowed`` are the tasks that it borrows. ``digest`` changes when a
    file or the notebook does. ``stamp`` and ``secret`` are what nbgrader noted when it was handed in. ``budget`` limits
    the time for reading it.
    """

    student: str
    folder: Path
    notebook: NotebookNode
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    borrowed: frozenset[str] = frozenset()
    digest: str = ""
    stamp: str = ""
    secret: str = ""
    budget: Budget = field(default_factory=Budget)


class NotBuilt(UserError):
    """The unit's notebooks have not been written yet."""


def released(unit: Unit) -> NotebookNode:
    """The notebook that students received. Raises NotBuilt."""
    path = current().notebook(unit)
    if not path.exists():
        raise NotBuilt(f"there is no {path}; write it with: autograder build {unit.name}")
    return nbformat.read(path, as_version=4)


def take_in(unit: Unit, student: str, folder: Path, release: NotebookNode) -> Submission:
    """Read a student's notebook and the files beside it, and align it with the release.

    Never raises for what a student did: if no notebook can be graded, the last finding says why.
    """
    submission = Submission(student, folder, release, readable=False, digest=_digest(b"", {}))
    try:
        with submission.budget:
            problem = _fill(submission, unit, release)
    except CannotRead:  # the reading process cannot start, which is no student's fault
        raise
    except Exception as error:  # one submission never stops the others
        problem = Finding(Odd.UNREADABLE_NOTEBOOK, f"{unit.name}.ipynb: {reason(error)}")
    if problem:
        submission.notebook = deepcopy(release)
        submission.findings.append(problem)
    submission.readable = problem is None
    return submission


def _fill(submission: Submission, unit: Unit, release: NotebookNode) -> Finding | None:
    """Fill a submission with its notebook, files and findings. Returns the fault if there is no notebook."""
    if fault := _fault_of(submission.folder):
        return Finding(Odd.UNREADABLE_FOLDER, fault)
    submission.stamp, submission.secret = (note_in(submission.folder, name) for name in (STAMP, SECRET))
    chosen = choose(unit, submission.folder, release)
    submission.files, beside = collect(submission.folder, chosen.path)
    submission.digest = _digest(chosen.data, submission.files)
    submission.findings = chosen.findings.told() + beside
    if chosen.fault:
        return chosen.fault
    handed_in = [cell.source for cell in chosen.cells if cell.kind == "code"]
    submission.notebook = align(unit, chosen.cells, release, chosen.findings)
    sources = [cell.source for cell in submission.notebook.cells if cell.cell_type == "code"]
    submission.borrowed = borrowed_in(unit, dict.fromkeys(handed_in + sources), chosen.findings)
    for module in sorted({module for source in sources for module in refused_imports(unit, source)}):
        chosen.findings.add(Odd.REFUSED_IMPORT, module)
    _name_unread(submission, chosen.findings)
    submission.findings = chosen.findings.told() + beside
    return None


def _name_unread(submission: Submission, findings: Findings) -> None:
    """Add a finding for each cell whose code takes too much to parse, so that it is only searched as text."""
    for number, cell in enumerate(submission.notebook.cells, start=1):
        if cell.cell_type == "code":
            names_of(cell.source)  # it is remembered, and says later whether the cell is needed
            if not submission.budget.over.isdisjoint({cell.source, without_magics(cell.source)}):
                findings.add(Odd.OVER_BUDGET, f"the code of cell {number}")


def _fault_of(folder: Path) -> str:
    """Why nothing is read: the student's folder, or the assignment's folder in it, is a link or has an odd name."""
    for path in (folder.parent, folder):
        if is_odd(path.name):
            return f"{shown(path.name)}: an odd name"
        if path.is_symlink():
            return f"{shown(path.name)}: a symbolic link"
    return ""


def _digest(notebook: bytes, files: dict[str, bytes]) -> str:
    """A hash of all that was submitted. It tells whether a submission has changed."""
    whole = hashlib.sha256()
    for name, data in [("", notebook), *sorted(files.items())]:
        whole.update(f"{name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


def refused_imports(unit: Unit, source: str) -> list[str]:
    """The modules and libraries that a cell imports although answers may not (see ``autograder.sandbox.view``)."""
    return sorted({module for name in imports_in(source) if (module := refused(unit.name, name))})


def checks_in(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """The check cells of an aligned notebook, by the name of their task."""
    return ((task, cell) for cell in notebook.cells if (task := task_of(cell)))
