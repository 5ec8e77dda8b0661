"""Grading one submission: what to run, and the verdicts on what was observed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from nbformat import NotebookNode, v4

from autograder.course import current
from autograder.findings import Finding, Findings
from autograder.gradebook.handed_in import handed_in
from autograder.gradebook.writer import Outcome, unanswered, write_verdicts
from autograder.grading.missing_names import explain_missing_names
from autograder.intake import Submission, checks_in, released
from autograder.intake.relevance import unneeded
from autograder.records import Record, fingerprint, library_versions
from autograder.running.execute import Execution
from autograder.running.job import Job, limits_for
from autograder.running.reference import observer
from autograder.sandbox import bubblewrap
from autograder.texts import shown
from course.check import Expected, Unit, Verdict, judge
from course.check.observing import WALL
from course.check.sampling import BITS

SLACK = 10.0  # seconds that a check or a part may take beyond the limits that the check itself keeps
NOT_RUN = "the check could not be run"


@dataclass
class Graded:
    """One student's result: a verdict for each task, and findings. Without verdicts it was not graded.

    ``kept``: nothing had changed since an earlier grading, whose result this is. ``outdated``: the unit's checks have
    changed since that grading. ``isolation``: how the notebook ran. ``time_from``: who says when it was handed in.
    """

    student: str
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    kept: bool = False
    outdated: bool = False
    isolation: str = ""
    time_from: str = ""

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts.values())


class Grader:
    """Grades submissions of one unit. Inputs are drawn from seeds that are new and secret for each grader.

    ``seeds``: the seeds of an earlier grading, to repeat it. ``tasks``: the tasks to grade, by default all.
    ``every_cell``: run demonstrations too that no mark depends on. ``warm``: observe the reference in a kernel of the
    unit's fork server, not in this process. Raises UnknownTask.
    """

    def __init__(
        self,
        unit: Unit,
        seeds: Mapping[str, int] | None = None,
        tasks: Collection[str] = (),
        isolation: str = bubblewrap.STRICT,
        every_cell: bool = False,
        warm: bool = False,
    ):
        for name in tasks:
            unit.task_called(name)
        self.unit, self.isolation, self.every_cell, self.warm = unit, isolation, every_cell, warm
        self.release = released(unit)
        self.limits = limits_for(unit)
        chosen = [task for task in unit.tasks.values() if not tasks or task.name in tasks]
        self.seeds = {task.name: (seeds or {}).get(task.name, secrets.randbits(2 * BITS)) for task in chosen}
        expected = observer(unit, isolation).expected if warm else partial(Expected, unit)
        self.expected = {task.name: expected(task, self.seeds[task.name]) for task in chosen}

    @cached_property
    def of_all_tasks(self) -> Grader:
        """The same grader for every task of the unit."""
        return Grader(self.unit, self.seeds, (), self.isolation, self.every_cell, self.warm)

    def running(self, every_cell: bool) -> Grader:
        """The same grader, with or without the demonstrations that no mark depends on."""
        return Grader(self.unit, self.seeds, tuple(self.seeds), self.isolation, every_cell, self.warm)

    @property
    def partly(self) -> bool:
        """Whether some tasks of the unit are left out."""
        return len(self.seeds) < len(self.unit.tasks)

    def fitting(self, submission: Submission, earlier: Record | None) -> Grader:
        """The grader for a submission: this one, or the one of all tasks.

        All marks of a submission must be of one state of it and of the unit. So if that state has changed since the
        tasks that are not chosen were graded, all tasks are graded.
        """
        return self.of_all_tasks if self.partly and earlier and not self.still_holds(earlier, submission) else self

    def job(self, submission: Submission) -> Job:
        """What to run for a submission: the cells that its marks depend on, and the checks of the chosen tasks."""
        lent = {name: self._sources(name) for name in sorted(submission.borrowed)}
        code = [source for sources in lent.values() for source in sources.values()]
        with submission.budget:
            left_out = set() if self.every_cell else unneeded(submission.notebook, self.release, code)
        left_out |= {cell.id for name, cell in checks_in(submission.notebook) if name not in self.seeds}
        cells = [{**cell, "source": ""} if cell.id in left_out else cell for cell in submission.notebook.cells]
        seconds = {
            name: SLACK + WALL * expected.task.seconds * len(expected.reference)
            for name, expected in self.expected.items()
        }
        each = {name: SLACK + WALL * expected.task.seconds for name, expected in self.expected.items()}
        text = json.dumps({**submission.notebook, "cells": cells})
        return Job(
            self.unit.name, text, self.seeds, seconds, submission.files, self.limits, self.isolation, each, lent
        )  # fmt: skip

    def _sources(self, task: str) -> dict[str, str]:
        """The code of the reference's answers to a task, which need not be one of those that are graded."""
        expected = self.expected.get(task) or self.of_all_tasks.expected[task]
        return expected.sources

    def judge(
        self, submission: Submission, execution: Execution, earlier: Record | None = None
    ) -> tuple[Graded, NotebookNode]:
        """The verdicts on what was observed, and the executed notebook with the verdicts in it.

        Verdicts on tasks that were not chosen come from the earlier record, if it is of the same submission and unit.
        """
        verdicts = self.verdicts(execution.observations, execution.stopped or NOT_RUN, submission.borrowed)
        if earlier and self.still_holds(earlier, submission):
            verdicts = earlier.verdicts | verdicts
        notebook = v4.reads(execution.notebook) if execution.notebook else submission.notebook
        sources = {cell.id: cell.source for cell in submission.notebook.cells}
        for cell in notebook.cells:
            cell.source = sources[cell.id]
        write_verdicts(notebook, verdicts)
        ran = Findings()
        for name, detail in execution.findings:
            ran.add(name, shown(detail))
        with submission.budget:
            explain_missing_names(notebook, verdicts, ran)
        came = handed_in(submission.folder, submission.stamp)
        findings = [*submission.findings, *ran.told(), *came.findings]
        graded = Graded(submission.student, verdicts, list(dict.fromkeys(findings)), isolation=self.isolation)
        return graded, notebook

    def outcome(
        self, submission: Submission, execution: Execution, earlier: Record | None = None
    ) -> tuple[Graded, Outcome]:
        """The result of a submission, and what to write of it."""
        graded, notebook = self.judge(submission, execution, earlier)
        record = self.record(submission, execution, graded, earlier)
        graded.time_from = record.time_from
        text = v4.writes(notebook) + "\n"
        return graded, Outcome(record, text, unanswered(notebook), not submission.readable, submission.secret)

    def record(
        self, submission: Submission, execution: Execution, graded: Graded, earlier: Record | None = None
    ) -> Record:
        """The record from which the verdicts can be reproduced."""
        seeds, observations = self.seeds, execution.observations
        came = handed_in(submission.folder, submission.stamp)
        if earlier and self.still_holds(earlier, submission):
            seeds, observations = earlier.seeds | seeds, (earlier.observations or {}) | observations
        return Record(
            student=submission.student,
            unit=self.unit.name,
            digest=submission.digest,
            check=fingerprint(self.unit),
            isolation=self.isolation,
            graded=datetime.now(UTC).isoformat(timespec="seconds"),
            seeds=seeds,
            verdicts=graded.verdicts,
            findings=[(finding.name, finding.detail) for finding in graded.findings],
            observations=observations,
            versions=library_versions(),
            submitted=came.time,
            time_from=came.source,
            missing=execution.stopped or NOT_RUN,
            seconds=execution.seconds,
            every_cell=self.every_cell,
        )

    def verdicts(
        self, observations: Mapping[str, Any], missing: str, borrowed: Collection[str] = ()
    ) -> dict[str, Verdict]:
        """The verdict on each task. ``missing`` says why an observation may be missing."""
        share = current().borrowed_share
        judged = {name: judge(expected, observations.get(name), missing) for name, expected in self.expected.items()}
        return {name: one.as_borrowed(share) if name in borrowed else one for name, one in judged.items()}

    def still_holds(self, record: Record, submission: Submission) -> bool:
        """Whether neither the submission nor the unit has changed since the record was written."""
        return record.digest == submission.digest and record.check == fingerprint(self.unit)

    def kept(self, submission: Submission, record: Record | None) -> Graded | None:
        """The result in the record, if it can be kept; else None.

        It can if the submission has not changed since, the record has all tasks that are asked for, and the notebook
        was confined if this grader confines.
        """
        came = handed_in(submission.folder, submission.stamp)
        if (
            record is None
            or record.digest != submission.digest
            or (record.submitted, record.time_from) != (came.time, came.source)
            or (record.isolation == bubblewrap.NONE and self.isolation != bubblewrap.NONE)
        ):
            return None
        if not set(self.seeds) <= set(record.verdicts):
            return None
        findings = [Finding(*found) for found in record.findings]
        outdated = not self.still_holds(record, submission)
        return Graded(submission.student, record.verdicts, findings, True, outdated, record.isolation, came.source)
