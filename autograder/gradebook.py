"""The one writer to nbgrader's gradebook, and the autograded notebooks that its formgrader shows."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from autograder.database import Database, NoGradebook
from autograder.handed_in import parsed
from autograder.intake import checks_in
from autograder.intake.files import SECRET, STAMP
from autograder.lateness import settle
from autograder.records import Record, can_name_a_file
from autograder.registering import register
from autograder.writing import write_whole
from course.check import Unit, Verdict

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class Outcome:
    """What is to be written of a submission: its record, and the graded notebook as JSON text.

    ``unanswered`` names the answers that are as they were released, ``by_hand`` says that no program could read it,
    ``secret`` is what nbgrader names the feedback by, so that nobody but the student finds it.
    """

    record: Record
    notebook: str
    unanswered: list[str]
    by_hand: bool = False
    secret: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"record": self.record.to_json()})

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        data = json.loads(text)
        return cls(**{**data, "record": Record.from_json(data["record"])})


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
        """Tell the gradebook which cells the unit's notebook has, and remember how it calls them."""
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
        """Where nbgrader looks for a student's graded notebook. Raises ValueError for what names no folder."""
        if not can_name_a_file(student):
            raise ValueError(f"no folder can be called {student!r}, as nbgrader needs it; rename what was submitted")
        return self.root / "autograded" / student / self.unit.assignment / f"{self.unit.name}.ipynb"

    def write(self, outcome: Outcome) -> None:
        """Save a graded notebook and its scores, whole or not at all; marks that somebody gave by hand stay."""
        path = self.notebook_path(outcome.record.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, outcome.notebook)
        # nbgrader releases no student's feedback if one of these is missing, which a student can bring about
        write_whole(path.with_name(STAMP), outcome.record.submitted, lasting=False)
        write_whole(path.with_name(SECRET), outcome.secret or secrets.token_hex(), lasting=False)
        with self.book.engine.begin() as connection:
            self._write_scores(connection, outcome)
        self.settle([outcome.record.student])

    def settle(self, students: Collection[str]) -> None:
        """Take off of some students' marks what being late costs now."""
        settle(self.database, self.book, self.unit, students)

    def _write_scores(self, connection: Connection, outcome: Outcome) -> None:
        """All rows of a submission, as nbgrader would write them."""
        from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook

        record, when = outcome.record, parsed(outcome.record.submitted)
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
        for name, cell in self.solution_cells.items():
            comment = row_of(Comment, notebook_id=notebook["id"], cell_id=cell)
            said = "No response." if name in outcome.unanswered else None
            row_of.update(Comment, comment, auto_comment=said)


class _Rows:
    """Rows of nbgrader's tables, by what identifies them; one that is missing is made."""

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
        """Set values of a row that are others."""
        from sqlalchemy import update

        if any(row[name] != value for name, value in values.items()):
            table = model.__table__
            self.connection.execute(update(table).where(table.c.id == row["id"]).values(**values))
