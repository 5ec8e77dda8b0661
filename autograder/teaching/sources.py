"""What is written by hand: ``objectives.toml``, ``plans.toml``, ``routes.toml`` and ``exam_*.toml`` of one folder.

A file that is not there holds nothing, so a course of one's own has a pack without writing any.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import UserError

FOLDER = Path("docs/teaching/source")
"""Where the files lie in the folder of a course."""


class WrongSource(UserError):
    """A file of the teaching pack that cannot be read, or does not fit the lessons."""


@dataclass(frozen=True)
class Aim:
    """An objective of a unit. ``says`` are words by which it is found in the lesson; ``tasks`` serve it."""

    unit: str
    name: str
    says: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What to do in a lesson of some minutes: steps, each with its minutes."""

    unit: str
    minutes: int
    steps: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Route:
    """A way through the course: the units of each week. ``without`` are libraries that no unit of it imports."""

    name: str
    why: str
    weeks: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()

    @property
    def units(self) -> list[str]:
        return [unit for week in self.weeks for unit in week]


@dataclass(frozen=True)
class ExamQuestion:
    """A question of an exam. ``proof`` is code that fails where question or answer claim what is not so; ``fails``
    names the error that the question's own code raises, if it does."""

    part: str
    title: str
    unit: str
    objective: str
    points: int
    minutes: int
    text: str
    answer: str
    proof: str = ""
    fails: str = ""


@dataclass(frozen=True)
class Sources:
    """All that was written by hand."""

    aims: tuple[Aim, ...]
    plans: tuple[Plan, ...]
    routes: tuple[Route, ...]
    exam: tuple[ExamQuestion, ...]


def read_sources(folder: Path) -> Sources:
    """What the files of a folder hold. Raises WrongSource."""
    objectives, plans = folder / "objectives.toml", folder / "plans.toml"
    return Sources(
        tuple(_entry(objectives, Aim, unit=unit, name=name, **said)
              for unit, named in _load(objectives).items() for name, said in named.items()),
        tuple(_entry(plans, Plan, unit=unit, minutes=int(minutes), steps=[(step[0], step[1]) for step in steps])
              for unit, lessons in _load(plans).items() for minutes, steps in lessons.items()),
        tuple(_entry(folder / "routes.toml", Route, **said)
              for said in _load(folder / "routes.toml").get("route", [])),
        tuple(_entry(path, ExamQuestion, part=said["title"], **question)
              for path in sorted(folder.glob("exam_*.toml")) for said in [_load(path)]
              for question in said["question"]),
    )  # fmt: skip


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WrongSource(f"{path}: {error}") from error


Made = TypeVar("Made")


def _entry(path: Path, make: Callable[..., Made], **said: Any) -> Made:
    """One entry of a file. Raises WrongSource if a key is missing, or is none."""
    try:
        return make(**{key: _frozen(value) for key, value in said.items()})
    except TypeError as error:
        raise WrongSource(f"{path}: {said.get('title') or said.get('name') or said.get('unit')}: {error}") from error


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return value.strip() if isinstance(value, str) else value
