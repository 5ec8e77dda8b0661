"""Numbers at the limits of floating point, which tell a differentiation rule from nudging (finite differences).

A rule multiplies a tiny factor like any other number. Nudging cannot see such a factor: whatever the step, for one
weight or for all at once, real or complex, the loss keeps all its digits, even if there are a few hundred of them. So
parts contain tiny factors beside what they are about, and that share of the gradient is observed ``magnified``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.check.plain import Opaque

TINY = 2.0**-1040  # float64 has some 30 bits left there, and none for a complex step times it
SMALL = 2.0**-100  # float32 holds it and what it is divided by; real steps are lost beside it
UNLIKELY = -700.0  # the score of a class whose probability is about 1e-304, if the other scores are of ordinary size
UNLIKELY_IN_SINGLE = -70.0  # the same for a probability of about 4e-31, which float32 holds


def tiny(rng: np.random.Generator, *shape: int, unit: float = 1.0) -> np.ndarray:
    """Numbers of either sign between one and two units."""
    return rng.uniform(1, 2, size=shape) * rng.choice([-1, 1], size=shape) * unit


def is_single(result: Any) -> bool:
    """Whether numbers are float32."""
    try:
        return np.asarray(result).dtype == np.float32
    except (TypeError, ValueError, RuntimeError):
        return False


def unit_for(result: Any) -> float:
    """The smallest unit that can be used for answers whose results have the same floating-point type as this one."""
    return SMALL if is_single(result) else TINY


def unlikely_for(result: Any) -> float:
    """The lowest score that can be used for answers whose results have the same floating-point type as this one."""
    return UNLIKELY_IN_SINGLE if is_single(result) else UNLIKELY


def magnified(result: Any, unit: float, place: Any = ...) -> Any:
    """The numbers at ``place`` in an array, by default all, divided by ``unit``, so that they have ordinary size.

    None stays None. What has no real numbers there is told in words.
    """
    if result is None:
        return None
    try:
        numbers = np.asarray(np.asarray(result)[place], dtype=float)
    except (TypeError, ValueError, OverflowError, IndexError, RuntimeError):
        return Opaque("no array of real numbers with these entries")
    with np.errstate(all="ignore"):
        return (numbers / unit).astype(np.float32 if is_single(result) else float)
