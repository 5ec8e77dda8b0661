"""The pipeline: submission -> intake -> execute -> judge -> verdicts -> gradebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import sandbox
from autograder.cluster import Here, Place, run_all
from autograder.execute import Execution, Job
from autograder.findings import Finding
from autograder.gradebook import GradebookWriter
from autograder.grader import Graded, Grader
from autograder.intake import NoSubmissions, Submission, find_submissions, take_in
from autograder.records import Record, Records
from course.check import Unit

Marks = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Grading:
    """What to grade, from where, into which course folder, and how.

    ``only`` names students and ``tasks`` tasks; empty stands for all. ``again`` grades also what has not
    changed since it was graded; ``every_cell`` runs also the demonstrations that bear on no mark.
    """

    unit: Unit
    submissions: Path
    course_dir: Path
    only: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    again: bool = False
    isolation: str = sandbox.STRICT
    workers: int | None = None
    place: Place | None = None
    db_url: str = ""
    every_cell: bool = False

    def found(self) -> list[tuple[str, Path]]:
        """The students to grade, with their folders. Raises NoSubmissions."""
        found = find_submissions(self.unit, self.submissions)
        missing = sorted(self.only - {student for student, _ in found})
        if missing:
            raise NoSubmissions(f"{self.submissions} holds no submission of {self.unit.name} by {', '.join(missing)}")
        return [(student, path) for student, path in found if not self.only or student in self.only]


@dataclass(frozen=True)
class Outcome:
    """A submission that was run and judged, and what is to be written of it."""

    submission: Submission
    graded: Graded
    notebook: NotebookNode
    record: Record


def grade(grading: Grading) -> Iterator[tuple[int, Graded]]:
    """Grade a class and record it in the gradebook of the course folder.

    Yields the number of submissions and one result after the other, as they are done; one that could
    not be graded has no verdicts, and a finding that says why. What was graded before and has not changed is
    taken from its record. Raises NoSubmissions, UnknownTask, NoGradebook, Busy and what places raise.
    """
    found = grading.found()
    records = Records(grading.course_dir, grading.unit)
    with records.alone(), GradebookWriter(grading.course_dir, grading.db_url) as gradebook:
        gradebook.register(grading.unit)
        known = gradebook.students(grading.unit)

        for graded, outcome in outcomes(grading, found, records, known):
            yield len(found), write(outcome, gradebook, records) if outcome else graded


def write(outcome: Outcome, gradebook: GradebookWriter, records: Records) -> Graded:
    """Write a result: the graded notebook, then the gradebook, then the record."""
    try:
        gradebook.record(records.unit, outcome.submission, outcome.notebook, outcome.graded.verdicts)
        records.write(outcome.record)
    except Exception as error:  # one submission never stops the others
        return not_graded(outcome.submission, error)
    return outcome.graded


def outcomes(
    grading: Grading, found: list[tuple[str, Path]], records: Records, known: frozenset[str] | set[str] = frozenset()
) -> Iterator[tuple[Graded, Outcome | None]]:
    """Run and judge submissions, and write nothing: each result, with what is to be written if it is new.

    Of the ``known`` students, those whose submission has not changed are not run.
    """
    unit = grading.unit
    place = grading.place or Here(unit.name, grading.isolation, grading.workers)
    grader = Grader(unit, tasks=grading.tasks, isolation=grading.isolation, every_cell=grading.every_cell)
    unchanged: list[Graded] = []

    def jobs() -> Iterator[tuple[Submission, Callable[[], Job]]]:
        for student, path in found:
            submission = take_in(unit, student, path, grader.release)
            record = records.read(student)
            kept = keep(grader, submission, record) if student in known and not grading.again else None
            if kept:
                unchanged.append(kept)
            elif submission.readable:
                yield submission, partial(grader.job, submission)
            else:
                unread.append(submission)

    unread: list[Submission] = []
    waiting = jobs()
    first = next(waiting, None)
    if first:
        with place:
            grader.prepare()
            for submission, came in run_all(place, _chain(first, waiting)):
                yield judged(grader, submission, came, records)
                yield from ((graded, None) for graded in _taken(unchanged))
    yield from ((graded, None) for graded in _taken(unchanged))
    for submission in unread:
        nothing = Execution(nbformat.writes(submission.notebook), stopped=str(submission.findings[-1]))
        yield judged(grader, submission, nothing, records)


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _taken(items: list[Graded]) -> Iterator[Graded]:
    while items:
        yield items.pop(0)


def keep(grader: Grader, submission: Submission, record: Record | None) -> Graded | None:
    """The result in the record, where the submission has not changed since."""
    if record is None or record.digest != submission.digest or not set(grader.seeds) <= set(record.verdicts):
        return None
    outdated = not grader.still_holds(record, submission)
    findings = [Finding(*found) for found in record.findings]
    return Graded(submission.student, record.verdicts, findings, kept=True, outdated=outdated)


def judged(
    grader: Grader, submission: Submission, came: Execution | Exception, records: Records
) -> tuple[Graded, Outcome | None]:
    """The verdicts on what came of a submission."""
    if isinstance(came, Exception):
        return not_graded(submission, came), None
    try:
        earlier = records.read(submission.student)
        graded, notebook = grader.judge(submission, came, earlier)
        record = grader.record(submission, came, graded, earlier)
    except Exception as error:  # one submission never stops the others
        return not_graded(submission, error), None
    return graded, Outcome(submission, graded, notebook, record)


def not_graded(submission: Submission, error: Exception) -> Graded:
    problem = Finding("not graded", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return Graded(submission.student, {}, [*submission.findings, problem])


def marks(results: list[Graded]) -> Marks:
    """Points and mistakes, as ``--json`` writes them and ``truth.json`` holds them."""
    return {
        result.student: {
            name: {"points": verdict.points, "mistake": verdict.mistake} for name, verdict in result.verdicts.items()
        }
        for result in sorted(results, key=lambda result: result.student)
    }
