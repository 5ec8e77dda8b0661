"""Final marks, as nbgrader counts them: a mark by hand replaces the automatic one; late penalties are subtracted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from autograder.course import current
from autograder.errors import UserError
from autograder.gradebook.database import Database
from autograder.gradebook.lateness import settle
from course.check import Unit


class NoMarks(UserError):
    """The gradebook holds no marks of a unit."""


@dataclass(frozen=True)
class UnitMarks:
    """The marks of a unit: points possible, points by student, and the students whose marks somebody has to look at."""

    unit: str
    points_possible: float
    points: dict[str, float]
    to_look_at: frozenset[str]

    def without(self, students: Collection[str]) -> UnitMarks:
        points = {student: points for student, points in self.points.items() if student not in students}
        return replace(self, points=points, to_look_at=self.to_look_at - set(students))


def final_marks(database: Database, units: list[Unit]) -> list[UnitMarks]:
    """The marks of these units, or of all that have any if none is named. Raises NoMarks, NoGradebook."""
    with database.told(), database.open_existing() as gradebook:
        found = {unit.name: _marks_of(unit, database, gradebook) for unit in units or current().units}
    missing = [name for name, marks in found.items() if marks is None]
    marks = [one for one in found.values() if one]
    if units and missing:
        raise NoMarks(f"no marks of {', '.join(missing)} in {database}; grade first: autograder grade {missing[0]}")
    if not marks:
        raise NoMarks(f"no marks in {database}; grade first: autograder grade UNIT, or name another --course-dir")
    return marks


def _marks_of(unit: Unit, database: Database, gradebook: Any) -> UnitMarks | None:
    from nbgrader.api import MissingEntry

    try:
        assignment = gradebook.find_assignment(unit.assignment)
    except MissingEntry:
        return None
    settle(database, gradebook, unit)
    rows = gradebook.db.execute(_scores(assignment.id)).all()
    if not rows:
        return None
    return UnitMarks(
        unit.name,
        float(assignment.max_score),
        {student: max(0.0, score - (penalty or 0.0)) for student, score, penalty, _ in rows},
        frozenset(student for student, *_, to_look_at in rows if to_look_at),
    )


def _scores(assignment: str) -> Any:
    """A query for each student with a score: student, score, late penalty, number of marks somebody has to look at.

    It is one query on nbgrader's tables, since nbgrader's methods take seconds for each assignment of a large class.
    A deadline extension alone makes a submission in nbgrader, but no score.
    """
    from nbgrader.api import Grade, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import Integer, cast, func, select

    late = SubmittedNotebook.late_submission_penalty
    to_look_at = func.sum(cast(Grade.needs_manual_grade, Integer))
    scored = func.count(Grade.auto_score) + func.count(Grade.manual_score)
    return (
        select(SubmittedAssignment.student_id, func.sum(Grade.score), late, to_look_at)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .where(SubmittedAssignment.assignment_id == assignment)
        .group_by(SubmittedAssignment.student_id, late)
        .having(scored > 0)
    )
