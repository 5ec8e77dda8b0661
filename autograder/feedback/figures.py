"""What an answer gave, drawn beside what is right, for the parts that a unit's pictures name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from autograder.course import current
from autograder.feedback.drawing import draw_difference
from autograder.records import Record
from course.check import Task, Unit, Verdict
from course.check.comparing import compare
from course.check.observing import Observing
from course.check.plain import decode
from course.check.variants import scope_of
from course.figures import Compared, Picture

LONGEST_AXIS = 24  # entries along an axis that can be drawn
FACTORS = (1e-3, 1e3)  # a constant factor is mentioned if it lies between these


@dataclass(frozen=True)
class Figure:
    """A picture of a part of a task, with what it shows in words."""

    part: str
    words: str
    picture: Picture


def figure_of(unit: Unit, verdict: Verdict, record: Record) -> Figure | None:
    """The figure of the first part of a task that is wrong and can be drawn; None if there is none.

    The reference is observed with the record's seed. A part is drawn only if comparing with it still gives the reason
    that the verdict states.
    """
    task, seed = unit.tasks.get(verdict.task), record.seeds.get(verdict.task)
    observed = (record.observations or {}).get(verdict.task)
    if task is None or seed is None or not isinstance(observed, dict):
        return None
    wrong = {part.name: part.reason for part in verdict.parts if not part.right}
    for compared in compared_in(unit).get(task.name, ()):
        if compared.part in wrong and compared.part in observed:
            got, want = _plain(observed[compared.part]), _right(unit.name, task.name, seed, compared.part)
            pair = _pair(compared, got, want, task)
            if pair and compare(want, got, task).reason == wrong[compared.part]:
                words = _in_words(*pair, task)
                return Figure(compared.part, words, draw_difference(compared, *pair, _wrong(*pair, task), words))
    return None


def compared_in(unit: Unit) -> dict[str, tuple[Compared, ...]]:
    """For each task, the parts that its unit wants drawn, the most telling first."""
    name = unit.module_name("pictures")
    return getattr(importlib.import_module(name), "COMPARED", {}) if find_spec(name) else {}


@lru_cache(maxsize=64)
def _reference(unit: str, task: str, seed: int) -> Observing:
    found = current().unit(unit)
    return Observing(found.tasks[task], scope_of(found, found.tasks[task]), seed)


def _right(unit: str, task: str, seed: int, part: str) -> Any:
    expected = _reference(unit, task, seed)
    return decode(expected[part]) if part in expected else None


def _plain(observed: Any) -> Any:
    """What was observed of an answer, decoded; None if it is not plain data."""
    try:
        return decode(observed)
    except (ValueError, RecursionError):
        return None


def _pair(compared: Compared, got: Any, want: Any, task: Task) -> tuple[np.ndarray, np.ndarray] | None:
    """The first two arrays that differ, what was given and what is right; None if there are none to draw."""
    for one, right in _items(compared, got, want):
        a, b = _numbers(one), _numbers(right)
        if a is not None and b is not None and (a.shape != b.shape or _wrong(a, b, task).any()):
            return a, b
    return None


def _items(compared: Compared, got: Any, want: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of what was given and what is right: the two values, or the items that they hold under the same key."""
    given, right = _held(got, 0), _held(want, 2)
    for key in compared.item if right is not None else ():
        if given is None or right is None or set(given) != set(right):
            return
        got, want = given[key], right[key]
        given, right = _held(got, 0), _held(want, 2)
    if compared.item or right is None:
        yield got, want
    elif given is not None and list(given) == list(right) and all(map(_is_number, [*given.values(), *right.values()])):
        yield np.array(list(given.values())), np.array(list(right.values()))
    elif given is not None and set(given) == set(right):
        yield from ((given[key], right[key]) for key in right)


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf"


def _held(value: Any, most: int) -> dict[Any, Any] | None:
    """The items of a dict, a list or an array of more than ``most`` axes, by key or index; None for anything else."""
    if isinstance(value, dict):
        return value
    several = isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > most)
    return dict(enumerate(value)) if several else None


def _numbers(value: Any) -> np.ndarray | None:
    """A small array of real numbers as float64; None for everything else."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim not in (1, 2):
        return None
    return value.astype(float) if value.size >= 2 and max(value.shape) <= LONGEST_AXIS else None


def _close(got: np.ndarray, want: np.ndarray, task: Task) -> np.ndarray:
    """Which entries are right. The tolerance is at least 1e-5, more than in judging, since a drawing gives no marks."""
    with np.errstate(all="ignore"):
        return np.isclose(got, want, rtol=max(task.rtol, 1e-5), atol=max(task.atol, 1e-9), equal_nan=True)


def _wrong(got: np.ndarray, want: np.ndarray, task: Task) -> np.ndarray:
    """Which of the given entries are wrong. If the shape is wrong, all are; but of a vector of another length, the
    entries that both have are compared."""
    wrong = np.ones(got.shape, dtype=bool)
    if got.shape == want.shape:
        return ~_close(got, want, task)
    if got.ndim == want.ndim == 1:
        both = min(len(got), len(want))
        wrong[:both] = ~_close(got[:both], want[:both], task)
    return wrong


def _in_words(got: np.ndarray, want: np.ndarray, task: Task) -> str:
    """How the two arrays differ, in words, also for somebody who does not see the picture."""
    if got.ndim == want.ndim == 1 and len(got) != len(want):
        return f"Yours has {len(got)} entries, the right one {len(want)}."
    if got.shape != want.shape:
        said = f"Yours has the shape {got.shape}, the right one {want.shape}."
        if got.T.shape == want.shape and _close(got.T, want, task).all():
            return f"{said} Turned round (transposed), yours is right."
        if got.size == want.size and _close(got.reshape(want.shape), want, task).all():
            return f"{said} The numbers are right, but not their arrangement."
        return said
    wrong = _wrong(got, want, task)
    if wrong.all() and (factor := _factor(got, want, task)):
        return f"Every entry is {factor}."
    if got.ndim == 2 and got.shape == got.shape[::-1] and _close(got.T, want, task).all():
        return "Rows and columns are exchanged: yours is the transpose."
    if wrong.all():
        return f"All {wrong.size} entries differ."
    places = [str(list(map(int, place))) for place in np.argwhere(wrong)]
    listed = ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
    return f"{len(places)} of {wrong.size} entries differ: {listed}."


def _factor(got: np.ndarray, want: np.ndarray, task: Task) -> str:
    """The one factor by which all entries are wrong, in words; an empty text if there is none."""
    if not (np.isfinite(got).all() and np.isfinite(want).all() and want.any()):
        return ""
    place = np.unravel_index(int(np.argmax(np.abs(want))), want.shape)
    factor = float(got[place] / want[place])
    if not _close(got, factor * want, task).all():
        return ""
    if factor == 0:
        return "0"
    if abs(factor + 1) < 1e-6:
        return "right but for its sign"
    return f"{factor:.4g} times what it should be" if FACTORS[0] < abs(factor) < FACTORS[1] else ""
