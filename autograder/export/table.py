"""What the tables of all targets share: cells for marks, and for texts that a spreadsheet must not calculate."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.export.classlist import ClassList, Row
from autograder.export.marks import UnitMarks
from course.check.verdict import rounded

Table = list[list[str]]
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
WITHIN = re.compile(rf"(?s)(;\s*|(?<=.)[\t\r\n]\s*)(?=[{re.escape(''.join(FORMULA))}])")
"""Before what would be a formula where a spreadsheet takes these for separators of cells, as many in Europe do."""


@dataclass(frozen=True)
class Export:
    """The marks of some units and the students to list; ``zeros``: who handed nothing in gets 0 points."""

    marks: list[UnitMarks]
    class_list: ClassList
    zeros: bool = False

    def cell(self, marks: UnitMarks, row: Row, nothing: str = "", kept: str = "") -> str:
        """A student's points. For who handed nothing in: what is to be ``kept``, if anything, or 0, or ``nothing``."""
        points = marks.points.get(self.class_list.student(row))
        if points is None:
            return kept or ("0" if self.zeros else nothing)
        return rounded(points)

    def without_submission(self, marks: UnitMarks) -> list[str]:
        """The students of the list who handed nothing in."""
        students = map(self.class_list.student, self.class_list.rows)
        return [student for student in students if student and student not in marks.points]


def text(cell: str) -> str:
    """A text that Excel and LibreOffice show as it is, where they would calculate it: with an apostrophe before it.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    safe = WITHIN.sub(r"\1'", cell)
    return f"'{safe}" if safe.lstrip().startswith(FORMULA) or safe.startswith(("\t", "\r", "\n")) else safe
