"""Registering the cells of a unit's notebook, with their points, in nbgrader's gradebook.

nbgrader takes other points and texts for the cells that it knows, but no new cells once there are submissions. So cells
that are new in a running term are added here, before nbgrader compares. Marks and comments belong to their cells, and
stay. A submission has no score for a new cell until it is graded again. If a cell is gone, nothing is written, since
marks may belong to it.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

from nbformat import NotebookNode

from autograder.gradebook.database import Database, NoGradebook
from autograder.intake import released
from course.check import Unit

Cells = set[tuple[Any, ...]]
GRADED, SOLUTION, SOURCE = "GradeCell", "SolutionCell", "SourceCell"


def register(database: Database, book: Any, unit: Unit) -> None:
    """Register the cells of the unit's notebook in the gradebook, if they have changed. Raises NoGradebook."""
    from nbgrader.preprocessors import SaveCells

    release = released(unit)
    if known_cells(book, unit) == cells_of(release):
        return
    if book.notebook_submissions(unit.name, unit.assignment):
        if gone := _gone(book, unit, release):
            raise _other_cells(database, unit, gone)
        _add_cells(book, unit, release)
    book.update_or_create_assignment(unit.assignment)
    book.db.close()
    names = {"notebook": unit.name, "assignment": unit.assignment, "db_url": database.full_url}
    SaveCells().preprocess(release, {"nbgrader": names})


def require_goes_on(database: Database, unit: Unit) -> None:
    """Raises NoGradebook if the gradebook has marks for cells that the unit's notebook no longer has."""
    with closing(database.open()) as book, database.told():
        gone = _gone(book, unit, released(unit))
        if gone and book.notebook_submissions(unit.name, unit.assignment):
            raise _other_cells(database, unit, gone)


def _gone(book: Any, unit: Unit, release: NotebookNode) -> list[str]:
    """The names of the cells that the gradebook has, and the notebook no longer has, or has as another kind of cell."""
    before, now = ({cell[:3] for cell in cells} for cells in (known_cells(book, unit), cells_of(release)))
    return sorted({name for _, name, _ in before - now})


def _other_cells(database: Database, unit: Unit, gone: list[str]) -> NoGradebook:
    return NoGradebook(
        f"the gradebook {database} has marks for another version of {unit.name}, with cells that are gone now, or of "
        f"another kind: {', '.join(gone)}; keep a copy of the gradebook, since what comes next forgets all marks and "
        f"comments of {unit.name}, those given by hand too: nbgrader db assignment remove {unit.assignment} --force; "
        f"then: autograder grade {unit.name} --again"
    )


def _add_cells(book: Any, unit: Unit, release: NotebookNode) -> None:
    """Add the cells that the gradebook does not know, all of them or none."""
    from nbgrader.api import GradeCell, SolutionCell, SourceCell

    notebook = book.find_notebook(unit.name, unit.assignment)
    known = {(kind, name) for kind, name, *_ in known_cells(book, unit)}
    for kind, name, cell_type, *rest in cells_of(release):
        if (kind, name) in known:
            continue
        if kind == GRADED:
            cell = GradeCell(name=name, notebook=notebook, cell_type=cell_type, max_score=rest[0])
        elif kind == SOLUTION:
            cell = SolutionCell(name=name, notebook=notebook)
        else:
            source, checksum, locked = rest
            cell = SourceCell(name=name, notebook=notebook, cell_type=cell_type, source=source, checksum=checksum,
                              locked=locked)  # fmt: skip
        book.db.add(cell)
    book.db.commit()


def known_cells(book: Any, unit: Unit) -> Cells:
    """The cells of a unit as the gradebook has them; see ``cells_of``."""
    from nbgrader.api import Assignment, BaseCell, GradeCell, Notebook, SourceCell
    from sqlalchemy import and_, literal, select

    with book.engine.connect() as connection:
        tables = [each.__table__ for each in (Assignment, Notebook, BaseCell, GradeCell, SourceCell)]
        assignment, notebook, base, grade, source = tables
        name = and_(assignment.c.name == unit.assignment, notebook.c.name == unit.name)
        notebooks = select(notebook.c.id).join(assignment).where(name)
        cells = select(base.c.type, base.c.name, grade.c.cell_type, grade.c.max_score).outerjoin(
            grade, grade.c.id == base.c.id
        )
        sources = select(
            literal(SOURCE), source.c.name, source.c.cell_type, source.c.source, source.c.checksum, source.c.locked
        )
        return {tuple(row) for row in connection.execute(cells.where(base.c.notebook_id.in_(notebooks)))} | {
            tuple(row) for row in connection.execute(sources.where(source.c.notebook_id.in_(notebooks)))
        }


def cells_of(release: NotebookNode) -> Cells:
    """What the gradebook keeps of a notebook, as tuples that begin with the kind, the name and the cell's type.

    That is the points of each graded cell, and the text of each cell that is marked for nbgrader.
    """
    from nbgrader.utils import is_locked

    found: Cells = set()
    for cell in release.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            found.add((GRADED, marks.grade_id, cell.cell_type, float(marks.points)))
        if marks.get("solution"):
            found.add((SOLUTION, marks.grade_id, None, None))
        if marks.get("grade") or marks.get("solution") or marks.get("locked"):
            found.add((SOURCE, marks.grade_id, cell.cell_type, cell.source, marks.get("checksum"), is_locked(cell)))
    return found
