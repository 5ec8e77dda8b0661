"""Symptoms: what the results of a wrong answer have in common with the right ones, and what to do about it.

They are tried where no known mistake fits. Each says what was seen, in words that are true whatever the cause, and
where to look. A symptom is told only if it holds for every wrong part that it can be told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course.check.numbers import RTOL, Pairs, close, of_numbers
from course.check.plain import Judged, Opaque, Raised, Sample, decode
from course.check.verdict import Part

if TYPE_CHECKING:
    from course.check.judging import Expected


def symptom_of(expected: Expected, got: Mapping[str, Any], parts: Sequence[Part]) -> str | None:
    """The symptom of a wrong answer, if there is one."""
    task = expected.task
    wants = {part.name: decode(expected.reference[part.name]) for part in parts}
    wrong = [part.name for part in parts if not part.right]
    results = [name for name in wrong if name not in task.conditions]
    if not results:
        return "The answer changes what it was given. Work on a copy, or put every number back."
    for look in (_of_kinds, _of_errors, _of_order, _of_structure, _of_numbers):
        if found := look([(name, wants[name], got[name]) for name in results]):
            return found
    return _of_one_part([part for part in parts if part.name not in task.conditions])


Seen = list[tuple[str, Any, Any]]

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
    "None in its place": (
        "One of the results is None: it was not computed from what it is asked for. Look at what cuts the connection."
    ),
}


def _of_kinds(seen: Seen) -> str | None:
    """Nothing, or what is no data."""
    items = [item for _, want, got in seen for _, item in _leaves(want, got)]
    if all(item is None for item in items):
        return "Nothing is returned. End the answer with a return of its result."
    if any(got is None for _, _, got in seen):
        return "For some inputs nothing is returned: one way through the answer does not end with a return."
    kinds = [item.kind for item in items if isinstance(item, Opaque)]
    told = next((kind for kind in kinds if " instead of " in kind), kinds[0] if kinds else "")
    if " instead of " in told:
        return f"The result has {told}: return all that is asked for, in that order."
    return KINDS.get(told)


MESSAGES = {
    r"operands could not be broadcast|shapes .* not aligned|mismatch in its core dimension|must match the size|"
    r"shapes cannot be multiplied|[Ii]ncompatible shapes|[Mm]atrix size-incompatible": (
        "Shapes do not fit together. Write the shape of each array beside the line; one of them needs a transposition, "
        "another order, or another axis"
    ),
    r"missing \d+ required|takes \d+ positional|unexpected keyword|got multiple values": (
        "A function is called with other arguments than it takes. Compare the call with its definition"
    ),
    r"math range error|Result too large|out of range": (
        "A number becomes larger than any float. Rewrite the formula so that exp is never taken of a large number"
    ),
    r"division by zero": "Something is divided by 0. Which input makes the denominator 0?",
    r"math domain error": "A function is asked for a value that it does not have, such as log(0)",
    r"maximum recursion depth": "The answer calls itself without an end, or too deeply: use a loop",
    r"read-only|assignment destination": "The answer writes into an array that it may not change: work on a copy",
    r"not finished after|interrupted before": (
        "The answer takes too long. Count how often it calls a function or goes through the data; once is enough"
    ),
    r"'NoneType' object": "A None is used as if it were a value: which call returned it?",
    r"only .*(length-1|0-dimensional|scalar|single-element)|truth value of an array": (
        "An array stands where one number is needed. Use functions of NumPy, or an index"
    ),
}


def _of_errors(seen: Seen) -> str | None:
    """The same error in all parts that raised one."""
    errors = [got for _, _, got in seen if isinstance(got, Raised)]
    if not errors or len({(error.kind, error.line) for error in errors}) > 1:
        return None
    error = errors[0]
    where = f" (line {error.line} of the answer)" if error.line else ""
    raised = [name for name, _, got in seen if isinstance(got, Raised)]
    often = "" if len(raised) == len(seen) else f" This happens only with: {'; '.join(raised)}."
    if error.code.startswith("raise "):
        return f"The answer refuses a valid input{where}. Look at the condition before its raise.{often}"
    if error.kind == "NameError" or error.kind == "UnboundLocalError":
        return f"A name is used that has no value there{where}: a misspelling, or a name of another cell.{often}"
    for pattern, told in MESSAGES.items():
        if re.search(pattern, error.message):
            return f"{told}{where}.{often}" if not told.endswith("?") else f"{told}{where}{often}"
    return None


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


def _of_structure(seen: Seen) -> str | None:
    """Right numbers in another shape."""
    told = set()
    for _, want, got in seen:
        for one, other in _leaves(want, got):
            if isinstance(one, np.ndarray) and not isinstance(other, Raised | Opaque | Judged):
                told.add(_shape(one, other))
    told -= {"", None}
    return told.pop() if len(told) == 1 else None


def _shape(want: np.ndarray, got: Any) -> str | None:
    if got is None:
        return (
            "A gradient is None: as far as was recorded, the result does not depend on what it is asked for. Look at "
            "what cuts the connection."
        )
    if isinstance(got, list) and len(got) == 1 and isinstance(got[0], np.ndarray) and got[0].shape == want.shape:
        return "The result has a list around it: return the item alone."
    if isinstance(got, str):
        return "A text is returned where numbers are asked for."
    if not isinstance(got, np.ndarray) or got.shape == want.shape:
        return None if isinstance(got, np.ndarray) else ""
    if want.ndim == 0:
        n = got.size
        kinds = {"sum": got.sum(), "mean": got.mean()} if n and got.dtype != bool else {}
        what = next((f" Their {name} is the right one." for name, value in kinds.items() if close(want, value)), "")
        return f"One number is asked for, and an array is returned.{what}"
    if got.size == want.size:
        if got.squeeze().shape == want.squeeze().shape:
            return f"The shape is {got.shape} instead of {want.shape}: an axis of length 1 is too many or missing."
        if got.T.shape == want.shape:
            return "The result is transposed: its axes are in another order than is asked for."
        return (
            f"The shape is {got.shape} instead of {want.shape}: reshape the result like the input that it belongs to."
        )
    if got.ndim == 0:
        return f"One number is returned, and an array of shape {want.shape} is asked for: is a sum or mean too many?"
    return f"The shape is {got.shape} instead of {want.shape}: look at the axis of each sum, mean and product."


def _of_numbers(seen: Seen) -> str | None:
    """What numbers of the right shape have in common with the right ones."""
    pairs: Pairs = []
    for _, want, got in seen:
        for one, other in _leaves(want, got):
            if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray) or one.shape != other.shape:
                return None
            if one.dtype != bool and other.dtype != bool and not close(one, other):
                pairs.append((one, other))
    return of_numbers(pairs)


def _of_one_part(parts: Sequence[Part]) -> str | None:
    """All right but little."""
    wrong, right = [part for part in parts if not part.right], [part for part in parts if part.right]
    if right and len(wrong) <= 2 and len(wrong) <= len(right):
        return f"Right except for: {'; '.join(part.name for part in wrong)}. Try the answer with such an input."
    return None
