"""Reproducing a verdict from its grade record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.cluster import Here, run_all
from autograder.grader import Grader
from autograder.intake import take_in
from autograder.records import Record, Records, fingerprint, versions
from course.check import Unit, Verdict


class NoRecord(LookupError):
    """The student's submission of the unit has not been graded in this course folder."""


@dataclass
class Explanation:
    """A record, the verdicts as they come out now, and what differs from the time when it was graded.

    ``ran`` says whether the submission was run again, rather than judged by what was observed then.
    """

    record: Record
    verdicts: dict[str, Verdict]
    ran: bool
    differences: list[str]

    @property
    def reproduced(self) -> bool:
        """Whether every verdict comes out as recorded."""
        return all(self.verdicts.get(task) == verdict for task, verdict in self.record.verdicts.items())


def explain(unit: Unit, student: str, course_dir: Path, submissions: Path) -> Explanation:
    """Judge a student's submission once more with the seeds of its record; run it if it is still the same.

    Raises NoRecord.
    """
    record = Records(course_dir, unit).read(student)
    if record is None:
        raise NoRecord(
            f"{course_dir} has no record of {student} in {unit.name}; grade first: autograder grade {unit.name}"
        )
    grader = Grader(unit, seeds=record.seeds, tasks=list(record.seeds), isolation=record.isolation)
    submission = take_in(unit, student, submissions / student / unit.assignment, grader.release)
    differences = _differences(record, unit)
    if submission.digest != record.digest:
        differences.append("the submission has changed since, or is gone: judged by what was observed then")
    elif submission.readable:
        with Here(unit.name, record.isolation, workers=1) as place:
            (_, came), *_ = run_all(place, iter([("", lambda: grader.job(submission))]))
        if isinstance(came, Exception):
            raise came
        return Explanation(record, grader.judge(submission, came)[0].verdicts, True, differences)
    if record.observations is None:
        differences.append("what was observed was too large to be kept")
    missing = next((part.reason for v in record.verdicts.values() for part in v.parts if not part.right), "")
    return Explanation(record, grader.verdicts(record.observations or {}, missing), False, differences)


def _differences(record: Record, unit: Unit) -> list[str]:
    """What else is different from when the record was written."""
    now = versions()
    found = [
        f"{name} was {was}, is {now.get(name, 'not installed')}"
        for name, was in record.versions.items()
        if now.get(name) != was
    ]
    if record.check != fingerprint(unit):
        found.append("the unit has changed: its checks, reference, mistakes or notebook")
    return found
