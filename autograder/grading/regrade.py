"""Grading again after a check changed, and showing how marks differ before anything is written."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from autograder.gradebook.database import Database
from autograder.gradebook.registering import require_goes_on
from autograder.gradebook.writer import GradebookWriter, Outcome
from autograder.grading.grade import Grading, outcomes, write
from autograder.grading.grader import Graded
from autograder.intake import NoSubmissions
from autograder.records import Records, fingerprint
from autograder.running.workers import Place


@dataclass(frozen=True)
class Change:
    """A student's task whose points have changed. None stands for a task that was not there. ``note`` says why it earns
    what it earns now: the known mistake, and that it is borrowed."""

    student: str
    task: str
    before: float | None
    after: float | None
    note: str = ""


class Regrading:
    """A second grading of the submissions that were graded with another state of the unit.

    Use it as a context manager: nobody else can grade in the course folder meanwhile. Raises Busy.
    ``run`` grades the submissions and keeps the results in a temporary folder. Then ``changes`` tells what ``write``
    would change. ``gone`` lists the students whose submission is no longer there.
    """

    def __init__(self, grading: Grading):
        self.grading = grading
        self.records = Records(grading.course_dir, grading.unit)
        self.changes: list[Change] = []
        self.gone: list[str] = []
        self._waiting: list[Path] = []

    def __enter__(self) -> Regrading:
        self._alone = self.records.alone()
        self._alone.__enter__()
        self._folder = TemporaryDirectory(prefix="regrading-")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._folder.cleanup()
        self._alone.__exit__(kind, error, tb)

    def affected(self) -> list[str]:
        """The students whose record is of another state of the unit; with ``again``, all students who have a record.

        Raises NoSubmissions if a student was named who has no record.
        """
        now, only = fingerprint(self.grading.unit), self.grading.only
        states = {record.student: record.check for record in self.records.all()}
        if missing := sorted(only - states.keys()):
            raise NoSubmissions(f"{self.grading.unit.name} has not been graded yet for {', '.join(missing)}")
        return [
            student
            for student, state in states.items()
            if (state != now or self.grading.again) and (not only or student in only)
        ]

    def run(self) -> Iterator[tuple[int, Graded]]:
        """Grade the affected submissions; yields their number and one result after the other.

        Raises NoSubmissions, and NoGradebook if the results could not be written."""
        require_goes_on(Database(self.grading.course_dir, self.grading.db_url), self.grading.unit)
        affected = self.affected()
        submitted = dict(Grading(self.grading.unit, self.grading.submissions, self.grading.course_dir).found())
        self.gone = [student for student in affected if student not in submitted]
        found = [(student, submitted[student]) for student in affected if student in submitted]
        with self.grading.where() as place:
            for graded, outcome in self._outcomes(place, found):
                if outcome:
                    self._waiting.append(Path(self._folder.name) / f"{len(self._waiting)}.json")
                    self._waiting[-1].write_bytes(pickle.dumps((graded, outcome)))
                    self.changes += self._changes(graded)
                yield len(found), graded

    def _outcomes(self, place: Place, found: list[tuple[str, Path]]) -> Iterator[tuple[Graded, Outcome | None]]:
        """Grade submissions, each with all cells if it was graded so before: a mark may depend on what they define."""
        whole = {record.student for record in self.records.all() if record.every_cell or self.grading.every_cell}
        grader = self.grading.grader()
        for every_cell in (False, True):
            some = [(student, path) for student, path in found if (student in whole) == every_cell]
            if some:
                yield from outcomes(grader.running(every_cell), place, some, self.records, set())

    def _changes(self, graded: Graded) -> list[Change]:
        """Where points differ from those of before."""
        record = self.records.read(graded.student)
        before = record.verdicts if record else {}
        found = []
        for task in {**before, **graded.verdicts}:
            old, new = before.get(task), graded.verdicts.get(task)
            if (old and old.points) != (new and new.points):
                points = (old.points if old else None, new.points if new else None)
                found.append(Change(graded.student, task, *points, new.note if new else ""))
        return found

    def write(self) -> list[Graded]:
        """Write the results into gradebook and records; returns those that could not be written.

        Raises NoGradebook, DiskFull."""
        with GradebookWriter(self.grading.course_dir, self.grading.unit, self.grading.db_url) as gradebook:
            waiting = (pickle.loads(path.read_bytes()) for path in self._waiting)
            written = (write(graded, outcome, gradebook, self.records) for graded, outcome in waiting)
            return [graded for graded in written if not graded.verdicts]
