"""What the tables of all targets share: cells for marks, and for texts that a spreadsheet must not read as formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.term.export.classlist import ClassList, ListRow
from autograder.term.export.marks import UnitMarks
from course.check.verdict import rounded

Table = list[list[str]]
FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
WITHIN = re.compile(rf"(?s)(;\s*|(?<=.)[\t\r\n]\s*)(?=[{re.escape(''.join(FORMULA_SIGNS))}])")
"""A separator and the place after it where a formula would begin, if a spreadsheet splits cells at semicolons (as many
in Europe do), tabs or line ends."""


@dataclass(frozen=True)
class Export:
    """The marks of some units and the students to list; ``zeros`` gives 0 points to those without a submission."""

    marks: list[UnitMarks]
    class_list: ClassList
    zeros: bool = False

    def cell(self, marks: UnitMarks, row: ListRow, nothing: str = "", kept: str = "") -> str:
        """A student's points. Without a submission: ``kept`` if not empty, else 0 if ``zeros``, else ``nothing``."""
        points = marks.points.get(self.class_list.student(row))
        if points is None:
            return kept or ("0" if self.zeros else nothing)
        return rounded(points)

    def without_submission(self, marks: UnitMarks) -> list[str]:
        """The students of the list who handed nothing in."""
        students = map(self.class_list.student, self.class_list.rows)
        return [student for student in students if student and student not in marks.points]


def text_cell(cell: str) -> str:
    """A text that Excel and LibreOffice show as it is: what they would read as a formula gets an apostrophe before it.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    safe = WITHIN.sub(r"\1'", cell)
    return f"'{safe}" if safe.lstrip().startswith(FORMULA_SIGNS) or safe.startswith(("\t", "\r", "\n")) else safe
