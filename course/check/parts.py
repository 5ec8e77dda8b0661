"""Small things that the tasks of many units need to write their parts."""

from __future__ import annotations

from typing import Any

import numpy as np


def first(result: Any) -> Any:
    """The first of a pair; what is no pair is returned as it is, for the verdict to name it."""
    return result[0] if is_pair(result) else result


def second(result: Any) -> Any:
    """The second of a pair; what is no pair is returned as it is."""
    return result[1] if is_pair(result) else result


def is_pair(result: Any) -> bool:
    """Whether a result is a tuple or list of two."""
    return isinstance(result, tuple | list) and len(result) == 2


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of either sign between 0.5 and 1.5, so that no factor hides a mistake."""
    return rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)


LONG = 200_000
"""So many inputs that a result found by nudging each of them is not there in a part's time, however short a call is;
an answer that goes through them once is there at once."""


def entries(result: Any, shape: tuple[int, ...], places: np.ndarray) -> Any:
    """A long array at some places, counted as if it were flat; what has another shape is told by its shape."""
    try:
        array = np.asarray(result)
    except ValueError:
        return "no array"
    return array.reshape(-1)[places] if array.shape == shape else f"an array of shape {array.shape}"
