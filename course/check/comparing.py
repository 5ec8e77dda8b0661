"""Comparing what was observed of an answer with what was observed of the reference. Both are plain data.

An answer is right only if it was compared and found equal. Anything unforeseen counts as different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.check.plain import STUB, Judged, Opaque, Raised, Sample
from course.check.task import Task

SINGLE_RTOL = 1e-5  # about 100 times the rounding of float32
OF_THE_LARGEST = 0.1  # every entry may differ by this share of the tolerance of the array's largest entry
AFTERWARDS = " afterwards"  # ends the names of inputs that are observed as a call left them
MOST_JUDGED = 20_000  # characters and numbers, the most that a unit's own judge is given
SAYING_NOTHING = {"RecursionError", "MemoryError", "TimeoutError"}
"""Exceptions whose messages say nothing about the answer, only where Python stopped or how long it waited."""


@dataclass(frozen=True)
class Comparison:
    """Whether two observations are equal, and if not, why."""

    equal: bool
    reason: str = ""


EQUAL = Comparison(True)


def differs(reason: str) -> Comparison:
    return Comparison(False, reason)


def compare(want: Any, got: Any, task: Task) -> Comparison:
    """Compare ``got``, observed of an answer, with ``want``, observed of the reference."""
    return _compare(want, got, task, _as_expected)


def alike(one: Any, other: Any, task: Task) -> bool:
    """Whether two answers did the same. Neither need be right.

    Two exceptions are the same if they have the same type and message; where the task asks for an exception, the
    type is enough. What the unit judges itself is the same if the judge comes to the same conclusion about both,
    given the inputs of ``one``.
    """
    return _compare(one, other, task, _as_before).equal


def _compare(want: Any, got: Any, task: Task, special: Callable[[Any, Any, Task], Comparison]) -> Comparison:
    if isinstance(want, Judged | Raised | Opaque) or isinstance(got, Judged | Raised | Opaque):
        return special(want, got, task)
    if isinstance(want, np.ndarray) and isinstance(got, np.ndarray):
        return _compare_arrays(want, got, task)
    if isinstance(want, Sample) and isinstance(got, Sample) and want.shape == got.shape:
        return _compare_arrays(want.values, got.values, task)
    if isinstance(want, list) and isinstance(got, list | np.ndarray) and len(want) == _length(got):
        items = enumerate(zip(want, got, strict=True))
        return _all((f"item {i}", _compare(w, _item(g), task, special)) for i, (w, g) in items)
    if isinstance(want, dict) and isinstance(got, dict) and set(want) == set(got):
        exactly = replace(task, rtol=0.0, atol=0.0)  # what was given is to be left as it was, to the last digit
        tasks = {key: exactly if key.endswith(AFTERWARDS) else task for key in want}
        return _all((key, _compare(want[key], got[key], tasks[key], special)) for key in want)
    if (want is None and got is None) or (isinstance(want, str) and isinstance(got, str) and want == got):
        return EQUAL
    return _unequal(want, got)


def _as_expected(want: Any, got: Any, task: Task) -> Comparison:
    if isinstance(want, Judged) and not isinstance(got, Raised):
        return conclusion(want, got, task)
    if isinstance(want, Raised) and want.asked:
        if isinstance(got, Raised) and got.kind != STUB and want.asked in (got.bases or (got.kind,)):
            return EQUAL
        return differs(f"expected {_a(want.asked)} to be raised, got {describe(got)}")
    return differs(str(got)) if isinstance(got, Raised) else _unequal(want, got)


def _as_before(one: Any, other: Any, task: Task) -> Comparison:
    if isinstance(one, Judged) and isinstance(other, Judged):
        same = not isinstance(one.did, Raised) and alike(one.did, other.did, task)
        same = same or conclusion(one, one, task) == conclusion(one, other, task)
        return EQUAL if same else _unequal(one, other)
    if isinstance(one, Raised) and isinstance(other, Raised) and one.kind == other.kind:
        same = bool(one.asked) or one.kind in SAYING_NOTHING or said(one) == said(other)
        return EQUAL if same else _unequal(one, other)
    same = isinstance(one, Opaque) and isinstance(other, Opaque) and one.kind == other.kind
    return EQUAL if same else _unequal(one, other)


def said(error: Raised) -> str:
    """The message without what changes every time: addresses, counters as in dense_3, data that follows in braces.

    TensorFlow's begin with the name of an operation in two pairs of braces, which says much.
    """
    name, _, rest = error.message.partition("}}") if error.message.startswith("{{") else ("", "", error.message)
    return re.sub(r"0x[0-9a-f]+|_\d+", "", name + rest.partition("{")[0])


def conclusion(want: Judged, got: Any, task: Task) -> Comparison:
    """The conclusion of the unit's own judge. It takes the inputs from ``want``, not from the answer."""
    did, judge = got.did if isinstance(got, Judged) else got, task.judges.get(want.by)
    if judge is None:
        return differs(f"{task.unit} has no judge called {want.by!r}")
    if _size(did) > MOST_JUDGED:
        return differs(f"more than {MOST_JUDGED:,} characters and numbers, too many to compare")
    try:
        with np.errstate(all="ignore"):
            found = judge(want.given, did)
    except Exception as error:
        return differs(f"got {describe(did)}, which could not be judged ({type(error).__name__}: {error})"[:500])
    return found if isinstance(found, Comparison) else differs(f"the judge {want.by} came to no conclusion")


