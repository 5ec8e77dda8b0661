"""Comparing observations: points part by part, and the name of a known mistake.

``judge`` sees plain data only. Where marks count it runs in another process than the answer, so nothing
that an answer patches or forges reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from course.check.observing import Observations, Observing, observe
from course.check.plain import Opaque, Raised, decode
from course.check.unit import Mistake, Task, Unit
from course.check.variants import scope_of
from course.check.verdict import Part, Verdict

SINGLE_RTOL = 1e-5  # about 100 times the rounding of float32


class Expected:
    """What the reference and each known mistake of a task look like when observed with one seed."""

    def __init__(self, unit: Unit, task: Task, seed: int):
        self.unit, self.task, self.seed = unit, task, seed

    @cached_property
    def reference(self) -> Observations:
        return observe(self.task, scope_of(self.unit, self.task), self.seed)

    @cached_property
    def mistakes(self) -> list[tuple[Mistake, Mapping[str, Any]]]:
        return [
            (mistake, Observing(self.task, scope_of(self.unit, self.task, mistake), self.seed))
            for mistake in self.unit.mistakes(self.task.name)
        ]


def judge(expected: Expected, observed: Any, missing: str = "this part was not reached") -> Verdict:
    """The verdict on an answer, from what was observed of it and of the reference with the same seed.

    Every part earns the same share of the points. ``observed`` may be anything: what is malformed or
    missing earns nothing; ``missing`` says why it may be.
    """
    task = expected.task
    given = observed if isinstance(observed, Mapping) else {}
    parts = []
    for name, want in expected.reference.items():
        reason = difference(decode(want), decoded(given, name), task) if name in given else missing
        parts.append(Part(name, not reason, reason))
    earned = sum(part.right for part in parts)
    points = round(task.points * earned / len(parts), 2)
    verdict = Verdict(task.name, points, task.points, tuple(parts))
    mistake = None if verdict.right or verdict.unanswered else recognise(expected, given)
    return replace(verdict, mistake=mistake.name, hint=mistake.hint) if mistake else verdict


def recognise(expected: Expected, observed: Mapping[str, Any]) -> Mistake | None:
    """The first known mistake whose observations coincide with the observed ones in every part."""
    if not set(expected.reference) <= set(observed):
        return None
    got = {name: decoded(observed, name) for name in expected.reference}
    for mistake, seen in expected.mistakes:
        if all(not difference(decode(seen[name]), got[name], expected.task) for name in got):
            return mistake
    return None


def decoded(observed: Mapping[str, Any], name: str) -> Any:
    try:
        return decode(observed[name])
    except (ValueError, RecursionError) as error:
        return Opaque(f"an unreadable observation ({error})")


def difference(want: Any, got: Any, task: Task) -> str:
    """Why ``got`` is told from ``want``, in words; an empty string when it is not."""
    if isinstance(got, Raised):
        return "" if isinstance(want, Raised) and want.kind == got.kind else str(got)
    if isinstance(want, Raised):
        return f"expected {_a(want.kind)} to be raised, got {describe(got)}"
    if isinstance(want, np.ndarray) and isinstance(got, np.ndarray):
        return _array_difference(want, got, task)
    if isinstance(want, list) and isinstance(got, list | np.ndarray) and len(want) == _length(got):
        return _first(
            (f"item {i}", difference(w, _item(g), task)) for i, (w, g) in enumerate(zip(want, got, strict=True))
        )
    if isinstance(want, dict) and isinstance(got, dict) and set(want) == set(got):
        return _first((repr(key), difference(want[key], got[key], task)) for key in want)
    if isinstance(want, str | Opaque | None) and type(want) is type(got) and want == got:
        return ""
    return f"expected {describe(want)}, got {describe(got)}"


def _array_difference(want: np.ndarray, got: np.ndarray, task: Task) -> str:
    if want.shape != got.shape:
        return f"expected {describe(want)}, got {describe(got)}"
    if (want.dtype == bool) != (got.dtype == bool):
        return f"expected {describe(want)}, got {describe(got)}"
    if want.dtype == bool:
        return _worst(want, got, want != got)
    single = got.dtype in (np.float32, np.complex64)
    rtol = max(task.rtol, SINGLE_RTOL) if single else task.rtol
    largest = np.max(np.abs(want), initial=0.0, where=np.isfinite(want))
    atol = max(task.atol, SINGLE_RTOL * 0.1 * float(largest)) if single else task.atol
    with np.errstate(all="ignore"):
        return _worst(want, got, ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True))


def _worst(want: np.ndarray, got: np.ndarray, wrong: np.ndarray) -> str:
    """Name the entry that differs most, of those marked wrong."""
    if not wrong.any():
        return ""
    with np.errstate(all="ignore"):
        size = np.where(wrong, np.abs(np.subtract(got, want, dtype=complex)), -1.0)
    size = np.where(wrong & ~np.isfinite(size), np.inf, size)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), want.shape))
    at = f" at {list(place)}" if place else ""
    others = int(wrong.sum()) - 1
    more = f"; {others} more of {want.size} differ" if others else ""
    return f"expected {_number(want[place])}{at}, got {_number(got[place])}{more}"


def describe(value: Any) -> str:
    """A value in a few words."""
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, str):
        return f"the text {value!r:.60}"
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return f"the number {_number(value[()])}" if value.dtype != bool else str(value[()])
        return f"an array of shape {value.shape}"
    if isinstance(value, list):
        return f"a list of {len(value)} items"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(repr, sorted(value)))}"[:120]
    if isinstance(value, Opaque):
        return value.kind if " " in value.kind else _a(value.kind)
    return str(value)


def _number(value: Any) -> str:
    if isinstance(value, np.bool_ | bool):
        return str(value)
    return f"{value:.7g}"


def _a(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def _length(got: Any) -> int:
    return -1 if isinstance(got, np.ndarray) and got.ndim == 0 else len(got)


def _item(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, np.generic) else value


def _first(named_reasons: Any) -> str:
    return next((f"{name}: {reason}" for name, reason in named_reasons if reason), "")
