"""Marks out of nbgrader's gradebook, as a file that another system reads: ``export(…)`` makes the table, and a module
for each system says which columns it wants."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.gradebook.database import Database
from autograder.term.export import canvas, moodle, plain
from autograder.term.export.classlist import ClassList, NoClassList
from autograder.term.export.marks import NoMarks, final_marks
from autograder.term.export.table import Export, Table
from autograder.writing import write_whole
from course.check import Unit

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Target:
    """A system that reads marks: how its table is made, which columns of its class list can name a student, where
    that list comes from (empty if it can do without), and what to do with the table."""

    table: Callable[[Export], Table]
    identifiers: tuple[str, ...]
    list_from: str = ""
    next_step: Callable[[Export], str] = lambda export: ""


TARGETS = {
    "csv": Target(plain.table, plain.IDENTIFIERS),
    "canvas": Target(canvas.table, canvas.IDENTIFIERS, canvas.LIST_FROM, canvas.next_step),
    "moodle": Target(moodle.table, moodle.IDENTIFIERS, moodle.LIST_FROM, moodle.next_step),
}


def export(
    to: str,
    database: Database,
    units: list[Unit],
    class_list: Path | None,
    match: str = "",
    without: Collection[str] = (),
    zeros: bool = False,
) -> tuple[Export, Table]:
    """The marks of some units, or of all that the gradebook knows, and the table that a target reads.

    ``match`` names the column of the class list that holds the students' names in the gradebook. ``without`` names
    students to leave out. ``zeros`` gives 0 points to students without a submission. Raises NoMarks, NoClassList,
    NoGradebook.
    """
    target = TARGETS[to]
    every = final_marks(database, units)
    marks = [one.without(without) for one in every]
    graded = {student for one in marks for student in one.points}
    if class_list is not None:
        listed = ClassList.read(class_list, target.list_from)
    elif target.list_from:
        raise NoClassList(f"--to {to} needs --class-list FILE: {target.list_from}")
    else:
        listed = plain.registered(database)
    everybody = {student for one in every for student in one.points}.union(*(row.values() for row in listed.rows))
    if unknown := sorted(set(without) - everybody):
        raise NoClassList(f"no student is called {', '.join(map(repr, unknown))}; see --without")
    listed = listed.identified(graded, match, target.identifiers, without)
    wanted = Export(marks, listed, zeros)
    return wanted, target.table(wanted)


def write_table(table: Iterable[Sequence[object]], path: Path, byte_order_mark: bool = False) -> None:
    """Write a table as CSV in UTF-8, whole or not at all."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (BYTE_ORDER_MARK if byte_order_mark else "") + text.getvalue())


__all__ = ["TARGETS", "NoClassList", "NoMarks", "export", "write_table"]