def _size(value: Any) -> int:
    """About how many characters and numbers a value holds."""
    if isinstance(value, list | dict):
        items = value.values() if isinstance(value, dict) else value
        return len(value) + sum(map(_size, items))
    if isinstance(value, Raised):
        return len(value.message)
    if isinstance(value, Sample):
        return value.values.size
    return len(value) if isinstance(value, str) else value.size if isinstance(value, np.ndarray) else 1


def says_something(value: Any) -> bool:
    """Whether an answer must do something to equal this value. It need not if the value is None, empty or all NaN."""
    if isinstance(value, list | dict):
        return any(map(says_something, value.values() if isinstance(value, dict) else value))
    if isinstance(value, Sample):
        return says_something(value.values)
    if isinstance(value, np.ndarray):
        return bool(np.any(~np.isnan(value)))
    if isinstance(value, Raised):
        return bool(value.asked)
    return isinstance(value, Judged) or (isinstance(value, str) and value != "")


def _compare_arrays(want: np.ndarray, got: np.ndarray, task: Task) -> Comparison:
    if want.shape != got.shape or (want.dtype == bool) != (got.dtype == bool):
        return _unequal(want, got)
    if got.dtype.kind == "c" and want.dtype.kind != "c":
        return differs("expected real numbers, got complex ones")
    if want.dtype == bool:
        return _worst(want, got, want != got)
    rtol = max(task.rtol, SINGLE_RTOL) if task.rtol and got.dtype in (np.float32, np.complex64) else task.rtol
    largest = float(np.max(np.abs(want), initial=0.0, where=np.isfinite(want)))
    atol = max(task.atol, rtol * OF_THE_LARGEST * largest)
    with np.errstate(all="ignore"):
        return _worst(want, got, ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True))


def _worst(want: np.ndarray, got: np.ndarray, wrong: np.ndarray) -> Comparison:
    """Name the entry that differs most, of those marked wrong."""
    if not wrong.any():
        return EQUAL
    with np.errstate(all="ignore"):
        size = np.where(wrong, np.abs(np.subtract(got, want, dtype=complex)), -1.0)
    size = np.where(wrong & ~np.isfinite(size), np.inf, size)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), want.shape))
    at = f" at {list(place)}" if place else ""
    others = int(wrong.sum()) - 1
    more = f"; {others} more of {want.size} differ" if others else ""
    return differs(f"expected {_number(want[place])}{at}, got {_number(got[place])}{more}")


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
    if isinstance(value, Sample):
        return f"an array of shape {value.shape}"
    if isinstance(value, list):
        return f"a list of {len(value)} items"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(repr, sorted(value)))}"[:120]
    if isinstance(value, Judged):
        return describe(value.did)
    if isinstance(value, Opaque):
        return value.kind if " " in value.kind else _a(value.kind)
    return str(value)


def _unequal(want: Any, got: Any) -> Comparison:
    return differs(f"expected {describe(want)}, got {describe(got)}")


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


def _all(named: Iterable[tuple[str, Comparison]]) -> Comparison:
    """Equal if every comparison is; otherwise the first difference."""
    different = ((name, found) for name, found in named if not found.equal)
    return next((differs(f"{name}: {found.reason}") for name, found in different), EQUAL)
