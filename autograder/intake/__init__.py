"""Intake: a submission, however broken -> a notebook that can run, and findings.

| module         | does                                                                    |
|----------------|-------------------------------------------------------------------------|
| ``layout``       | finds the submissions in a class's folder, and what has strayed from there |
| ``choosing``   | finds the notebook among the files                                      |
| ``files``      | reads the files that were submitted, and nothing else                   |
| ``reading``    | the bytes of a notebook -> its cells                                    |
| ``aligning``   | its cells -> the released notebook with the student's answers           |
| ``recognising``  | which released cell each cell is                                        |
| ``ordering``   | each check after its answers                                            |
| ``scanning``   | what code says, without running it                                      |
| ``findings``   | what was odd, in few lines                                              |

What cannot be mended becomes a named finding; nothing that a student did raises.
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
from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from autograder.intake.aligning import align
from autograder.intake.choosing import choose
from autograder.intake.files import collect, is_odd
from autograder.intake.findings import Finding, Findings
from autograder.intake.layout import NoSubmissions, find_submissions, misplaced
from autograder.intake.scanning import imports_in, without_magics
from autograder.kernels.view import refused
from autograder.needed import names_of
from autograder.reader import CannotRead
from autograder.texts import reason, shown
from course.check import Unit

__all__ = ["Finding", "NoSubmissions", "NotBuilt", "Submission", "checks_in", "find_submissions", "misplaced",
           "refused_imports", "released", "take_in"]  # fmt: skip


@dataclass
class Submission:
    """One student's notebook of one unit, ready to run unless a finding says why not.

    ``files`` were submitted beside it. ``digest`` is the same as long as neither they nor the notebook change.
    ``budget`` is what may be used for reading it.
    """

    student: str
    folder: Path
    notebook: NotebookNode
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    digest: str = ""
    budget: Budget = field(default_factory=Budget)


class NotBuilt(FileNotFoundError):
    """The unit's notebooks have not been written yet."""


def released(unit: Unit, project: Path = PROJECT) -> NotebookNode:
    """The notebook that students received. Raises NotBuilt."""
    path = project / notebook_path(unit, NOTEBOOKS)
    if not path.exists():
        raise NotBuilt(f"there is no {path}; write it with: autograder build {unit.name}")
    return nbformat.read(path, as_version=4)


def take_in(unit: Unit, student: str, folder: Path, release: NotebookNode) -> Submission:
    """Read a student's notebook and the files beside it, and align it with the release.

    Never raises for what a student did: without a notebook that can be graded, the last finding says why.
    """
    submission = Submission(student, folder, release, readable=False, digest=_digest(b"", {}))
    try:
        with submission.budget:
            problem = _fill(submission, unit, release)
    except CannotRead:  # that is no student's fault
        raise
    except Exception as error:  # one submission never stops the others
        problem = Finding("unreadable notebook", f"{unit.name}.ipynb: {reason(error)}")
    if problem:
        submission.notebook = deepcopy(release)
        submission.findings.append(problem)
    submission.readable = problem is None
    return submission


def _fill(submission: Submission, unit: Unit, release: NotebookNode) -> Finding | None:
    """Put the notebook, the files and what is odd about them into a submission; returns why there is no notebook."""
    if fault := _fault_of(submission.folder):
        return Finding("unreadable folder", fault)
    chosen = choose(unit, submission.folder, release)
    submission.files, beside = collect(submission.folder, chosen.path)
    submission.digest = _digest(chosen.data, submission.files)
    submission.findings = chosen.findings.told() + beside
    if chosen.fault:
        return chosen.fault
    submission.notebook = align(unit, chosen.cells, release, chosen.findings)
    sources = [cell.source for cell in submission.notebook.cells if cell.cell_type == "code"]
    for module in sorted({module for source in sources for module in refused_imports(unit, source)}):
        chosen.findings.add("refused import", module)
    _name_unread(submission, chosen.findings)
    submission.findings = chosen.findings.told() + beside
    return None


def _name_unread(submission: Submission, findings: Findings) -> None:
    """Name the cells whose code takes too much to be read, so that it is searched as text."""
    for number, cell in enumerate(submission.notebook.cells, start=1):
        if cell.cell_type == "code":
            names_of(cell.source)  # which tells later whether the cell is needed
            if not submission.budget.over.isdisjoint({cell.source, without_magics(cell.source)}):
                findings.add("over budget", f"the code of cell {number}")


def _fault_of(folder: Path) -> str:
    """Why nothing in the student's folder is read: it or the assignment's within is a link, or oddly named."""
    for path in (folder.parent, folder):
        if is_odd(path.name):
            return f"{shown(path.name)}: an odd name"
        if path.is_symlink():
            return f"{shown(path.name)}: a symbolic link"
    return ""


def _digest(notebook: bytes, files: dict[str, bytes]) -> str:
    """A hash of all that was submitted, by which a submission that did not change is recognised."""
    whole = hashlib.sha256()
    for name, data in [("", notebook), *sorted(files.items())]:
        whole.update(f"{name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


def refused_imports(unit: Unit, source: str) -> list[str]:
    """The modules and libraries that a cell imports although answers of the unit may not (see ``kernels.view``)."""
    return sorted({module for name in imports_in(source) if (module := refused(unit.name, name))})


def checks_in(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """The check cells of an aligned notebook, by the name of their task."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade:
            yield cell.metadata.nbgrader.grade_id, cell
