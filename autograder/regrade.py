"""Grading again what a changed check affects, and showing the difference before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from autograder.database import Database
from autograder.grade import Grading, outcomes, write
from autograder.gradebook import GradebookWriter, Outcome
from autograder.grader import Graded
from autograder.intake import NoSubmissions
from autograder.places import Place
from autograder.records import Records, fingerprint
from autograder.registering import require_same


@dataclass(frozen=True)
class Change:
    """A task of a student whose points are others than before; None stands for a task that was not there."""

    student: str
    task: str
    before: float | None
    after: float | None
    mistake: str | None = None


class Regrading:
    """A second grading of the submissions that were graded with another state of the unit. Use it as a context manager:
    meanwhile nobody else grades in the course folder. Raises Busy.

    ``run`` grades them; then ``changes`` tells what ``write`` would change. Until then results wait in a temporary
    folder. ``gone`` lists the students whose submission is no longer there.
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
        """The students whose record is of another state of the unit; all that have one, where asked for.

        Raises NoSubmissions where a student was named who has no record."""
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
        require_same(Database(self.grading.course_dir, self.grading.db_url), self.grading.unit)
        affected = self.affected()
        submitted = dict(Grading(self.grading.unit, self.grading.submissions, self.grading.course_dir).found())
        self.gone = [student for student in affected if student not in submitted]
        found = [(student, submitted[student]) for student in affected if student in submitted]
        with self.grading.where() as place:
            for graded, outcome in self._outcomes(place, found):
                if outcome:
                    self._waiting.append(Path(self._folder.name) / f"{len(self._waiting)}.json")
                    self._waiting[-1].write_text(outcome.to_json(), encoding="utf-8")
                    self.changes += self._changes(graded)
                yield len(found), graded

    def _outcomes(self, place: Place, found: list[tuple[str, Path]]) -> Iterator[tuple[Graded, Outcome | None]]:
        """Grade submissions, each with all cells if it was graded so before: what they define may bear on a mark."""
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
                found.append(Change(graded.student, task, *points, new.mistake if new else None))
        return found

    def write(self) -> list[Graded]:
        """Write the results into gradebook and records; returns those that could not be written.

        Raises NoGradebook, DiskFull."""
        with GradebookWriter(self.grading.course_dir, self.grading.unit, self.grading.db_url) as gradebook:
            written = (
                write(Outcome.from_json(path.read_text(encoding="utf-8")), gradebook, self.records)
                for path in self._waiting
            )
            return [graded for graded in written if not graded.verdicts]
