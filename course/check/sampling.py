"""Only some entries of a large array are compared. The grader draws them afterwards, so no kernel knows which.

Otherwise an answer that finds entries one by one, as nudging does, could look which ones are wanted and find only
those. The lower bits of a seed draw the inputs, and a kernel is told only these. The upper bits draw the entries.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from course.check.plain import ARRAY, MAX_DEPTH, MAX_ITEMS, size_of

BITS = 64  # how many lower bits of a seed draw the inputs
LARGE = 10_000  # entries: of an array that has more, only some are compared
DRAWN = 100
DEEPEST = 4 * MAX_DEPTH  # ``decode`` accepts no JSON that is nested deeper


def inputs_of(seed: int) -> int:
    """The part of a seed that draws inputs, which is all that a kernel may know of it."""
    return seed % 2**BITS


def sampled(observation: Any, seed: int, depth: int = 0) -> Any:
    """An observation in which some entries take the place of each large array. The observation may be any JSON."""
    if isinstance(observation, list) and len(observation) <= MAX_ITEMS and depth < DEEPEST:
        return [sampled(item, seed, depth + 1) for item in observation]
    if not isinstance(observation, dict) or depth >= DEEPEST:
        return observation
    if "sample" in observation:
        return {"opaque": "a sample of a large array, which only the grader takes"}
    if set(observation) == ARRAY:
        return _sample(observation, seed)
    return {key: sampled(value, seed, depth + 1) for key, value in observation.items()}


def _sample(array: dict[str, Any], seed: int) -> dict[str, Any]:
    try:
        size, width = size_of(array), np.dtype(array["dtype"]).itemsize
        if size <= LARGE:
            return array
        places = np.random.default_rng([seed >> BITS, size]).integers(size, size=DRAWN)
        drawn = b"".join(_bytes_at(array["data"], place * width, width) for place in places.tolist())
    except ValueError:
        return array  # it will be refused when it is decoded
    return {"dtype": array["dtype"], "shape": array["shape"], "sample": base64.b64encode(drawn).decode("ascii")}


def _bytes_at(text: str, start: int, width: int) -> bytes:
    """Some of the bytes that a long base64 text stands for: every 4 of its characters are 3 bytes."""
    first = start // 3
    some = base64.b64decode(text[4 * first : 4 * (first + width // 3 + 2)], validate=True)
    return some[start - 3 * first :][:width]
