"""Borrowing an answer: the reference's code stands in a notebook for the student's, and the task earns less.

In practice the code comes from the reference. Where notebooks are graded there is no reference: there the grader hands
over the code of the tasks that it saw borrowed (``LENT``), and of no others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from html import escape
from types import CodeType, FunctionType
from typing import Any

from course.check.plain import UNANSWERED
from course.check.showing import show
from course.check.task import Task
from course.check.unit import Unit
from course.check.variants import define
from course.check.verdict import OPEN_GREY, framed, rounded
from course.errors import UserError
from course.settings import GRADING, borrowed_share_here

LENT = "GRADIENTS_LENT"
"""Environment variable where notebooks are graded: the code that is lent, as JSON {task: {answer: code}}."""
_shares: dict[tuple[str, str], float] = {}
"""What each task that this notebook has borrowed still earns, by unit and task."""


class NotLent(UserError):
    """The grader saw no call that borrows this task."""

    def __init__(self, task: str):
        how = f'write check.borrow("{task}") in a cell, with the name of the task in quotes'
        super().__init__(f"{task} is not lent: the grader reads who borrows without running the notebook; {how}")


def borrow(unit: Unit, task: Task, scope: dict[str, Any]) -> None:
    """Say what it costs, then define the task's answers in a notebook and show their code.

    Raises WrongSetting, and NotLent where the grader lends nothing.
    """
    if os.environ.get(GRADING):
        print(f"{task.name} is borrowed")
        _define(unit, _code_of(unit, task), scope)
        return
    _shares[unit.name, task.name] = share = borrowed_share_here()
    cost = cost_of(task, share)
    show(cost, framed(OPEN_GREY, f"<strong>{escape(cost)}</strong>"))
    sources = _code_of(unit, task)
    _define(unit, sources, scope)
    code = "\n\n".join(sources.values())
    keep = f'The call stays in your notebook: the grader lends the answer where it reads check.borrow("{task.name}").'
    show(f"{code}\n{keep}", framed(OPEN_GREY, f"<pre>{escape(code)}</pre>{escape(keep)}"))


def cost_of(task: Task, share: float) -> str:
    """What borrowing a task costs, in a sentence."""
    if not task.points:
        return f"{task.name} is borrowed."
    most = f"{rounded(share * task.points)} of {rounded(task.points)} points"
    return f"{task.name} is borrowed: it earns at most {most} from now on."


def offer(task: Task) -> str:
    """What a student who is stuck can do."""
    share = borrowed_share_here()
    price = f", for {'half' if share == 0.5 else f'{share:.0%}'} of its points" if task.points else ""
    return f'Stuck? check.borrow("{task.name}") lends the answer{price}.'


def share_of(unit: Unit, task: Task) -> float | None:
    """The share of its points that a task still earns in this notebook; None if it is not borrowed."""
    return _shares.get((unit.name, task.name))


def is_lent(task: Task) -> bool:
    """Whether the grader lends the answers of a task to this notebook."""
    return task.name in _lent()


def stand_in(unit: Unit, task: Task, scope: dict[str, Any]) -> None:
    """Define the answers of a borrowed task that the notebook does not have, or that are still the released stubs."""
    sources = _code_of(unit, task)
    _define(unit, {name: code for name, code in sources.items() if is_unwritten(scope.get(name))}, scope)


def is_stub(code: CodeType) -> bool:
    """Whether a function is as it was released: it raises that the answer is still to be written."""
    return UNANSWERED in code.co_consts


def is_unwritten(answer: Any) -> bool:
    """Whether an answer is missing, or holds a stub as it was released."""
    return answer is None or any(map(is_stub, _codes_of(answer)))


def _codes_of(answer: Any) -> Iterator[CodeType]:
    for member in vars(answer).values() if isinstance(answer, type) else [answer]:
        function = member.__func__ if isinstance(member, staticmethod | classmethod) else member
        if isinstance(function, FunctionType):
            yield function.__code__


def _lent() -> dict[str, dict[str, str]]:
    return json.loads(os.environ.get(LENT, "{}")) if os.environ.get(GRADING) else {}


def _code_of(unit: Unit, task: Task) -> dict[str, str]:
    """The code of each answer of a task. Raises NotLent."""
    if not os.environ.get(GRADING):
        return unit.sources_of(task)
    if not is_lent(task):
        raise NotLent(task.name)
    return _lent()[task.name]


def _define(unit: Unit, sources: dict[str, str], scope: dict[str, Any]) -> None:
    for name, code in sources.items():
        define(code, f"<{unit.name}: {name}, borrowed>", scope)
