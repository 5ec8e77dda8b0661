"""Canvas's gradebook import.

It reads the file that Canvas itself exports: the columns from ``Student`` to ``Section``, in their order, then one for
each assignment, called ``name (id)``, and a row ``Points Possible``.
https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807

Canvas finds a student by ``ID``, ``SIS User ID`` or ``SIS Login ID``, so these are written as Canvas wrote them. It
then does not read the name, which is protected against being read as a formula. Canvas clears a score whose cell is
empty. So a student without a submission keeps what the exported file says (``EX`` for excused, a score given there).
"""

from __future__ import annotations

import re

from autograder.term.export.classlist import ClassList, ListRow, NoClassList
from autograder.term.export.table import Export, Table, text_cell
from course.check.verdict import rounded

IDENTIFIERS = ("SIS Login ID", "SIS User ID", "ID", "Integration ID")
LIST_FROM = "take the file that Canvas exports: Grades, Export, Export Entire Gradebook"
POINTS_POSSIBLE = "    Points Possible"
READ_AS_TEXT = ("Student", "LastName", "FirstName", "Section")


def table(export: Export) -> Table:
    """The header, the points possible, and a row for each student. Raises NoClassList."""
    listed = export.class_list
    listed.require("ID")
    people = listed.columns[: listed.columns.index(listed.require("Section")) + 1]
    columns = [(one, assignment_column(listed, one.unit)) for one in export.marks]
    points = [rounded(one.points_possible) for one in export.marks]
    return [
        [*people, *(column or one.unit for one, column in columns)],
        [POINTS_POSSIBLE, *[""] * (len(people) - 1), *points],
        *(
            [
                *_person(people, row),
                *(export.cell(one, row, kept=row.get(column or "", "")) for one, column in columns),
            ]
            for row in listed.rows
            if _is_student(row, people)
        ),
    ]


def assignment_column(listed: ClassList, unit: str) -> str | None:
    """The column of the assignment that is called like the unit, whatever its case and punctuation, and with or
    without a number: ``numeric_gradient``, ``01 Numeric gradient``. None if there is none; Canvas then makes it.
    Raises NoClassList if there are several."""
    found = [name for name in listed.columns if _plain(re.sub(r"\s*\(\d+\)$", "", name)) == unit]
    if len(found) > 1:
        raise NoClassList(f"{listed.name} has several assignments called {unit}: {', '.join(found)}; rename one")
    return found[0] if found else None


def _plain(title: str) -> str:
    return re.sub(r"^\d+_", "", re.sub(r"\W+", "_", title.strip().casefold()))


def _is_student(row: ListRow, people: list[str]) -> bool:
    """Whether a row is a student, not the points possible or the line about hidden assignments."""
    return "Points Possible" not in row[people[0]] and any(row[column] for column in people)


def _person(people: list[str], row: ListRow) -> list[str]:
    return [text_cell(row[column]) if column in READ_AS_TEXT else row[column] for column in people]


def next_step(export: Export) -> str:
    """What to do with the file."""
    new = [one.unit for one in export.marks if not assignment_column(export.class_list, one.unit)]
    about_new = f"; Canvas asks about assignments that it does not know yet: {', '.join(new)}" if new else ""
    return f"in Canvas: Grades, Import{about_new}"
