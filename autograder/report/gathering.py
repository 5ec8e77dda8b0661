"""A class as it was graded: the records of a unit, and the marks given by hand in nbgrader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote

from autograder.cells import questions_in
from autograder.errors import UserError
from autograder.gradebook.database import Database
from autograder.intake import released
from autograder.records import Record, Records, fingerprint
from course.check import Unit


class NothingGraded(UserError):
    """There is no record to report on; ``unreadable`` names the files of records that cannot be read."""

    def __init__(self, message: str, unreadable: list[str]):
        super().__init__(message)
        self.unreadable = unreadable


@dataclass
class GradedUnit:
    """All records of a unit, sorted by student, and the points that were set by hand, by student and task.

    ``unreadable`` names the files of records that cannot be read.
    """

    unit: Unit
    course_dir: Path
    records: list[Record]
    by_hand: Mapping[tuple[str, str], float] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def points(self, record: Record, task: str) -> float | None:
        """The points that count: those given by hand, else the grader's; None if the task was not graded."""
        given = self.by_hand.get((record.student, task))
        verdict = record.verdicts.get(task)
        return given if given is not None else verdict.points if verdict else None

    def total(self, record: Record) -> float | None:
        """The points in the unit; None unless every task was graded."""
        points = [self.points(record, task) for task in self.unit.tasks]
        return None if None in points else sum(one for one in points if one is not None)

    @cached_property
    def totals(self) -> list[float]:
        """The totals of all who were graded in every task."""
        return [total for record in self.records if (total := self.total(record)) is not None]

    @property
    def question_points(self) -> float:
        """The points of the questions that a person marks, which are in no total here. Raises NotBuilt."""
        return sum(float(cell.metadata.nbgrader.points) for _, cell in questions_in(released(self.unit)))

    @property
    def outdated(self) -> list[Record]:
        """The records that were made before the unit changed."""
        return [record for record in self.records if record.check != fingerprint(self.unit)]

    def command(self, words: str) -> str:
        """An ``autograder`` command for the course folder, to be typed in the current folder."""
        where = "" if self.course_dir.resolve() == Path.cwd() else f" --course-dir {quote(str(self.course_dir))}"
        return f"autograder {words}{where}"


def graded_unit(unit: Unit, course_dir: Path, db_url: str = "") -> GradedUnit:
    """The records of a unit in a course folder, with marks given by hand. Raises NothingGraded, NoGradebook."""
    found, unreadable = [], []
    for path, record in Records(course_dir, unit).each():
        if record:
            found.append(record)
        else:
            unreadable.append(path.name)
    if not found:
        more = f" that can be read; {len(unreadable)} cannot" if unreadable else ""
        grade = f"grade first: autograder grade {unit.name}"
        raise NothingGraded(f"{course_dir} has no record of {unit.name}{more}; {grade}", unreadable)
    found.sort(key=lambda record: record.student)
    students = {record.student for record in found}
    changed = Database(course_dir, db_url).marks_by_hand(unit.assignment)
    by_hand = {key: points for key, points in changed.items() if key[0] in students and key[1] in unit.tasks}
    return GradedUnit(unit, course_dir, found, by_hand, unreadable)
