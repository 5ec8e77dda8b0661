"""Symptoms: what the results of a wrong answer have in common with the right ones, and what to do about it.

They are tried where no known mistake fits. Each says what was seen, in words that are true whatever the cause, and
where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course.check.comparing import AFTERWARDS
from course.check.expected import Expected
from course.check.failures import of_failures
from course.check.numbers import RTOL, close, of_numbers
from course.check.plain import Judged, Opaque, Raised, Sample, decode
from course.check.shapes import NONE, of_shapes
from course.check.verdict import Part

Seen = list[tuple[str, Any, Any]]
"""Wrong parts: the name of each, what was wanted, and what was got."""


def symptom_of(expected: Expected, got: Mapping[str, Any], parts: Sequence[Part]) -> str | None:
    """The symptom of a wrong answer, if there is one."""
    conditions = expected.task.conditions
    seen = [
        (part.name, decode(expected.reference[part.name]), got[part.name])
        for part in parts
        if not part.right and part.name not in conditions
    ]
    if not seen:
        return _of_conditions(expected, [part.name for part in parts if not part.right])
    returned = [one for one in seen if not isinstance(one[2], Raised)]
    raised = [(name, found) for name, _, found in seen if isinstance(found, Raised)]
    if not returned:
        return of_failures(raised, always=True)
    return (
        _of_kinds(returned, always=len(returned) == len(parts) - len(conditions))
        or _of_order(returned)
        or _of_data(returned)
        or of_failures(raised, always=False)
        or _of_few([part for part in parts if part.name not in conditions])
    )


def _of_conditions(expected: Expected, failed: list[str]) -> str:
    """All results are right, but not some conditions."""
    inputs = [name for name in failed if _observes_inputs(decode(expected.reference[name]))]
    if inputs == failed:
        return "The answer changes what it was given. Work on a copy, or put every number back."
    return f"The results are right. This is asked for too: {'; '.join(name for name in failed if name not in inputs)}."


def _observes_inputs(want: Any) -> bool:
    return isinstance(want, dict) and any(name.endswith(AFTERWARDS) for name in want)


KINDS = {
    "function": "A function is returned, not its result: call it, with brackets.",
    "method": "A method is returned, not its result: call it, with brackets.",
    "builtin_function_or_method": "A function is returned, not its result: call it, with brackets.",
    "generator": "A generator is returned, which can be gone through only once: make a list of it.",
    "map": "A map is returned, which can be gone through only once: make a list of it.",
    "zip": "A zip is returned, which can be gone through only once: make a list of it.",
    "filter": "A filter is returned, which can be gone through only once: make a list of it.",
    "set": "A set is returned, which has no order: return a list.",
    "type": "A class is returned, not an object of it: call it, with brackets.",
    "None in its place": NONE,
}


def _of_kinds(seen: Seen, always: bool) -> str | None:
    """Nothing, or what is no data. ``always``: no part returned anything else."""
    kinds = {got.kind if isinstance(got, Opaque) else "None" if got is None else "" for _, _, got in seen}
    if "None" in kinds and always and all(_is_nothing(got) for _, _, got in seen):
        return "Nothing is returned. End the answer with a return of its result."
    if "None" in kinds:
        return "For some inputs nothing is returned: one way through the answer does not end with a return."
    every = [value for _, _, got in seen for value in (got.values() if isinstance(got, dict) else [got])]
    told = next((value.kind for value in every if isinstance(value, Opaque)), "")
    if " instead of " in told:
        return f"The result has {told}: return all that is asked for, in that order."
    return KINDS.get(told)


def _is_nothing(got: Any) -> bool:
    """Whether a part observed None alone, perhaps under several names."""
    return got is None or (isinstance(got, dict) and all(value is None for value in got.values()))


def _of_order(seen: Seen) -> str | None:
    """Results that stand in each other's place."""
    for a, want_a, got_a in seen:
        for b, want_b, got_b in seen:
            if a < b and _same(want_a, got_b) and _same(want_b, got_a) and not _same(want_a, want_b):
                return f"Results are exchanged: {a} stands where {b} belongs, and the other way round."
    return None


def _same(want: Any, got: Any) -> bool:
    return (
        isinstance(want, np.ndarray)
        and isinstance(got, np.ndarray)
        and want.shape == got.shape
        and want.dtype != bool
        and bool(np.allclose(want, got, rtol=RTOL, atol=1e-9, equal_nan=True))
    )


def _leaves(want: Any, got: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of what was wanted and what was got, item by item, as far as both have the same structure."""
    if isinstance(want, dict) and isinstance(got, dict) and set(want) == set(got):
        for key in want:
            yield from _leaves(want[key], got[key])
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for one, other in zip(want, got, strict=True):
            yield from _leaves(one, other)
    elif isinstance(want, Sample) and isinstance(got, Sample) and want.shape == got.shape:
        yield want.values, got.values
    else:
        yield want, got


def _of_data(seen: Seen) -> str | None:
    """What numbers have in common with the right ones: first their shapes, then what they are."""
    pairs = [
        (one, other)
        for _, want, got in seen
        for one, other in _leaves(want, got)
        if isinstance(one, np.ndarray) and not isinstance(other, Opaque | Judged | Raised)
    ]
    if told := of_shapes(pairs):
        return told
    numbers = [(one, other) for one, other in pairs if isinstance(other, np.ndarray) and one.shape == other.shape]
    if len(numbers) < len(pairs) or any(array.dtype == bool for pair in numbers for array in pair):
        return None
    return of_numbers([(one, other) for one, other in numbers if not close(one, other)])


def _of_few(parts: Sequence[Part]) -> str | None:
    """All right but little."""
    wrong, right = [part.name for part in parts if not part.right], [part for part in parts if part.right]
    if right and len(wrong) <= 2 and len(wrong) <= len(right):
        return f"Right except for: {'; '.join(wrong)}. Try the answer with such an input."
    return None
