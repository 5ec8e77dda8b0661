"""The one writer to nbgrader's gradebook, and the autograded notebooks that its formgrader shows."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.build import course_directory
from autograder.intake import Submission, checks_in, released
from autograder.records import write_whole
from course.check import Unit, Verdict


class NoGradebook(RuntimeError):
    """nbgrader's database cannot be opened."""


def write_verdicts(notebook: NotebookNode, verdicts: Mapping[str, Verdict]) -> None:
    """Put each verdict into its check cell: a table, then the points, which nbgrader reads as partial credit."""
    for task, cell in checks_in(notebook):
        if task in verdicts:
            verdict = verdicts[task]
            shown = {"text/plain": str(verdict), "text/html": verdict._repr_html_()}
            points = {"text/plain": repr(float(verdict.points))}
            cell.execution_count = cell.execution_count or 1
            cell.outputs = [
                nbformat.v4.new_output("display_data", shown),
                nbformat.v4.new_output("execute_result", points, execution_count=cell.execution_count),
            ]


class GradebookWriter:
    """nbgrader's gradebook and ``autograded/`` of a course folder. Use it as a context manager.

    The database is ``db_url``, or else the one that the course folder's ``nbgrader_config.py`` names, or else
    ``gradebook.db`` in the course folder. Raises NoGradebook.
    """

    def __init__(self, root: Path, db_url: str = ""):
        self.root = root
        self.db_url = db_url or course_directory(root).db_url

    @property
    def shown_url(self) -> str:
        """The database's address, without its password."""
        from sqlalchemy.engine import make_url

        return make_url(self.db_url).render_as_string(hide_password=True)

    def __enter__(self) -> GradebookWriter:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SAWarning, SQLAlchemyError

        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # of its own queries
        _put_alembic_on_path()
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            self.book: Any = Gradebook(self.db_url, "gradients")
        except (SQLAlchemyError, ImportError) as error:
            raise NoGradebook(f"the gradebook {self.shown_url} cannot be opened: {error}") from error
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.book.close()

    def register(self, unit: Unit) -> None:
        """Tell the gradebook which cells the unit's notebook has and what they are worth."""
        from nbgrader.preprocessors import SaveCells

        self.book.update_or_create_assignment(unit.assignment)
        names = {"notebook": unit.name, "assignment": unit.assignment, "db_url": self.db_url}
        SaveCells().preprocess(released(unit), {"nbgrader": names})
        self.book.db.expire_all()

    def students(self, unit: Unit) -> set[str]:
        """The students whose submission of the unit is in the gradebook and in ``autograded/``."""
        found = {submission.student_id for submission in self.book.assignment_submissions(unit.assignment)}
        return {student for student in found if self.notebook_path(unit, student).exists()}

    def notebook_path(self, unit: Unit, student: str) -> Path:
        return self.root / "autograded" / student / unit.assignment / f"{unit.name}.ipynb"

    def record(self, unit: Unit, submission: Submission, notebook: NotebookNode, tasks: Mapping[str, Verdict]) -> None:
        """Save a graded notebook and its scores, whole or not at all; marks that somebody gave by hand stay."""
        path = self.notebook_path(unit, submission.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, nbformat.writes(notebook) + "\n")
        with self._one_transaction():
            self._write_scores(unit, submission, notebook, tasks)

    @contextlib.contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """nbgrader's methods commit after each step: here, their steps become one."""
        session = self.book.db
        commit, session.commit = session.commit, session.flush
        try:
            yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.commit = commit

    def _write_scores(
        self, unit: Unit, submission: Submission, notebook: NotebookNode, tasks: Mapping[str, Verdict]
    ) -> None:
        from nbgrader.utils import compute_checksum, is_solution

        book, student = self.book, submission.student
        book.update_or_create_student(student)
        book.update_or_create_submission(unit.assignment, student, **_timestamp(submission.folder))
        for name, verdict in tasks.items():
            grade = book.find_grade(name, unit.name, unit.assignment, student)
            grade.auto_score = verdict.points
            grade.needs_manual_grade = grade.manual_score is not None or not submission.readable
        for cell in filter(is_solution, notebook.cells):
            comment = book.find_comment(cell.metadata.nbgrader.grade_id, unit.name, unit.assignment, student)
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comment.auto_comment = "No response." if untouched else None


def _timestamp(folder: Path) -> dict[str, Any]:
    """When a submission was handed in, if nbgrader's ``timestamp.txt`` beside it says so."""
    from nbgrader.utils import parse_utc

    path = folder / "timestamp.txt"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
            return {}
        return {"timestamp": parse_utc(path.read_text(encoding="utf-8").strip())}
    except (OSError, ValueError, OverflowError):
        return {}


def _put_alembic_on_path() -> None:
    """nbgrader starts ``alembic`` by name: let it find this environment's."""
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")
