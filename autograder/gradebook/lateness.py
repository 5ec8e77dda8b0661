"""Late penalties, by the dates and settings that hold at the moment.

nbgrader assigns a penalty when it grades. So an extension, a due date or a penalty that is set later would change
nothing until the next grading. Code that reads marks therefore calls ``settle`` first. No notebook runs for it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

import nbformat

from autograder.gradebook.database import Database
from course.check import Unit


def settle(database: Database, book: Any, unit: Unit, students: Collection[str] | None = None) -> None:
    """Let nbgrader assign the penalties of a unit's submissions again, or only those of some ``students``.

    A submission whose time nbgrader does not know keeps its penalty. Raises NoGradebook.
    """
    with database.told():
        for student in _affected(book, unit, students):
            _assign_penalty(database, unit, student)


def _affected(book: Any, unit: Unit, students: Collection[str] | None) -> list[str]:
    """The students whose submission is late, or was late when it got a penalty."""
    from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import select

    assignment, handed_in, notebook = (each.__table__ for each in (Assignment, SubmittedAssignment, SubmittedNotebook))
    columns = handed_in.c.student_id, handed_in.c.timestamp, handed_in.c.extension, assignment.c.duedate
    query = (
        select(*columns, notebook.c.late_submission_penalty)
        .join(assignment, handed_in.c.assignment_id == assignment.c.id)
        .join(notebook, notebook.c.assignment_id == handed_in.c.id)
        .where(assignment.c.name == unit.assignment, handed_in.c.timestamp.isnot(None))
    )
    if students is not None:
        query = query.where(handed_in.c.student_id.in_(students))
    affected = []
    with book.engine.connect() as connection:
        for student, time, extension, due, penalty in connection.execute(query):
            if due and extension:
                due += extension
            if penalty is not None or (due and time > due):
                affected.append(student)
    return affected


def _assign_penalty(database: Database, unit: Unit, student: str) -> None:
    """Let nbgrader assign the penalty that its configuration names."""
    from nbgrader.preprocessors import AssignLatePenalties

    names = {"notebook": unit.name, "assignment": unit.assignment, "student": student, "db_url": database.full_url}
    log = logging.getLogger("autograder.nbgrader")
    log.setLevel(logging.ERROR)
    penalties = AssignLatePenalties(config=database.config, log=log)
    penalties.preprocess(nbformat.v4.new_notebook(), {"nbgrader": names})
