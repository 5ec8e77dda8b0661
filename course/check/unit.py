"""Units and their tasks: the vocabulary in which ``course/<unit>/check.py`` and ``mistakes.py`` are written.

A task observes the answer in named parts. Each part is a function without arguments, so that a part
that raises or never ends does not affect the others::

    unit = Unit("numeric_gradient")

    @unit.task(points=2)
    def central_difference(answer, rng):
        x = rng.normal(size=(2, 3))
        return {"a sum of cubes": lambda: answer.central_difference(cubes, x.copy(), h=0.1)}

``mistakes.py`` lists wrong answers, each with a name and a hint, and right answers written in another
way. Both are code: a whole definition, or an edit of the reference::

    unit.mistake_in("central_difference", "divided by h", {"/ (2 * h)": "/ h"},
                    "x + h and x - h lie 2h apart.")

    @unit.alternative("with a loop over the entries")
    def central_difference(f, x, h=1e-5): ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import course
from course import UNITS, quiet
from course.check.sources import definition
from course.check.task import Alternative, Equivalent, Judge, Mistake, Parts, Task
from course.errors import UnknownTask, UnknownUnit


class Unit:
    """A unit's tasks, with its reference, mistakes and alternatives, which are loaded when asked for.

    ``limits`` are the limits for grading a notebook of the unit that differ from the usual ones, such as
    ``{"total_seconds": 1200}``. ``frameworks`` is for a unit whose answers must differentiate themselves: it names the
    libraries that differentiate (see ``libraries``) which they may use all the same. The others cannot be imported
    where the unit is graded. None refuses no library. ``shows`` names a module beside ``reference.py``, built on it,
    from which the lesson shows definitions too.
    """

    def __init__(
        self,
        name: str,
        limits: Mapping[str, float] | None = None,
        frameworks: tuple[str, ...] | None = None,
        shows: str = "reference",
    ):
        self.name = name
        self.number = UNITS.index(name) if name in UNITS else 0
        self.limits = dict(limits or {})
        self.frameworks, self.shows = frameworks, shows
        self.tasks: dict[str, Task] = {}
        self._judges: dict[str, Judge] = {}
        self._mistakes: list[Mistake] = []
        self._alternatives: list[Alternative] = []
        self._equivalents: list[Equivalent] = []

    @property
    def assignment(self) -> str:
        """The unit's folder in ``notebooks/``, which is also nbgrader's name for it. ``number`` is its place in the
        course."""
        return f"{self.number:02d}_{self.name}"

    @cached_property
    def folder(self) -> Path:
        """Where its files lie."""
        return Path(next(iter(importlib.import_module(f"course.{self.name}").__path__)))

    def module_name(self, name: str) -> str:
        """The full name of a module of the unit, such as ``check``."""
        return f"course.{self.name}.{name}"

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks.values())

    def task(
        self,
        points: float,
        answers: tuple[str, ...] = (),
        *,
        rtol: float = 1e-6,
        atol: float = 1e-9,
        seconds: float = 10.0,
        weights: Mapping[str, float] | None = None,
        conditions: tuple[str, ...] = (),
        refusing: bool = False,
    ) -> Callable[[Callable], Callable]:
        """Declare a task: the decorated function observes answers, and the task has its name (see ``Task``)."""

        def declare(observe: Callable[[Any, Any], Parts]) -> Callable:
            name = observe.__name__
            if name in self.tasks:
                raise ValueError(f"{self.name}: task {name} is declared twice")
            self.tasks[name] = Task(
                self.name, name, points, observe, answers or (name,), rtol, atol, seconds,
                weights or {}, conditions, refusing, self._judges,
            )  # fmt: skip
            return observe

        return declare

    def judge(self, judge: Judge) -> Judge:
        """Declare the decorated function a judge: it decides if an answer is right where more than one result is.

        It takes what was given and what the answer did, both as plain data, and returns ``EQUAL`` or
        ``differs(reason)`` of ``course.check.comparing``. It runs where marks are given, on data that a student chose,
        so it must not take long, whatever the data is.
        """
        self._judges[judge.__name__] = judge
        return judge

    def task_called(self, name: str) -> Task:
        """The task of that name. Raises UnknownTask."""
        if name not in self.tasks:
            raise UnknownTask(self.name, name, self.tasks)
        return self.tasks[name]

    def task_of(self, answer: str) -> Task:
        """The task to which an answer belongs. Raises LookupError."""
        for task in self.tasks.values():
            if answer in task.answers:
                return task
        raise LookupError(f"{self.name}: no task has an answer called {answer!r}")

    def mistake(self, name: str, hint: str) -> Callable[[Callable], Callable]:
        """Declare the decorated definition, which bears an answer's name, a known mistake."""

        def declare(wrong: Callable) -> Callable:
            answer = wrong.__name__
            self._add_mistake(answer, name, definition(wrong), hint)
            return wrong

        return declare

    def mistake_in(self, answer: str, name: str, edits: dict[str, str], hint: str) -> None:
        """Declare a known mistake as an edit of the reference: each key is replaced by its value."""
        self._add_mistake(answer, name, self._edited(answer, f"mistake {name!r}", edits), hint)

    def equivalent(self, answer: str, edits: dict[str, str], reason: str) -> None:
        """Declare an edit of the reference right: it looks wrong, but computes the same, for this reason."""
        source = self._edited(answer, f"equivalent, {reason!r}", edits)
        self._equivalents.append(Equivalent(self.task_of(answer).name, answer, reason, source))

    def _edited(self, answer: str, what: str, edits: dict[str, str]) -> str:
        self.task_of(answer)
        source = self.reference_source(answer)
        for right, wrong in edits.items():
            if source.count(right) != 1:
                raise ValueError(
                    f"{self.name}: {what}: {right!r} must stand exactly once in the reference "
                    f"of {answer}, found {source.count(right)} times"
                )
            source = source.replace(right, wrong)
        return source

    def _add_mistake(self, answer: str, name: str, source: str, hint: str) -> None:
        task = self.task_of(answer).name
        if any(known.task == task and known.name == name for known in self._mistakes):
            raise ValueError(f"{self.name}: {task} has two mistakes called {name!r}")
        self._mistakes.append(Mistake(task, answer, name, source, hint))

    def alternative(self, name: str) -> Callable[[Callable], Callable]:
        """Declare the decorated definition, which bears an answer's name, another right answer."""

        def declare(right: Callable) -> Callable:
            answer = right.__name__
            task = self.task_of(answer).name
            self._alternatives.append(Alternative(task, answer, name, definition(right)))
            return right

        return declare

    @cached_property
    def reference(self) -> ModuleType:
        """The module ``course.<unit>.reference``: the right answers."""
        return self._module("reference")

    def _module(self, name: str) -> ModuleType:
        """A module of the unit; what TensorFlow prints while it is imported is dropped."""
        with quiet.start_up():
            return importlib.import_module(self.module_name(name))

    def reference_source(self, name: str) -> str:
        """The code of one function or class of the reference, or of the module ``shows``. Raises LookupError."""
        for module in ("reference", self.shows):
            if hasattr(self._module(module), name):
                return definition(getattr(self._module(module), name))
        raise LookupError(f"{self.name}: the reference has no {name!r}")

    def sources_of(self, task: Task) -> dict[str, str]:
        """The code of the reference's answers to a task, by their names."""
        return {name: self.reference_source(name) for name in task.answers}

    def mistakes(self, task: str) -> list[Mistake]:
        """The known mistakes of a task."""
        self._module("mistakes")
        return [mistake for mistake in self._mistakes if mistake.task == task]

    def alternatives(self, task: str) -> list[Alternative]:
        """The right answers of a task that are written in another way than the reference."""
        self._module("mistakes")
        return [other for other in self._alternatives if other.task == task]

    def equivalents(self, task: str) -> list[Equivalent]:
        """The edits of a task's reference that compute the same, of the unit's ``equivalents.py``, if it has one."""
        if (self.folder / "equivalents.py").is_file():
            self._module("equivalents")
        return [other for other in self._equivalents if other.task == task]


def load(name: str) -> Unit:
    """The unit of that name, with its tasks. Raises UnknownUnit."""
    if not any(Path(place, name, "check.py").is_file() for place in course.__path__):
        raise UnknownUnit(name, UNITS)
    return importlib.import_module(f"course.{name}.check").unit
