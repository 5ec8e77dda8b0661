"""The one writer to nbgrader's gradebook, and the autograded notebooks that its formgrader shows."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from autograder.gradebook.database import Database, NoGradebook
from autograder.gradebook.handed_in import time_of
from autograder.gradebook.lateness import settle
from autograder.gradebook.registering import register
from autograder.intake import checks_in
from autograder.intake.files import SECRET, STAMP
from autograder.records import Record, can_name_a_file
from autograder.writing import write_whole
from course.check import Unit, Verdict

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class Outcome:
    """What to write for a submission: its record, and the graded notebook as JSON text.

    ``unanswered`` names the answers that are as they were released. ``by_hand`` says that the notebook could not be
    read, so a person must look at it. nbgrader names the feedback by ``secret``, so that only the student finds it.
    """

    record: Record
    notebook: str
    unanswered: list[str]
    by_hand: bool = False
    secret: str = ""


def write_verdicts(notebook: NotebookNode, verdicts: Mapping[str, Verdict]) -> None:
    """Put each verdict into its check cell: a table, then the points, which nbgrader reads as partial credit."""
    for task, cell in checks_in(notebook):
        if task in verdicts:
            verdict = verdicts[task]
            shown = {"text/plain": str(verdict), "text/html": verdict._repr_html_()}
            points = {"text/plain": repr(float(verdict.points))}
            cell.execution_count = cell.execution_count or 1
            cell.outputs = [
                nbformat.from_dict({"output_type": "display_data", "data": shown, "metadata": {}}),
                nbformat.from_dict({"output_type": "execute_result", "data": points, "metadata": {},
                                    "execution_count": cell.execution_count}),
            ]  # fmt: skip


def unanswered(notebook: NotebookNode) -> list[str]:
    """The names of the answers that are still as they were released."""
    from nbgrader.utils import compute_checksum, is_solution

    return [
        cell.metadata.nbgrader.grade_id
        for cell in filter(is_solution, notebook.cells)
        if cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    ]


class GradebookWriter:
    """nbgrader's gradebook and ``autograded/`` of a course folder, for one unit. Use it as a context manager.

    Raises NoGradebook wherever the database cannot be used.
    """

    def __init__(self, root: Path, unit: Unit, db_url: str = ""):
        self.root, self.unit = root, unit
        self.database = Database(root, db_url)

    def __enter__(self) -> GradebookWriter:
        self.book = self.database.open()
        try:
            with self.database.told():
                self._register()
        except BaseException:
            self.book.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.book.close()

    def _register(self) -> None:
        """Register the cells of the unit's notebook in the gradebook, and remember their ids there."""
        from nbgrader.api import MissingEntry

        unit = self.unit
        register(self.database, self.book, unit)
        try:
            assignment = self.book.find_assignment(unit.assignment)
            notebook = self.book.find_notebook(unit.name, unit.assignment)
        except MissingEntry as error:
            raise NoGradebook(f"the gradebook {self.database} does not know {unit.assignment}: {error}") from error
        self.assignment, self.notebook = assignment.id, notebook.id
        self.grade_cells = {cell.name: cell.id for cell in notebook.grade_cells}
        self.solution_cells = {cell.name: cell.id for cell in notebook.solution_cells}
        self.questions = self.grade_cells.keys() & self.solution_cells.keys()
        self.book.db.close()

    def students(self) -> set[str]:
        """The students whose submission of the unit is in the gradebook and in ``autograded/``."""
        from nbgrader.api import SubmittedAssignment
        from sqlalchemy import select

        table = SubmittedAssignment.__table__
        with self.database.told(), self.book.engine.connect() as connection:
            found = connection.scalars(select(table.c.student_id).where(table.c.assignment_id == self.assignment)).all()
        return {student for student in found if can_name_a_file(student) and self.notebook_path(student).exists()}

    def notebook_path(self, student: str) -> Path:
        """The path of a student's graded notebook in nbgrader. Raises ValueError if no folder can have that name."""
        if not can_name_a_file(student):
            raise ValueError(f"no folder can be called {student!r}, as nbgrader needs it; rename what was submitted")
        return self.root / "autograded" / student / self.unit.assignment / f"{self.unit.name}.ipynb"

    def write(self, outcome: Outcome) -> None:
        """Save a graded notebook, and its scores in one transaction. Marks that were given by hand stay.

        Raises NoGradebook if the database is at fault, and DataError or IntegrityError for data that it refuses.
        """
        path = self.notebook_path(outcome.record.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, outcome.notebook)
        # nbgrader releases nobody's feedback if one of these is missing, and a student can remove them
        write_whole(path.with_name(STAMP), outcome.record.submitted, lasting=False)
        write_whole(path.with_name(SECRET), outcome.secret or secrets.token_hex(), lasting=False)
        with self.database.told(of_data=False), self.book.engine.begin() as connection:
            self._write_scores(connection, outcome)
        self.settle([outcome.record.student])

    def settle(self, students: Collection[str]) -> None:
        """Subtract the late penalties that hold now from the marks of these students."""
        settle(self.database, self.book, self.unit, students)

    def _write_scores(self, connection: Connection, outcome: Outcome) -> None:
        """Write all rows of a submission, as nbgrader would."""
        from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook

        record, when = outcome.record, time_of(outcome.record.submitted)
        row_of = _Rows(connection)
        row_of(Student, id=record.student)
        handed_in = row_of(SubmittedAssignment, assignment_id=self.assignment, student_id=record.student)
        when = when or handed_in["timestamp"]
        row_of.update(SubmittedAssignment, handed_in, timestamp=when)
        notebook = row_of(SubmittedNotebook, assignment_id=handed_in["id"], notebook_id=self.notebook)
        for task, cell in self.grade_cells.items():
            grade = row_of(Grade, notebook_id=notebook["id"], cell_id=cell)
            if task in record.verdicts:
                by_hand = grade["manual_score"] is not None or outcome.by_hand
                points = record.verdicts[task].points
                row_of.update(Grade, grade, auto_score=points, needs_manual_grade=by_hand)
            elif task in self.questions:
                row_of.update(Grade, grade, **self._score_of_question(task, grade, outcome))
        for name, cell in self.solution_cells.items():
            comment = row_of(Comment, notebook_id=notebook["id"], cell_id=cell)
            said = "No response." if name in outcome.unanswered else None
            row_of.update(Comment, comment, auto_comment=said)

    def _score_of_question(self, name: str, grade: Any, outcome: Outcome) -> dict[str, Any]:
        """The score of an answer that a person marks, as nbgrader gives it.

        It is 0 if the answer is as it was released, else none yet.
        """
        waits = name not in outcome.unanswered
        by_hand = grade["manual_score"] is not None or outcome.by_hand
        return {"auto_score": None if waits else 0.0, "needs_manual_grade": waits or by_hand}


class _Rows:
    """Rows of nbgrader's tables, found by the columns that identify them. A missing row is inserted."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def __call__(self, model: Any, **identity: Any) -> Any:
        from sqlalchemy import insert, select

        table = model.__table__
        same = [table.c[name] == value for name, value in identity.items()]
        found = self.connection.execute(select(table).where(*same)).mappings().first()
        if found is None:
            self.connection.execute(insert(table).values(**identity))
            found = self.connection.execute(select(table).where(*same)).mappings().one()
        return found

    def update(self, model: Any, row: Any, **values: Any) -> None:
        """Set values of a row, if any of them differ."""
        from sqlalchemy import update

        if any(row[name] != value for name, value in values.items()):
            table = model.__table__
            self.connection.execute(update(table).where(table.c.id == row["id"]).values(**values))
