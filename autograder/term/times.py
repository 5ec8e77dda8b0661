"""When a submission in nbgrader's exchange was handed in, by what its student cannot choose.

The name of its folder says a time, and so does ``timestamp.txt`` in it. Students can write both, and the times that
files show (mtime). They cannot choose when the file system last changed anything of the folder (ctime). Whoever changes
something makes that time later, and harms only himself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.findings import Finding
from autograder.gradebook.handed_in import HandedIn, claimed, in_words, time_of
from autograder.intake.files import IGNORED, MAX_ENTRIES, MAX_FOLDERS, STAMP, Folder, note_in

NAME, CHANGE = "the name of its folder in the exchange", "the last change to its folder in the exchange"


@dataclass(frozen=True)
class Times:
    """The times of a submission, in UTC: what its folder's name and ``timestamp.txt`` say, and its last change.

    The name counts if it is at most ``tolerance`` earlier than the last change, since handing in takes a while; or if
    it is ``believed``, since an administrator has changed or restored the files. It never counts if it is later.
    """

    folder: Path
    named: datetime
    stamped: datetime | None
    changed: datetime
    tolerance: timedelta
    believed: bool

    @property
    def student(self) -> str:
        return student_in(self.folder.name)

    @property
    def counts(self) -> datetime:
        """When it was handed in."""
        fits = self.believed or self.named >= self.changed - self.tolerance
        return min(self.named, self.changed) if fits else self.changed

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One finding if the student's times do not fit the file system's."""
        said = {"its name": self.named, f"its {STAMP}": self.stamped}
        apart = [(what, time) for what, time in said.items() if time and self._apart(time)]
        return (claimed(apart, self.changed),) if apart else ()

    def _apart(self, time: datetime) -> bool:
        early = time < self.changed - self.tolerance and not self.believed
        return early or time > self.changed + self.tolerance

    def handed_in(self) -> HandedIn:
        source = NAME if self.counts == self.named else CHANGE
        return HandedIn(in_words(self.counts), source, self.findings)


def student_in(name: str) -> str:
    """The student whom a folder of ``inbound`` names: ``<student>+<assignment>+<time>+<random>``."""
    return name.rsplit("+", 3)[0]


def time_in(name: str) -> datetime | None:
    """The time that the name of such a folder says, in UTC; None if it says none."""
    parts = name.rsplit("+", 3)
    return time_of(parts[2]) if len(parts) > 2 else None


def times_of(folder: Path, tolerance: timedelta, believed_until: datetime) -> Times | None:
    """The times of a submission in the exchange; None if its name says no time, or it cannot be looked at."""
    named, changed = time_in(folder.name), last_change(folder)
    if named is None or changed is None:
        return None
    return Times(folder, named, time_of(note_in(folder, STAMP)), changed, tolerance, changed <= believed_until)


def newest_first(times: list[Times]) -> list[Times]:
    """Submissions of one student, the newest first, by when they count as handed in.

    Names order those that came within the tolerance of the newest: what was changed or restored all at once keeps its
    order.
    """
    if not times:
        return []
    newest = max(each.counts for each in times)

    def order(each: Times) -> tuple[bool, datetime, datetime]:
        near = each.counts >= newest - each.tolerance
        return near, min(each.named, each.changed) if near else each.counts, each.changed

    return sorted(times, key=order, reverse=True)


def last_change(folder: Path) -> datetime | None:
    """When the file system last changed anything in a folder, in UTC; None if the folder cannot be read.

    Looks at what the intake looks at, and at no more.
    """
    try:
        with Folder(folder) as opened:
            latest = max(_changes(opened, 0, iter(range(MAX_ENTRIES + 2))))  # nbgrader adds two files
    except OSError:
        return None
    return datetime.fromtimestamp(latest, UTC).replace(tzinfo=None)


def _changes(folder: Folder, depth: int, budget: Iterator[int]) -> Iterator[float]:
    """When an open folder, what lies in it, and what lies in the folders within were last changed."""
    yield os.fstat(folder.descriptor).st_ctime
    inner_folders = []
    for name in folder.names():
        if name in IGNORED or next(budget, None) is None:
            continue
        with suppress(OSError):
            status = folder.status(name)
            yield status.st_ctime
            inner_folders += [name] if stat.S_ISDIR(status.st_mode) and depth < MAX_FOLDERS else []
    for name in inner_folders:
        with suppress(OSError), Folder(folder.path / name, folder) as inner:
            yield from _changes(inner, depth + 1, budget)
