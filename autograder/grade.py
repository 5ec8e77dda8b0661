"""The pipeline: submission -> intake -> execute -> judge -> verdicts -> gradebook."""

from __future__ import annotations

import multiprocessing
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.execute import Execution, Job, execute
from autograder.gradebook import GradebookWriter, write_verdicts
from autograder.intake import Finding, Submission, find_submissions, released, take_in
from course.check import Expected, Unit, Verdict, judge

SLACK = 10.0  # seconds that a check may take beyond the limits of its parts
Marks = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Graded:
    """One student's result: a verdict for each task, and what was odd. Without verdicts it was not graded."""

    student: str
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts.values())


class Grader:
    """Grades the submissions of one unit, with inputs drawn from a seed that is new and secret each run."""

    def __init__(self, unit: Unit):
        self.unit = unit
        self.release = released(unit)
        self.expected = {name: Expected(unit, task, secrets.randbits(64)) for name, task in unit.tasks.items()}

    def job(self, submission: Submission) -> Job:
        """What is to be run for a submission."""
        limits = {
            name: SLACK + task.seconds * len(self.expected[name].reference) for name, task in self.unit.tasks.items()
        }
        seeds = {name: expected.seed for name, expected in self.expected.items()}
        return Job(self.unit.name, nbformat.writes(submission.notebook), submission.folder, seeds, limits)

    def judge(self, submission: Submission, execution: Execution) -> tuple[Graded, NotebookNode]:
        """The verdicts on what was observed, and the executed notebook with the verdicts in it."""
        findings = submission.findings + [Finding(*found) for found in execution.findings]
        missing = execution.stopped or "the check could not be run"
        verdicts = {
            name: judge(expected, execution.observations.get(name), missing) for name, expected in self.expected.items()
        }
        notebook = nbformat.reads(execution.notebook, as_version=4)
        write_verdicts(notebook, verdicts)
        return Graded(submission.student, verdicts, findings), notebook


def grade(unit: Unit, folder: Path, course_dir: Path, workers: int | None = None) -> Iterator[tuple[int, Graded]]:
    """Grade every submission of a unit below ``folder`` and record it in the gradebook in ``course_dir``.

    Yields the number of submissions and one result after the other, as they are done; one that could
    not be graded has no verdicts, and a finding that says why. Raises NoSubmissions.
    """
    found = find_submissions(unit, folder)
    grader = Grader(unit)
    spawn = multiprocessing.get_context("spawn")
    with (
        GradebookWriter(course_dir) as gradebook,
        ProcessPoolExecutor(workers or os.cpu_count(), mp_context=spawn) as pool,
    ):
        gradebook.register(unit)
        submissions = (take_in(unit, student, path, grader.release) for student, path in found)
        for submission, future in _started(submissions, pool, grader):
            yield len(found), _finish(submission, future, grader, lambda s, nb: gradebook.record(unit, s, nb))


def _started(
    submissions: Iterator[Submission], pool: Executor, grader: Grader
) -> Iterator[tuple[Submission, Future[Execution]]]:
    """Start every submission and yield them as they end."""
    running: dict[Future[Execution], Submission] = {}
    for submission in submissions:
        future: Future[Execution]
        if submission.readable:
            future = pool.submit(execute, grader.job(submission))
        else:
            future = Future()
            unread = submission.findings[-1]
            future.set_result(Execution(nbformat.writes(submission.notebook), stopped=str(unread)))
        running[future] = submission
    for future in as_completed(running):
        yield running[future], future


def _finish(
    submission: Submission,
    future: Future[Execution],
    grader: Grader,
    record: Callable[[Submission, NotebookNode], None],
) -> Graded:
    try:
        graded, notebook = grader.judge(submission, future.result())
        record(submission, notebook)
    except Exception as error:  # one submission never stops the others
        problem = Finding("not graded", f"{type(error).__name__}: {error}")
        return Graded(submission.student, {}, [*submission.findings, problem])
    return graded


def marks(results: list[Graded]) -> Marks:
    """Points and mistakes, as ``--json`` writes them and ``truth.json`` holds them."""
    return {
        result.student: {
            name: {"points": verdict.points, "mistake": verdict.mistake} for name, verdict in result.verdicts.items()
        }
        for result in sorted(results, key=lambda result: result.student)
    }
