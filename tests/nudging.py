"""Ways to nudge: with which kind of numbers, with which steps, one entry after the other or along a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np

DIGITS = 60  # of numbers that have as many as one likes
FUNCTIONS = {
    Decimal: {"exp": Decimal.exp, "log": Decimal.ln},
    mpmath.mpf: {"exp": mpmath.exp, "log": mpmath.log},
}


def applied(name: str, z: Any) -> Any:
    """exp or log, by name, for numbers of any kind that has them."""
    z = np.asarray(z)
    if z.dtype != object:
        return getattr(np, name)(z)
    return np.frompyfunc(lambda v: FUNCTIONS[type(v)][name](v), 1, 1)(z)


def exp(z: Any) -> Any:
    return applied("exp", z)


def log(z: Any) -> Any:
    return applied("log", z)


def objects_of(kind: type) -> Callable[[Any], np.ndarray]:
    """A function that makes exact arrays of one kind of numbers from Python's and NumPy's."""
    make = np.frompyfunc(lambda v: kind(v.item() if isinstance(v, np.generic) else v), 1, 1)
    return lambda x: make(np.array(x, dtype=object))


KINDS: dict[str, Callable[[Any], np.ndarray]] = {
    "float": lambda x: np.array(x, dtype=float),
    "longdouble": lambda x: np.array(x, dtype=np.longdouble),
    "complex": lambda x: np.array(x, dtype=complex),
    **{kind.__name__: objects_of(kind) for kind in (Fraction, Decimal, mpmath.mpf)},
}


@dataclass(frozen=True)
class Way:
    """Numbers of a kind, a step, and how many times steps are halved and extrapolated (after Romberg)."""

    kind: str
    h: float
    halvings: int = 0
    forward: bool = False

    def __str__(self) -> str:
        name = "forward" if self.forward else "Romberg" if self.halvings > 1 else "Richardson" if self.halvings else ""
        return f"{self.kind}{' ' + name if name else ''} {self.h:g}"

    def numbers(self, x: Any) -> Any:
        """Numbers of this kind."""
        made = KINDS[self.kind](x)
        return made if np.ndim(x) else np.asarray(made)[()]

    def along(self, f: Callable[[Any], Any]) -> np.ndarray:
        """The derivative at 0 of f, which takes one number and returns numbers."""
        with np.errstate(all="ignore"), mpmath.workdps(DIGITS), localcontext(prec=DIGITS):
            return np.array(self._along(f), dtype=float)

    def _along(self, f: Callable[[Any], Any]) -> Any:
        h = self.numbers(self.h)
        if self.kind == "complex":
            return np.imag(f(1j * self.h)) / self.h
        if self.forward:
            return (f(h) - f(0 * h)) / h
        columns = [(f(h / 2**k) - f(-h / 2**k)) / (2 * h / 2**k) for k in range(self.halvings + 1)]
        for level in range(1, self.halvings + 1):
            columns = [(4**level * b - a) / (4**level - 1) for a, b in pairwise(columns)]
        return columns[0]

    def each(self, f: Callable[[Any], Any], x: Any) -> np.ndarray:
        """The gradient of a number f(x) by an array, whose entries are nudged one after the other."""
        x = self.numbers(np.asarray(x))
        gradient = np.zeros(x.shape)

        def nudged(i: tuple[int, ...]) -> Callable[[Any], Any]:
            def at(step: Any) -> Any:
                moved = x.copy()
                moved[i] = moved[i] + step
                return f(moved)

            return at

        for i in np.ndindex(x.shape):
            gradient[i] = self.along(nudged(i))
        return gradient


REAL = [
    *(Way("float", 10.0**-n) for n in (2, 4, 5, 6, 8, 10)),
    Way("float", 1e-7, forward=True),
    Way("float", 1e-3, halvings=1),
    Way("float", 1e-1, halvings=4),
    Way("longdouble", 1e-7),
]
WHOLE = [Way("float", 1.0), Way("float", 2.0**40)]  # exact where a function is linear
COMPLEX = [Way("complex", h) for h in (1e-8, 1e-20, 1e-30, 1e-100)]
EXACT = [Way("Fraction", 1.0), Way("Fraction", 2.0**-60), Way("Decimal", 1e-20), Way("mpf", 1e-20)]
WAYS = [*REAL, *WHOLE, *COMPLEX, *EXACT]
