"""``Check``: what a notebook calls to see whether an answer is right."""

from __future__ import annotations

import sys
from typing import Any

from course.check.judging import Expected, judge
from course.check.observing import observe
from course.check.unit import Task, load
from course.check.verdict import Verdict

PRACTICE_SEED = 1
OBSERVATIONS = "application/vnd.gradients.observations+json"
"""The MIME type under which ``publish`` hands observations to the grader."""


class Check:
    """The checks of one unit: ``check = Check("numeric_gradient")``, then ``check("jacobian")``."""

    def __init__(self, unit: str):
        self.unit = load(unit)
        self._expected: dict[str, Expected] = {}

    def __call__(self, task: str) -> float:
        """Show the verdict on the answer to a task, and return the points.

        The inputs come from a fixed seed; the grader draws others, so only an answer that is right
        in general keeps its points. Raises LookupError for a task that the unit does not have.
        """
        found = find_task(self.unit.tasks, task)
        if task not in self._expected:
            self._expected[task] = Expected(self.unit, found, PRACTICE_SEED)
        verdict = judge(self._expected[task], observe(found, notebook_scope(), PRACTICE_SEED))
        show(verdict)
        return verdict.points

    def __repr__(self) -> str:
        tasks = ", ".join(self.unit.tasks)
        return f"the checks of {self.unit.name}: {tasks}"


def find_task(tasks: dict[str, Task], name: str) -> Task:
    """The task of that name. Raises LookupError with the names that there are."""
    if name not in tasks:
        raise LookupError(f"no task is called {name!r}; the tasks are {', '.join(tasks)}")
    return tasks[name]


def notebook_scope() -> dict[str, Any]:
    """The names that the running notebook has defined."""
    return vars(sys.modules["__main__"])


def show(verdict: Verdict) -> None:
    """Display the verdict: as HTML in a notebook, as text elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(verdict)
    else:
        print(verdict)


def publish(unit: str, task: str, seed: int) -> None:
    """Observe the answer to a task and hand the observations, unjudged, to whoever runs the notebook."""
    from IPython.display import display

    observed = observe(load(unit).tasks[task], notebook_scope(), seed)
    display({OBSERVATIONS: observed}, raw=True)
