"""Symptoms of results whose numbers stand in another shape than is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.check.numbers import close

NONE = (
    "A result is None where numbers are asked for. Either a return is missing there, or what it depends on was cut "
    "off, so that no gradient was recorded."
)


def of_shapes(pairs: list[tuple[np.ndarray, Any]]) -> str | None:
    """The symptom that all pairs of what was wanted and what was got share, as far as they differ in shape."""
    told: dict[str, tuple[np.ndarray, Any]] = {}
    for want, got in pairs:
        if kind := _kind(want, got):
            told.setdefault(kind, (want, got))
    if "other" in told and _always_one(pairs):
        shape = np.shape(pairs[0][1])
        return f"The result has the shape {shape}, whatever the input. Take sizes from the input; write none down."
    if len(told) != 1:
        return None
    kind, (want, got) = next(iter(told.items()))
    if kind == "array instead of number":
        names = {"sum": np.sum(got), "mean": np.mean(got)} if got.size and got.dtype != bool else {}
        right = next((f" Their {name} is the right one." for name, value in names.items() if close(want, value)), "")
        return f"One number is asked for, and an array is returned.{right}"
    return KINDS[kind].format(got=np.shape(got), want=np.shape(want))


KINDS = {
    "none": NONE,
    "list around it": "The result has a list around it. Return the item alone.",
    "complex": "Complex numbers are returned where real ones are asked for. Take the part of them that is meant.",
    "text": "A text is returned where numbers are asked for.",
    "axis of 1": "The shape is {got} instead of {want}: an axis of length 1 is too many or missing.",
    "transposed": "The result is transposed: its axes stand in another order than is asked for.",
    "flat": "The shape is {got} instead of {want}. Give the result the shape of what it belongs to.",
    "number": "One number is returned, and an array of shape {want} is asked for. Is a sum or a mean too many?",
    "one entry": (
        "The shape is {got} instead of {want}: along an axis there is one entry instead of all. Does a loop overwrite "
        "what it found before, or end too early?"
    ),
    "other": "The shape is {got} instead of {want}. Look at the axis of each sum, mean and product.",
}


def _kind(want: np.ndarray, got: Any) -> str:
    if got is None:
        return "none"
    if isinstance(got, str):
        return "text"
    if isinstance(got, list):
        alone = len(got) == 1 and isinstance(got[0], np.ndarray) and got[0].shape == want.shape
        return "list around it" if alone else ""
    if not isinstance(got, np.ndarray):
        return ""
    if got.dtype.kind == "c" and want.dtype.kind != "c":
        return "complex"
    if got.shape == want.shape:
        return ""
    if want.ndim == 0:
        return "array instead of number"
    if got.size == want.size:
        if got.squeeze().shape == want.squeeze().shape:
            return "axis of 1"
        return "transposed" if got.T.shape == want.shape else "flat"
    if got.ndim == 0:
        return "number"
    fits = got.ndim == want.ndim and all(n in (1, m) for n, m in zip(got.shape, want.shape, strict=True))
    return "one entry" if fits else "other"


def _always_one(pairs: list[tuple[np.ndarray, Any]]) -> bool:
    shapes = {np.shape(got) if isinstance(got, np.ndarray) else None for _, got in pairs}
    return len(shapes) == 1 and None not in shapes and len({want.shape for want, _ in pairs}) > 1
