"""Units and their tasks: the vocabulary in which ``course/<unit>/check.py`` and ``mistakes.py`` are written.

A task observes the answer in named parts. Each part is a function without arguments, so that one part
that raises or never ends leaves the others alone::

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

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from course import UNITS, quiet

Parts = Mapping[str, Callable[[], Any]]
Judge = Callable[[Any, Any], Any]


class UnknownUnit(LookupError):
    """A unit's name that is not in ``course.UNITS``."""

    def __init__(self, name: str):
        super().__init__(f"no unit is called {name!r}; the units are {', '.join(UNITS)}")


class BrokenCheck(ValueError):
    """A fault of a unit: with this check no answer can be marked, the reference neither."""

    def __init__(self, task: Task, fault: str):
        super().__init__(f"{task.unit}, {task.name}: {fault}; the fault is in the unit, not in an answer")


@dataclass(frozen=True)
class Task:
    """One graded exercise: what it is worth, what the student writes, and how it is observed.

    ``answers`` are the names that the answer defines (usually one, the task's own). ``rtol`` and
    ``atol`` bound the difference from the reference: ``|got - want| <= atol + rtol * |want|``, with a tenth of
    rtol * (the array's largest entry) for atol if that is more. ``seconds`` of processor time may each part take.
    ``judges`` are the unit's, by name.
    """

    unit: str
    name: str
    points: float
    observe: Callable[[Any, Any], Parts]
    answers: tuple[str, ...]
    rtol: float = 1e-6
    atol: float = 1e-9
    seconds: float = 10.0
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


class Unit:
    """A unit's tasks, with its reference, mistakes and alternatives, which are loaded when asked for.

    ``limits`` are bounds for grading a notebook of the unit that differ from the usual ones: fields of
    ``autograder.inside.limits.Limits``, such as ``{"total_seconds": 1200}``. ``frameworks``, where a unit is
    about differentiating oneself, are the libraries that differentiate (see ``libraries``) which its answers may use
    all the same; others cannot be imported where it is graded. None refuses no library.
    """

    def __init__(self, name: str, limits: Mapping[str, float] | None = None, frameworks: tuple[str, ...] | None = None):
        if name not in UNITS:
            raise UnknownUnit(name)
        self.name = name
        self.limits = dict(limits or {})
        self.frameworks = frameworks
        self.tasks: dict[str, Task] = {}
        self._judges: dict[str, Judge] = {}
        self._mistakes: list[Mistake] = []
        self._alternatives: list[Alternative] = []

    @property
    def assignment(self) -> str:
        """The unit's folder in ``notebooks/``, which is also nbgrader's name for it."""
        return f"{UNITS.index(self.name):02d}_{self.name}"

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
    ) -> Callable[[Callable], Callable]:
        """Declare a task; the decorated function observes it and gives it its name."""

        def declare(observe: Callable[[Any, Any], Parts]) -> Callable:
            name = observe.__name__
            if name in self.tasks:
                raise ValueError(f"{self.name}: task {name} is declared twice")
            self.tasks[name] = Task(
                self.name, name, points, observe, answers or (name,), rtol, atol, seconds, self._judges
            )
            return observe

        return declare

    def judge(self, judge: Judge) -> Judge:
        """Declare the decorated function to decide whether what an answer did is right, where more than one thing is.

        It takes what was given and what the answer did, both as plain data, and returns ``EQUAL`` or
        ``differs(reason)`` of ``course.check.comparing``. It runs where marks are given, on what a student chose, so it
        must not take long whatever that is.
        """
        self._judges[judge.__name__] = judge
        return judge

    def task_of(self, answer: str) -> Task:
        """The task to which an answer belongs."""
        for task in self.tasks.values():
            if answer in task.answers:
                return task
        raise LookupError(f"{self.name}: no task has an answer called {answer!r}")

    def mistake(self, name: str, hint: str) -> Callable[[Callable], Callable]:
        """Declare the decorated definition, which bears an answer's name, to be a known mistake."""

        def declare(wrong: Callable) -> Callable:
            answer = wrong.__name__
            self._add_mistake(answer, name, definition(wrong), hint)
            return wrong

        return declare

    def mistake_in(self, answer: str, name: str, edits: dict[str, str], hint: str) -> None:
        """Declare a known mistake as an edit of the reference: each key is replaced by its value."""
        self.task_of(answer)
        source = self.reference_source(answer)
        for right, wrong in edits.items():
            if source.count(right) != 1:
                raise ValueError(
                    f"{self.name}: mistake {name!r}: {right!r} must stand exactly once in the reference "
                    f"of {answer}, found {source.count(right)} times"
                )
            source = source.replace(right, wrong)
        self._add_mistake(answer, name, source, hint)

    def _add_mistake(self, answer: str, name: str, source: str, hint: str) -> None:
        task = self.task_of(answer).name
        if any(known.task == task and known.name == name for known in self._mistakes):
            raise ValueError(f"{self.name}: {task} has two mistakes called {name!r}")
        self._mistakes.append(Mistake(task, answer, name, source, hint))

    def alternative(self, name: str) -> Callable[[Callable], Callable]:
        """Declare the decorated definition, which bears an answer's name, to be right as well."""

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
            return importlib.import_module(f"course.{self.name}.{name}")

    def reference_source(self, name: str) -> str:
        """The code of one function or class of the reference."""
        if not hasattr(self.reference, name):
            raise LookupError(f"{self.name}: the reference has no {name!r}")
        return definition(getattr(self.reference, name))

    def mistakes(self, task: str) -> list[Mistake]:
        """The known mistakes of a task."""
        self._module("mistakes")
        return [mistake for mistake in self._mistakes if mistake.task == task]

    def alternatives(self, task: str) -> list[Alternative]:
        """The right answers of a task that are written in another way than the reference."""
        self._module("mistakes")
        return [other for other in self._alternatives if other.task == task]


def definition(thing: Any) -> str:
    """The source of a function or class, without decorators."""
    source = _class_source(thing) if isinstance(thing, type) else inspect.getsource(thing)
    source = textwrap.dedent(source)
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    return "".join(source.splitlines(keepends=True)[node.lineno - 1 :]).rstrip() + "\n"


def _class_source(thing: type) -> str:
    """The source of a class, also where a module defines several of one name: the one that holds its methods."""
    lines, _ = inspect.findsource(inspect.getmodule(thing) or thing)
    methods = [getattr(member, "__func__", member) for member in vars(thing).values()]
    numbers = [method.__code__.co_firstlineno for method in methods if inspect.isfunction(method)]
    classes = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.ClassDef)]
    for node in classes:
        holds = not numbers or node.lineno <= min(numbers) <= (node.end_lineno or 0)
        if node.name == thing.__name__ and holds:
            return "".join(lines[node.lineno - 1 : node.end_lineno])
    raise LookupError(f"no source of the class {thing.__name__} was found")


def load(name: str) -> Unit:
    """The unit of that name, with its tasks. Raises UnknownUnit."""
    if name not in UNITS:
        raise UnknownUnit(name)
    return importlib.import_module(f"course.{name}.check").unit
