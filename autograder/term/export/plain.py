"""A plain table, for spreadsheets: student, name, email and id, then a column for each unit.

No system matches students by these texts, so all of them are protected against being read as formulas.
"""

from __future__ import annotations

from autograder.gradebook.database import Database
from autograder.term.export.classlist import ClassList
from autograder.term.export.table import Export, Table, text_cell

IDENTIFIERS = ("student", "id", "email")
COLUMNS = ("student", "name", "email", "id")


def registered(database: Database) -> ClassList:
    """The students that nbgrader's gradebook knows, as a class list. Raises NoGradebook."""
    with database.told(), database.open_existing() as gradebook:
        rows = [
            {
                "student": one.id,
                "name": ", ".join(filter(None, (one.last_name, one.first_name))),
                "email": one.email or "",
                "id": one.lms_user_id or "",
            }
            for one in gradebook.students
        ]
    rows.sort(key=lambda row: (row["name"].casefold(), row["student"]))
    return ClassList(f"the gradebook {database}", list(COLUMNS), rows)


def table(export: Export) -> Table:
    """The header, and a row for each student, by the gradebook's name if the list has no column ``student``."""
    listed = export.class_list
    columns = [listed.column("student") or listed.identifier, *map(listed.column, COLUMNS[1:])]
    return [
        [*COLUMNS, *(one.unit for one in export.marks)],
        *(
            [
                *(text_cell(row[column]) if column else "" for column in columns),
                *(export.cell(one, row) for one in export.marks),
            ]
            for row in listed.rows
            if listed.student(row)
        ),
    ]
