"""Reproducing a verdict from its grade record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UserError
from autograder.grading.grader import Grader
from autograder.intake import Submission, take_in
from autograder.records import Record, Records, can_name_a_file, differing_versions, fingerprint, library_versions
from autograder.running.execute import Execution
from autograder.running.runner import Runner
from autograder.running.workers import Here
from autograder.sandbox import bubblewrap, provisioner
from autograder.texts import reason
from course.check import Unit, Verdict


class NoRecord(UserError):
    """The student's submission of the unit has not been graded in this course folder."""


@dataclass
class Explanation:
    """A record, the verdicts as they come out now, and what is not as it was at the time of grading.

    ``ran``: the submission was run again. Otherwise it was judged by what was observed then.
    """

    record: Record
    verdicts: dict[str, Verdict]
    ran: bool
    differences: list[str]

    @property
    def reproduced(self) -> bool:
        """Whether every verdict comes out as recorded."""
        return all(self.verdicts.get(task) == verdict for task, verdict in self.record.verdicts.items())


def explain(
    unit: Unit, student: str, course_dir: Path, submissions: Path, isolation: str = bubblewrap.STRICT
) -> Explanation:
    """Judge a student's submission again, with the seeds of its record. Run it if it is still the same.

    Raises NoRecord.
    """
    records = Records(course_dir, unit)
    record = records.read(student)
    if record is None:
        broken = records.path(student).exists()
        what = "cannot be read; grade again" if broken else "does not exist; grade first"
        raise NoRecord(f"the record of {student} in {unit.name} in {course_dir} {what}: autograder grade {unit.name}")
    tasks = [task for task in record.seeds if task in unit.tasks]
    grader = Grader(unit, record.seeds, tasks, isolation, record.every_cell, provisioner.can_be_warm())
    differences = differing_versions(record.versions, library_versions())
    if record.check != fingerprint(unit):
        differences.append("the unit has changed: its checks, reference, mistakes, notebook or borrowed_share")
    if record.isolation != isolation:
        differences.append(f"isolation was {record.isolation}, is {isolation}")

    submission = _same_submission(grader, record, submissions)
    if submission is None:
        differences.append("the submission has changed since, or is gone: judged by what was observed then")
    elif submission.readable:
        came = _run(grader, submission)
        if isinstance(came, Execution):
            return Explanation(record, grader.judge(submission, came)[0].verdicts, True, differences)
        differences.append(f"it could not be run ({reason(came)}): judged by what was observed then")
    if record.observations is None:
        differences.append("what was observed was too large to be kept")
    borrowed = [task for task, verdict in record.verdicts.items() if verdict.borrowed]
    verdicts = grader.verdicts(record.observations or {}, record.missing, borrowed)
    return Explanation(record, verdicts, False, differences)


def _same_submission(grader: Grader, record: Record, submissions: Path) -> Submission | None:
    """The submission that was graded; None if it has changed or is gone."""
    if not can_name_a_file(record.student):
        return None
    folder = submissions / record.student / grader.unit.assignment
    submission = take_in(grader.unit, record.student, folder, grader.release)
    return submission if submission.digest == record.digest else None


def _run(grader: Grader, submission: Submission) -> Execution | Exception:
    with Here(grader.unit.name, grader.isolation, workers=1) as place:
        (_, came), *_ = Runner(place, iter([("", lambda: grader.job(submission))])).results()
        return came or RuntimeError("it was not run")
