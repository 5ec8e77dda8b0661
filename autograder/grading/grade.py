"""The pipeline: submission -> intake -> execute -> judge -> verdicts -> gradebook."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.findings import Finding, Odd
from autograder.gradebook.database import NoGradebook
from autograder.gradebook.writer import GradebookWriter, Outcome
from autograder.grading.grader import Graded, Grader
from autograder.intake import NoSubmissions, Submission, find_submissions, take_in
from autograder.records import Records
from autograder.running.execute import Execution
from autograder.running.job import Job
from autograder.running.runner import Runner
from autograder.running.workers import Here, Place
from autograder.sandbox import bubblewrap
from autograder.texts import reason
from course.check import Unit, Verdict

Marks = dict[str, dict[str, dict[str, Any]]]
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class DiskFull(UserError):
    """The disk has no room for results."""


@dataclass
class Grading:
    """What to grade, from where, into which course folder, and how.

    ``only`` names students and ``tasks`` names tasks; empty stands for all. ``again`` grades submissions too that
    have not changed since they were graded. ``every_cell`` runs demonstrations too that no mark depends on.
    """

    unit: Unit
    submissions: Path
    course_dir: Path
    only: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    again: bool = False
    isolation: str = bubblewrap.STRICT
    workers: int | None = None
    place: Place | None = None
    db_url: str = ""
    every_cell: bool = False

    def found(self) -> list[tuple[str, Path]]:
        """The students to grade, with the folders of their submissions. Raises NoSubmissions."""
        found = find_submissions(self.unit, self.submissions)
        missing = sorted(self.only - {student for student, _ in found})
        if missing:
            raise NoSubmissions(f"{self.submissions} holds no submission of {self.unit.name} by {', '.join(missing)}")
        return [(student, path) for student, path in found if not self.only or student in self.only]

    def where(self) -> Place:
        """Where the notebooks are run."""
        return self.place or Here(self.unit.name, self.isolation, self.workers)

    def grader(self) -> Grader:
        """The grader of this class, with new seeds. Raises UnknownTask."""
        warm = self.where().warm
        return Grader(self.unit, tasks=self.tasks, isolation=self.isolation, every_cell=self.every_cell, warm=warm)


def grade(grading: Grading) -> Iterator[tuple[int, Graded]]:
    """Grade a class and record it in the gradebook of the course folder.

    Yields the number of submissions with each result, as soon as it is there. A result without verdicts could not be
    graded, and a finding says why. Where a submission has not changed since it was graded, its result comes from its
    record. Raises NoSubmissions, UnknownTask, NoGradebook, Busy, DiskFull and what places raise.
    """
    found, grader = grading.found(), grading.grader()
    records = Records(grading.course_dir, grading.unit)
    with records.alone(), grading.where() as place:
        if grading.again or any(not records.path(student).exists() for student, _ in found):
            place.start()  # it takes a while; meanwhile everything else is done
        with GradebookWriter(grading.course_dir, grading.unit, grading.db_url) as gradebook:
            known = set() if grading.again else gradebook.students()
            kept = []
            for graded, outcome in outcomes(grader, place, found, records, known):
                kept += [graded.student] if graded.kept else []
                yield len(found), write(graded, outcome, gradebook, records) if outcome else graded
            gradebook.settle(kept)  # dates and penalties may have changed


def write(graded: Graded, outcome: Outcome, gradebook: GradebookWriter, records: Records) -> Graded:
    """Write a result: remove the earlier record, then write the graded notebook, the gradebook, and the new record.

    Returns the result, without verdicts if it could not be written. Raises NoGradebook, DiskFull.
    """
    try:
        records.remove(graded.student)
        gradebook.write(outcome)
        records.write(outcome.record)
    except NoGradebook:
        raise
    except Exception as error:  # one submission never stops the others
        if isinstance(error, OSError) and error.errno in FULL:
            raise DiskFull(
                f"{error.strerror}: {gradebook.root}; make room, then go on: what is graded is kept"
            ) from error
        return not_graded(graded.student, graded.findings, error)
    return graded


def outcomes(
    grader: Grader, place: Place, found: Iterable[tuple[str, Path]], records: Records, known: set[str]
) -> Iterator[tuple[Graded, Outcome | None]]:
    """Run and judge submissions, but write nothing. Yields each result, and what to write of it if it is new.

    Submissions of ``known`` students that have not changed are not run.
    """

    def jobs() -> Iterator[tuple[Graded | tuple[Grader, Submission], Callable[[], Job] | None]]:
        for student, path in found:
            submission, earlier = take_in(grader.unit, student, path, grader.release), records.read(student)
            kept = grader.kept(submission, earlier) if student in known else None
            chosen = grader.fitting(submission, earlier)
            job = partial(chosen.job, submission) if submission.readable and not kept else None
            yield kept or (chosen, submission), job

    for key, came in Runner(place, jobs()).results():
        if isinstance(key, Graded):
            yield key, None
            continue
        chosen, submission = key
        if isinstance(came, Exception):
            yield not_graded(submission.student, submission.findings, came), None
        else:
            yield judge_execution(
                chosen, submission, came or Execution("", stopped=str(submission.findings[-1])), records
            )


def judge_execution(
    grader: Grader, submission: Submission, execution: Execution, records: Records
) -> tuple[Graded, Outcome | None]:
    """A submission's result, and what to write of it, from what came of running it."""
    try:
        return grader.outcome(submission, execution, records.read(submission.student) if grader.partly else None)
    except Exception as error:  # one submission never stops the others
        return not_graded(submission.student, submission.findings, error), None


def not_graded(student: str, findings: list[Finding], error: Exception) -> Graded:
    problem = Finding(Odd.NOT_GRADED, f"{type(error).__name__}: {reason(error)}")
    return Graded(student, {}, [*findings, problem])


def marks(results: list[Graded]) -> Marks:
    """Points, mistakes and symptoms, as ``--json`` writes them and ``truth.json`` holds them."""
    return {
        result.student: {name: _mark(verdict) for name, verdict in result.verdicts.items()}
        for result in sorted(results, key=lambda result: result.student)
    }


def _mark(verdict: Verdict) -> dict[str, Any]:
    """What is told of a verdict. Only a borrowed answer has ``borrowed`` and its share of the points."""
    mark = {"points": verdict.points, "mistake": verdict.mistake, "symptom": verdict.symptom}
    return mark | {"borrowed": True, "share": verdict.share} if verdict.borrowed else mark
