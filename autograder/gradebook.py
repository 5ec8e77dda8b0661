"""The one writer to nbgrader's gradebook, and the autograded notebooks that its formgrader shows."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.intake import Submission, checks_in, released
from course.check import Unit, Verdict


def write_verdicts(notebook: NotebookNode, verdicts: Mapping[str, Verdict]) -> None:
    """Put each verdict into its check cell: a table, then the points, which nbgrader reads as partial credit."""
    for task, cell in checks_in(notebook):
        verdict = verdicts[task]
        shown = {"text/plain": str(verdict), "text/html": verdict._repr_html_()}
        points = {"text/plain": repr(float(verdict.points))}
        cell.execution_count = cell.execution_count or 1
        cell.outputs = [
            nbformat.v4.new_output("display_data", shown),
            nbformat.v4.new_output("execute_result", points, execution_count=cell.execution_count),
        ]


class GradebookWriter:
    """nbgrader's gradebook and ``autograded/`` in one course folder. Use it as a context manager."""

    def __init__(self, root: Path):
        self.root = root
        self.path = root / "gradebook.db"

    def __enter__(self) -> GradebookWriter:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SAWarning

        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # of its own queries
        _put_alembic_on_path()
        self.root.mkdir(parents=True, exist_ok=True)
        self.book: Any = Gradebook(f"sqlite:///{self.path}", "gradients")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.book.close()

    def register(self, unit: Unit) -> None:
        """Tell the gradebook which cells the unit's notebook has and what they are worth."""
        from nbgrader.preprocessors import SaveCells

        self.book.update_or_create_assignment(unit.assignment)
        names = {"notebook": unit.name, "assignment": unit.assignment, "db_url": f"sqlite:///{self.path}"}
        SaveCells().preprocess(released(unit), {"nbgrader": names})
        self.book.db.expire_all()

    def record(self, unit: Unit, submission: Submission, notebook: NotebookNode) -> None:
        """Save a graded notebook and its scores; marks that somebody gave by hand stay."""
        from nbgrader.utils import compute_checksum, determine_grade, is_solution

        folder = self.root / "autograded" / submission.student / unit.assignment
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{unit.name}.ipynb")
        book, student = self.book, submission.student
        book.update_or_create_student(student)
        book.update_or_create_submission(unit.assignment, student)
        for name, cell in checks_in(notebook):
            grade = book.find_grade(name, unit.name, unit.assignment, student)
            grade.auto_score, _ = determine_grade(cell)
            grade.needs_manual_grade = grade.manual_score is not None or not submission.readable
        for cell in filter(is_solution, notebook.cells):
            comment = book.find_comment(cell.metadata.nbgrader.grade_id, unit.name, unit.assignment, student)
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comment.auto_comment = "No response." if untouched else None
        book.db.commit()


def _put_alembic_on_path() -> None:
    """nbgrader starts ``alembic`` by name: let it find this environment's."""
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")
