"""A task and the variants of its answers: right ones, and known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from course.errors import UserError

Parts = Mapping[str, Callable[[], Any]]
Judge = Callable[[Any, Any], Any]


class BrokenCheck(UserError):
    """A fault of a unit: its check can mark no answer, not even the reference."""

    def __init__(self, task: Task, fault: str):
        super().__init__(f"{task.unit}, {task.name}: {fault}; the fault is in the unit, not in an answer")


@dataclass(frozen=True)
class Task:
    """One graded exercise: what it is worth, what the student writes, and how it is observed.

    ``answers`` are the names that the answer defines (usually one, the task's own). ``rtol`` and
    ``atol`` bound the difference from the reference: ``|got - want| <= atol + rtol * |want|``. If a tenth of
    rtol * (the array's largest entry) is more than atol, it replaces atol. Each part may take ``seconds`` of
    processor time. ``judges`` are the unit's, by name.

    Parts share the points by their ``weights`` (1 where none is given). ``conditions`` name parts that are no merit of
    their own, such as that an input is left as it was: what is met of them counts in the proportion in which the other
    parts are right. Where ``refusing`` is part of the task, the student's stub has none of the answer's guards.
    """

    unit: str
    name: str
    points: float
    observe: Callable[[Any, Any], Parts]
    answers: tuple[str, ...]
    rtol: float = 1e-6
    atol: float = 1e-9
    seconds: float = 10.0
    weights: Mapping[str, float] = field(default_factory=dict, compare=False)
    conditions: tuple[str, ...] = ()
    refusing: bool = False
    judges: Mapping[str, Judge] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Alternative:
    """A right answer written in another way: source code that replaces one answer of a task."""

    task: str
    answer: str
    name: str
    source: str


@dataclass(frozen=True)
class Mistake(Alternative):
    """A wrong answer with a name and a hint: source code that replaces one answer of a task."""

    hint: str = ""


@dataclass(frozen=True)
class Equivalent(Alternative):
    """An answer that computes the same although a program that looks for wrong answers made it; ``name`` says why."""
