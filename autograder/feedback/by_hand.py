"""What instructors added to a submission in the gradebook: marks, comments and late penalties."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.cells import questions_in
from autograder.gradebook.database import Database
from autograder.gradebook.lateness import settle
from autograder.intake import released
from course.check import Unit


@dataclass(frozen=True)
class ByHand:
    """The points that an instructor gave or changed and the comments, both by task or question, and the late penalty in
    points."""

    points: dict[str, float] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    penalty: float = 0.0


class HandMarks:
    """The gradebook of a course folder, read only: a function from a student to what was added by hand."""

    def __init__(self, unit: Unit, book: Any, points: Mapping[tuple[str, str], float], questions: Collection[str]):
        self.unit, self.book, self.points, self.questions = unit, book, points, questions

    def __call__(self, student: str) -> ByHand:
        from nbgrader.api import MissingEntry

        if self.book is None:
            return ByHand()
        try:
            submitted = self.book.find_submission_notebook(self.unit.name, self.unit.assignment, student)
        except MissingEntry:
            return ByHand()
        comments: dict[str, list[str]] = {}
        for comment in submitted.comments:
            if comment.manual_comment and (about := self._about(comment.name)):
                comments.setdefault(about, []).append(comment.manual_comment)
        points = {task: score for (who, task), score in self.points.items() if who == student}
        return ByHand(points, comments, float(submitted.late_submission_penalty or 0.0))

    def _about(self, cell: str) -> str:
        """The task or question to which a cell belongs, by the cell's name in nbgrader; empty if there is none."""
        if cell in self.unit.tasks or cell in self.questions:
            return cell
        try:
            return self.unit.task_of(cell.removeprefix("answer_")).name
        except LookupError:
            return ""


@contextmanager
def hand_marks(unit: Unit, course_dir: Path, db_url: str = "") -> Iterator[HandMarks]:
    """Open the gradebook of a course folder; where there is none, nothing was added by hand. Raises NoGradebook."""
    database = Database(course_dir, db_url)
    book = database.open_to_read()
    try:
        if book is not None:
            settle(database, book, unit)
        with database.told():
            questions = {name for name, _ in questions_in(released(unit))}
            yield HandMarks(unit, book, database.marks_by_hand(unit.assignment), questions)
    finally:
        if book is not None:
            book.close()
