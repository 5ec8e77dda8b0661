"""What the tables of all targets share: cells for marks, and for texts that a spreadsheet must not calculate."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.export.classlist import ClassList, Row
from autograder.export.marks import UnitMarks

Table = list[list[str]]
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


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
        return number(points)

    def without_submission(self, marks: UnitMarks) -> list[str]:
        """The students of the list who handed nothing in."""
        students = map(self.class_list.student, self.class_list.rows)
        return [student for student in students if student and student not in marks.points]


def number(points: float) -> str:
    """Points with a decimal point and at most two digits after it, which every target reads and shows."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def text(cell: str) -> str:
    """A text that Excel and LibreOffice show as it is, where they would calculate it: with an apostrophe before it.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if cell.lstrip().startswith(FORMULA) or cell.startswith(("\t", "\r", "\n")) else cell
