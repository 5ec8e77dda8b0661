"""``Check``: what a notebook calls to see whether an answer is right."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

from course.check import borrowing, waiting
from course.check.expected import Expected
from course.check.failed_cells import watch
from course.check.judging import judge
from course.check.libraries import refused_of
from course.check.observing import Whole, observe
from course.check.plain import Raised, encode
from course.check.practice import PRACTICE_SEED, practised
from course.check.progress import Progress, line_html
from course.check.showing import shell_here, show
from course.check.surroundings import SURROUNDINGS, surroundings
from course.check.task import Task
from course.check.unit import load
from course.check.verdict import Verdict
from course.settings import GRADING

OBSERVATIONS = "application/vnd.gradients.observations+json"
"""The MIME type under which ``publish`` hands observations to the grader."""


class Check:
    """The checks of one unit: ``check = Check("numeric_gradient")``, then ``check("jacobian")``, or ``check.all()``.

    ``check.borrow("jacobian")`` lends an answer to somebody who is stuck.
    """

    def __init__(self, unit: str):
        self.unit = load(unit)
        watch()
        waiting.let_cells_wait(self.unit)
        self._offered = False
        self._expected: dict[str, Expected] = {}
        self._verdicts: dict[str, Verdict] = {}

    def __call__(self, task: str) -> float:
        """Show the verdict on the answer to a task, and return the points.

        The inputs come from a fixed seed; the grader draws others, so only an answer that is right
        in general keeps its points. Where notebooks are graded, nothing is compared and 0 is returned.
        Raises LookupError for a task that the unit does not have.
        """
        found = self.unit.task_called(task)
        if os.environ.get(GRADING):
            print(f"{task} is checked by the grader")
            return 0.0
        verdict = self._judge(found)
        for library in refused_of(self.unit, notebook_scope(), found.answers):
            print(f"{task} uses {library}, which cannot be imported where this unit is graded: there it earns nothing.")
        progress = Progress(self.unit, self._verdicts)
        said = [progress.so_far]
        if verdict.unanswered and not self._offered:
            said.append(borrowing.offer(found))
            self._offered = True
        show("\n".join([str(verdict), *said]), verdict._repr_html_() + "".join(map(line_html, said)))
        return verdict.points

    def borrow(self, task: str) -> None:
        """Define the reference's answers to a task in the notebook, and show their code. It costs points.

        A borrowed task earns half of its points, or the share that the course sets. An answer that the student writes
        after this call is marked in place of the borrowed one, for the same share. Raises LookupError for a task that
        the unit does not have.
        """
        borrowing.borrow(self.unit, self.unit.task_called(task), notebook_scope())

    def all(self) -> None:
        """Check every task of the unit, and show all of them in one table. No mark depends on it."""
        from tqdm import tqdm

        if os.environ.get(GRADING):
            print("all tasks are checked by the grader")
            return
        tasks, silent = self.unit.tasks.values(), shell_here() is None
        for task in tqdm(tasks, desc="checking", unit="task", leave=False, file=sys.stdout, disable=silent):
            self._judge(task)
        progress = Progress(self.unit, self._verdicts)
        show(str(progress), progress._repr_html_(), instead=True)

    def _judge(self, task: Task) -> Verdict:
        if task.name not in self._expected:
            self._expected[task.name] = practised(self.unit, task)
        share = borrowing.share_of(self.unit, task)
        if share is not None:
            borrowing.stand_in(self.unit, task, notebook_scope())
        observed = observe(task, notebook_scope(), PRACTICE_SEED)
        observed[SURROUNDINGS] = surroundings(task, notebook_scope())
        verdict = judge(self._expected[task.name], observed)
        verdict = verdict if share is None else verdict.as_borrowed(share)
        self._verdicts[task.name] = verdict
        return verdict

    def __repr__(self) -> str:
        tasks = ", ".join(self.unit.tasks)
        return f"the checks of {self.unit.name}: {tasks}"


def notebook_scope() -> dict[str, Any]:
    """The names that the running notebook has defined."""
    return vars(sys.modules["__main__"])


def publish(unit: str, task: str, seed: int) -> None:
    """Observe the answer to a task and send the observations, unjudged, to the grader that runs the notebook.

    Each part is sent as soon as it is observed. So the grader can time every part, even if an answer has switched its
    time limit off, and keeps the earlier parts if the kernel must be ended.
    """
    from IPython.display import display

    found = load(unit).tasks[task]
    if borrowing.is_lent(found):
        borrowing.stand_in(load(unit), found, notebook_scope())
    display({OBSERVATIONS: {SURROUNDINGS: surroundings(found, notebook_scope())}}, raw=True)
    observing = Whole(found, notebook_scope(), seed)
    for part in observing:
        try:
            display({OBSERVATIONS: {part: observing[part]}}, raw=True)
        except KeyboardInterrupt:
            stopped = Raised("TimeoutError", "interrupted before it had finished")
            display({OBSERVATIONS: {part: encode(stopped)}}, raw=True)
            raise
        with suppress(Exception):  # the notebook may have closed it
            sys.stdout.flush()  # waits until everything is sent: the next part may leave other threads no time
