"""Grading again what a changed check affects, and showing the difference before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grade import Grading, Outcome, outcomes, write
from autograder.gradebook import GradebookWriter
from autograder.grader import Graded
from autograder.records import Records, fingerprint


@dataclass(frozen=True)
class Change:
    """A task of a student whose points are others than before."""

    student: str
    task: str
    before: float | None
    after: float
    mistake: str | None


class Regrading:
    """A second grading of the submissions that were graded with another state of the unit.

    ``run`` grades them; then ``changes`` tells what ``write`` would change.
    """

    def __init__(self, grading: Grading):
        self.grading = grading
        self.records = Records(grading.course_dir, grading.unit)
        self.results: list[Graded] = []
        self._outcomes: list[Outcome] = []

    def affected(self) -> list[str]:
        """The students whose record is of another state of the unit; all that have one, where asked for."""
        now = fingerprint(self.grading.unit)
        old = [record for student in self.records.students() if (record := self.records.read(student))]
        return [
            record.student
            for record in old
            if (record.check != now or self.grading.again)
            and (not self.grading.only or record.student in self.grading.only)
        ]

    def run(self) -> Iterator[tuple[int, Graded]]:
        """Grade the affected submissions; yields their number and one result after the other. Raises NoSubmissions."""
        affected = set(self.affected())
        found = [(student, path) for student, path in self.grading.found() if student in affected]
        for graded, outcome in outcomes(self.grading, found, self.records):
            self.results.append(graded)
            if outcome:
                self._outcomes.append(outcome)
            yield len(found), graded

    def changes(self) -> list[Change]:
        """Where points differ from those of before, by student and task."""
        found = []
        for graded in sorted(self.results, key=lambda result: result.student):
            record = self.records.read(graded.student)
            before = record.verdicts if record else {}
            for task, verdict in graded.verdicts.items():
                points = before[task].points if task in before else None
                if points != verdict.points:
                    found.append(Change(graded.student, task, points, verdict.points, verdict.mistake))
        return found

    def write(self) -> list[Graded]:
        """Write the results into gradebook and records; returns those that could not be written. Raises Busy."""
        with self.records.alone(), GradebookWriter(self.grading.course_dir, self.grading.db_url) as gradebook:
            gradebook.register(self.grading.unit)
            written = [write(outcome, gradebook, self.records) for outcome in self._outcomes]
        return [graded for graded in written if not graded.verdicts]
