"""Small functions with which the tasks of many units write their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.check.observing import NotDefined
from course.check.plain import Judged, caught


def raises(kind: type[Exception], call: Callable[[], Any]) -> Any:
    """Observe a call that the answer must refuse with an exception of type ``kind``, or of a type derived from it.

    Anything else that the answer returns or raises is observed too, and is wrong.
    """
    try:
        return call()
    except (NotImplementedError, NotDefined):
        raise  # there is no answer yet
    except Exception as error:
        return caught(error, asked=kind.__name__)


def judged(by: Callable[[Any, Any], Any], given: Any, did: Any) -> Judged:
    """What an answer did, where more than one result is right.

    ``by`` is a function declared with ``@unit.judge``. It decides, in the grader's own process, from what was given
    and what the answer did.
    """
    return Judged(by.__name__, given, did)


def item(result: Any, i: int, of: int) -> Any:
    """Item ``i`` of a tuple or list of length ``of``; anything else as it is, so that the verdict names it."""
    return result[i] if isinstance(result, tuple | list) and len(result) == of else result


def first(result: Any) -> Any:
    """The first of a pair."""
    return item(result, 0, 2)


def second(result: Any) -> Any:
    """The second of a pair."""
    return item(result, 1, 2)


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of either sign between 0.5 and 1.5, so that no factor hides a mistake."""
    return rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)


LONG = 200_000
"""So many inputs that nudging each of them takes longer than a part may, however short a call is. An answer that goes
through them once ends at once."""


def entries(result: Any, shape: tuple[int, ...]) -> Any:
    """A long array, real numbers as float32, of which the grader will compare some entries (see ``sampling``).

    Returns a text if the result has another shape or is no array.
    """
    try:
        array = np.asarray(result)
        if array.shape != shape:
            return f"an array of shape {array.shape}"
        with np.errstate(over="ignore"):
            return array if array.dtype.kind in "bc" else array.astype(np.float32)
    except (ValueError, TypeError):
        return "no array"
