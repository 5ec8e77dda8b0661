"""Final marks, as nbgrader counts them: what was given by hand before what was given automatically, less what is taken
off for being late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from autograder.database import Database
from autograder.lateness import settle
from course import UNITS
from course.check import Unit, load


class NoMarks(RuntimeError):
    """The gradebook holds no marks of a unit."""


@dataclass(frozen=True)
class UnitMarks:
    """The marks of a unit: points by student, of how many, and the students whose marks somebody has to look at."""

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
        found = {unit.name: _marks_of(unit, database, gradebook) for unit in units or map(load, UNITS)}
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
    """Of each student with a score: the score, what being late costs, and how many marks somebody has to look at.

    One query, in nbgrader's own terms: its methods take seconds for each assignment of a large class. An extension
    alone makes a submission in nbgrader, but no score.
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
