"""Symptoms of numbers: what those of a wrong answer have in common with the right ones, in arrays of one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Pairs = list[tuple[np.ndarray, np.ndarray]]
"""What was wanted and what was got, in arrays of one shape."""
RTOL = 1e-5
CLOSE = 0.05  # a relative difference below which results are nearly right


def of_numbers(pairs: Pairs) -> str | None:
    """The symptom that all pairs share, if there is one. Each pair differs."""
    with np.errstate(all="ignore"):
        return next((told for look in LOOKS if pairs and (told := look(pairs))), None)


def close(want: Any, got: Any) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(got, want, rtol=RTOL, atol=1e-12))


def _not_finite(pairs: Pairs) -> str | None:
    if all(np.isfinite(want).all() and not np.isfinite(got).all() for want, got in pairs):
        return (
            "NaN or infinity comes out where the right number is finite: exp of a large number, log of 0, or 0/0. "
            "Rewrite the formula so that this cannot happen."
        )
    return None


def _zero(pairs: Pairs) -> str | None:
    if sum(got.size for _, got in pairs) > 1 and all((got == 0).all() for _, got in pairs):
        return "The result is 0 everywhere: what was computed never gets into it."
    return None


def _cut(pairs: Pairs) -> str | None:
    whole = all((got == np.round(got.real)).all() and not (want == np.round(want.real)).all() for want, got in pairs)
    differ = any((got != pairs[0][1].flat[0]).any() for _, got in pairs)
    if whole and differ and all((np.abs(want - got) <= 1).all() for want, got in pairs):
        return "Numbers are cut to whole ones: the array that holds them has an integer dtype."
    return None


def _factor(pairs: Pairs) -> str | None:
    """One factor between all entries, in all parts or in each."""
    factors = []
    for want, got in pairs:
        there = np.abs(want) > 0
        ratios = (got[there] / want[there]).ravel()
        if not ratios.size or not np.allclose(ratios, ratios[0], rtol=RTOL) or (got[~there] != 0).any():
            return None
        factors.append((complex(ratios[0]).real, want))
    c = factors[0][0]
    if not all(np.isclose(f, c, rtol=RTOL) for f, _ in factors):
        if all(want.size < 2 for _, want in factors):
            return None
        return (
            "All entries are off by one factor, which differs with the input: is a number of examples, or a step, "
            "wrong or missing?"
        )
    if not any(want.size > 1 for _, want in factors) and len(factors) < 2 and c != -1:
        return None
    if np.isclose(c, -1):
        return "The sign is turned round everywhere: look for a difference taken the other way, or a minus."
    return f"The result is {c:.4g} times the right one everywhere: look for a factor that is too many or missing."


def _turned(pairs: Pairs) -> str | None:
    if all(want.ndim >= 2 and want.shape == want.T.shape and close(want.T, got) for want, got in pairs):
        return "The result is transposed: rows stand where columns belong."
    return None


def _permuted(pairs: Pairs) -> str | None:
    if all(want.size > 1 and close(np.sort(want, axis=None), np.sort(got, axis=None)) for want, got in pairs):
        backward = all(close(want.ravel()[::-1], got.ravel()) for want, got in pairs)
        return f"The right numbers stand in {'reverse' if backward else 'another'} order."
    return None


def _signs(pairs: Pairs) -> str | None:
    if all(close(np.abs(want), np.abs(got)) for want, got in pairs):
        return (
            "The numbers are right, but some signs are not. Look for an abs, a square, or a difference the other way."
        )
    return None


def _shifted(pairs: Pairs) -> str | None:
    differences = [got - want for want, got in pairs]
    if all(d.size > 1 and close(d.ravel()[0], d) for d in differences):
        return "All entries are off by the same amount: is something added or subtracted too often?"
    return None


def _nearly(pairs: Pairs) -> str | None:
    for want, got in pairs:
        if not np.allclose(got, want, rtol=CLOSE, atol=CLOSE * float(np.max(np.abs(want), initial=0))):
            return None
    return (
        "The result is close, but not the right one. Is it found by a step of finite length, rounded, or computed in "
        "less precision than float64?"
    )


def _some_entries(pairs: Pairs) -> str | None:
    share = []
    for want, got in pairs:
        right = np.isclose(got, want, rtol=RTOL, atol=1e-12)
        if want.size < 2 or not right.any():
            return None
        share.append(right)
    last = all(right.ravel()[-1] and right.sum() == 1 for right in share)
    first = all(right.ravel()[0] and right.sum() == 1 for right in share)
    if all(((got == 0) | right).all() for (_, got), right in zip(pairs, share, strict=True)):
        return "Some entries are right and the others are 0: does a loop end too early, or is its return inside it?"
    if first or last:
        which = "first" if first else "last"
        return f"Only the {which} entry is right. Is what was changed for one entry still changed for the others?"
    return "Some entries are right and others are not. Compare one of each: what is different about their inputs?"


LOOKS: tuple[Callable[[Pairs], str | None], ...] = (
    _not_finite, _zero, _turned, _permuted, _factor, _signs, _cut, _shifted, _nearly, _some_entries,
)  # fmt: skip
