"""Class lists: the CSV files that Canvas, Moodle and spreadsheets write, and finding the graded students in them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import UserError

SEPARATORS = ",;\t"
SEPARATOR_LINE = re.compile(f"sep=([{SEPARATORS}])", re.IGNORECASE)
ListRow = dict[str, str]


class NoClassList(UserError):
    """A class list is missing, cannot be read, or does not fit the gradebook."""


@dataclass(frozen=True)
class ClassList:
    """The rows of a list below its header; ``identifier`` is the column that holds a student's name in the gradebook.

    Column names are found whatever their case. ``name`` stands for the list in messages.
    """

    name: str
    columns: list[str]
    rows: list[ListRow]
    list_from: str = ""
    identifier: str = ""

    @classmethod
    def read(cls, path: Path, list_from: str = "") -> ClassList:
        """Read a CSV file with commas, semicolons or tabs. Raises NoClassList."""
        lines = [(number, line) for number, line in _lines(path, _text(path)) if any(line)]
        if len(lines) < 2:
            raise NoClassList(f"{path} lists no student: it needs a line of column names and a line for each student")
        (_, header), *rest = lines
        too_long = [number for number, line in rest if any(line[len(header) :])]
        if too_long:
            raise NoClassList(f"{path}: more cells than column names in {_some('line', map(str, too_long))}")
        rows = [dict(zip(header, line + [""] * len(header), strict=False)) for _, line in rest]
        return cls(str(path), header, rows, list_from)

    def column(self, wanted: str) -> str | None:
        """The column of this name, as the list spells it, or None. Raises NoClassList if there are several."""
        found = [name for name in self.columns if name.casefold() == wanted.casefold()]
        if len(found) > 1:
            raise NoClassList(f"{self.name} has {len(found)} columns {wanted!r}; remove all but one")
        return found[0] if found else None

    def require(self, wanted: str) -> str:
        """The column of this name, as the list spells it. Raises NoClassList unless there is exactly one."""
        found = self.column(wanted)
        if found is None:
            why = f"; {self.list_from}" if self.list_from else ""
            raise NoClassList(f"{self.name} has no column {wanted!r}, but {', '.join(self.columns)}{why}")
        return found

    def identified(
        self, graded: Collection[str], match: str, candidates: Iterable[str], without: Collection[str] = ()
    ) -> ClassList:
        """The list with its ``identifier``: the column ``match``, or the candidate that holds most graded students.

        The students in ``without`` are left out. Raises NoClassList, which names every graded student who is not in
        the list and every student who is listed twice."""
        if match:
            columns = [self.require(match)]
        else:
            columns = [column for wanted in candidates if (column := self.column(wanted))]
        if not columns:
            raise NoClassList(
                f"{self.name} has none of the columns {', '.join(candidates)}, but {', '.join(self.columns)}; "
                "name the one that holds the students' names in the gradebook: --match COLUMN"
            )
        wanted = {*graded, *without}
        best = max(columns, key=lambda column: len({row[column] for row in self.rows} & wanted))
        rows = [row for row in self.rows if row[best] not in without]
        listed = Counter(row[best] for row in rows if row[best])
        faults = {
            "not in it": sorted(set(graded) - set(listed)),
            "in it more than once": sorted(student for student, times in listed.items() if times > 1),
        }
        if any(faults.values()):
            said = "; ".join(f"{what}: {', '.join(map(repr, who))}" for what, who in faults.items() if who)
            raise NoClassList(
                f"{self.name}, column {best!r}: {said}. Nothing was written. Correct the list, name the column "
                "that holds the students' names in the gradebook (--match COLUMN), or leave a student out "
                "(--without STUDENT)"
            )
        return replace(self, rows=rows, identifier=best)

    def student(self, row: ListRow) -> str:
        """A student's name in the gradebook."""
        return row[self.identifier]


def _text(path: Path) -> str:
    """A file's text: UTF-8, or UTF-16 with a byte order mark. Raises NoClassList."""
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NoClassList(f"{path} is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'") from error


def _lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """The number and the cells of each line. The separator is the one in a first line such as ``sep=;``, which Excel
    writes, or else the one that splits the first line into the most columns. Raises NoClassList."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    said = SEPARATOR_LINE.fullmatch(first.strip())
    try:
        separator = said[1] if said else max(SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one))))
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
        return [(number, line) for number, line in lines if not said or "".join(line).lower() != "sep="]
    except csv.Error as error:
        raise NoClassList(f"{path} is no CSV file: {error}") from error


def _some(what: str, items: Iterable[str], most: int = 5) -> str:
    """The first of some things, and how many more there are."""
    listed = list(items)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return f"{what}{'s' if len(listed) > 1 else ''} {', '.join(listed[:most])}{more}"
