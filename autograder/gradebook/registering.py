"""Registering the cells of a unit's notebook, with their points, in nbgrader's gradebook."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from nbformat import NotebookNode

from autograder.gradebook.database import Database, NoGradebook
from autograder.intake import released
from course.check import Unit

Cells = set[tuple[Any, ...]]


def register(database: Database, book: Any, unit: Unit) -> None:
    """Register the cells of the unit's notebook in the gradebook, if they have changed. Raises NoGradebook."""
    from nbgrader.preprocessors import SaveCells

    release = released(unit)
    if known_cells(book, unit) == cells_of(release):
        return
    book.update_or_create_assignment(unit.assignment)
    book.db.close()
    names = {"notebook": unit.name, "assignment": unit.assignment, "db_url": database.full_url}
    try:
        SaveCells().preprocess(release, {"nbgrader": names})
    except RuntimeError as error:  # nbgrader changes no notebook that has submissions
        raise other_cells(database, unit) from error


def require_same(database: Database, unit: Unit) -> None:
    """Raises NoGradebook if nbgrader would refuse marks of the unit, because it has marks for other cells."""
    with closing(database.open()) as book, database.told():
        known, now = ({name for name, *_ in cells} for cells in (known_cells(book, unit), cells_of(released(unit))))
        if known and known != now and book.notebook_submissions(unit.name, unit.assignment):
            raise other_cells(database, unit)


def other_cells(database: Database, unit: Unit) -> NoGradebook:
    return NoGradebook(
        f"the gradebook {database} has marks for another version of {unit.name}, with other cells, and nbgrader does "
        f"not mix them; keep a copy of the gradebook, since what comes next forgets all marks and comments of "
        f"{unit.name}, those given by hand too: nbgrader db assignment remove {unit.assignment} --force; then: "
        f"autograder grade {unit.name} --again"
    )


def known_cells(book: Any, unit: Unit) -> Cells:
    """The cells of a unit as the gradebook has them; see ``cells_of``."""
    from nbgrader.api import Assignment, BaseCell, GradeCell, Notebook, SourceCell
    from sqlalchemy import and_, select

    with book.engine.connect() as connection:
        tables = [each.__table__ for each in (Assignment, Notebook, BaseCell, GradeCell, SourceCell)]
        assignment, notebook, base, grade, source = tables
        name = and_(assignment.c.name == unit.assignment, notebook.c.name == unit.name)
        notebooks = select(notebook.c.id).join(assignment).where(name)
        cells = select(base.c.name, grade.c.max_score).outerjoin(grade, grade.c.id == base.c.id)
        sources = select(source.c.name, source.c.source, source.c.checksum)
        return {tuple(row) for row in connection.execute(cells.where(base.c.notebook_id.in_(notebooks)))} | {
            tuple(row) for row in connection.execute(sources.where(source.c.notebook_id.in_(notebooks)))
        }


def cells_of(release: NotebookNode) -> Cells:
    """What the gradebook keeps of a notebook: each graded cell's points, and the text of cells marked for nbgrader."""
    found: Cells = set()
    for cell in release.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            found.add((marks.grade_id, float(marks.points)))
        if marks.get("solution"):
            found.add((marks.grade_id, None))
        if marks.get("grade") or marks.get("solution") or marks.get("locked"):
            found.add((marks.grade_id, cell.source, marks.get("checksum")))
    return found
