"""Small functions with which the tasks of many units write their parts."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from course.check.comparing import AFTERWARDS
from course.check.observing import NotDefined
from course.check.plain import Judged, Opaque, caught


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
    """Item ``i`` of a result that must be a tuple or list of ``of`` items.

    Where there are fewer, those that are there count. Where there are more, all count but the last that is asked for.
    A result that is no tuple or list is returned as it is, so that the verdict says what it is.
    """
    if not isinstance(result, tuple | list):
        return result
    if i >= len(result) or (i == of - 1 and len(result) > of):
        return Opaque(f"{len(result)} {'item' if len(result) == 1 else 'items'} instead of {of}")
    return Opaque("None in its place") if result[i] is None else result[i]


def first(result: Any) -> Any:
    """The first of a pair."""
    return item(result, 0, 2)


def second(result: Any) -> Any:
    """The second of a pair."""
    return item(result, 1, 2)


def afterwards(call: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """The inputs of a call as it left them: ``call`` is given copies, in this order, and its result is dropped.

    Meant for a part that is one of its task's ``conditions``.
    """
    copies = {name: deepcopy(value) for name, value in given.items()}
    call(*copies.values())
    return {f"{name}{AFTERWARDS}": value for name, value in copies.items()}


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of either sign between 0.5 and 1.5, so that no factor hides a mistake."""
    return rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)


LONG = 200_000
"""So many inputs that nudging each of them takes longer than a part may, however short a call is. An answer that goes
through them once ends at once."""


def entries(result: Any, shape: tuple[int, ...]) -> Any:
    """A long array, real numbers as float32, of which the grader will compare some entries (see ``sampling``).

    None stays None. What has another shape, or is no array, is told in words.
    """
    if result is None:
        return None
    try:
        array = np.asarray(result)
        if array.shape != shape:
            return Opaque(f"an array of shape {array.shape}")
        with np.errstate(over="ignore"):
            return array if array.dtype.kind in "bc" else array.astype(np.float32)
    except (ValueError, TypeError):
        return Opaque("no array")
