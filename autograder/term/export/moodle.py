"""Moodle's grade import from CSV.

Each row names a user by email address, username or ID number, which Moodle is told in the import's preview (*Map
from*, *Map to*); every other column is mapped to a grade item, or ignored. https://docs.moodle.org/en/Grade_import

One user whom Moodle does not know stops its whole import. So only students of the class list are written, and what
identifies them is unchanged. Their names, which Moodle ignores, are protected against being read as formulas. A hyphen
is Moodle's own sign for *no grade*; an empty cell can become a 0 in a grade item that the import makes.
"""

from __future__ import annotations

from autograder.term.export.table import Export, Table, text_cell

IDENTIFIERS = ("Username", "Email address", "ID number", "email", "idnumber")
LIST_FROM = "take the list that Moodle exports: Grades, Export, Plain text file, or Participants, Download table data"
NAMES = ("First name", "Last name")
NO_GRADE = "-"


def table(export: Export) -> Table:
    """The header, and a row for each student."""
    listed = export.class_list
    known = {listed.column(name) for name in (*NAMES, *IDENTIFIERS)} | {listed.identifier}
    people = [column for column in listed.columns if column in known]
    names = {listed.column(name) for name in NAMES}
    return [
        [*people, *(one.unit for one in export.marks)],
        *(
            [
                *(text_cell(row[column]) if column in names else row[column] for column in people),
                *(export.cell(one, row, NO_GRADE) for one in export.marks),
            ]
            for row in listed.rows
            if listed.student(row)
        ),
    ]


def next_step(export: Export) -> str:
    """What to do with the file."""
    by = export.class_list.identifier
    return f"in Moodle: Grades, Import, CSV file, encoding UTF-8; identify users by the column {by!r}"
