"""Libraries that differentiate: which ones a unit's answers may use, and which ones an answer uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

FRAMEWORKS = {
    "aesara": (),
    "algopy": (),
    "autograd": (),
    "casadi": (),
    "chainer": (),
    "jax": ("jaxlib", "flax", "equinox", "numpyro"),
    "mindspore": (),
    "mpmath": (),
    "mxnet": (),
    "numdifftools": (),
    "paddle": (),
    "pyadolc": ("adolc",),
    "pytensor": (),
    "sympy": ("mpmath",),
    "symengine": (),
    "tensorflow": ("keras", "tf_keras"),
    "theano": (),
    "tinygrad": (),
    "micrograd": (),
    "torch": ("functorch", "torchgen", "torchvision", "sympy", "mpmath"),
}
"""Each library with the packages that belong to it or that it needs."""


def refused_libraries(unit: Any) -> frozenset[str]:
    """The packages that cannot be imported while a unit's answers are graded.

    If the unit's ``frameworks`` is None, there are none. Otherwise, its answers must differentiate themselves: these
    are all packages that would do it for them, except those that the unit names.
    """
    if unit.frameworks is None:
        return frozenset()
    every = {package for name, others in FRAMEWORKS.items() for package in (name, *others)}
    own = {package for name in unit.frameworks for package in (name, *FRAMEWORKS[name])}
    return frozenset(every - own)


def refused_parts(unit: Any) -> tuple[str, ...]:
    """The modules that cannot be imported, although the rest of their library can: they differentiate functions, losses
    and layers."""
    if unit.frameworks is None:
        return ()
    return "scipy.differentiate", "sklearn._loss", "sklearn.linear_model", "sklearn.neural_network"


def refused_of(unit: Any, scope: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """The refused libraries that the answers called ``names`` use, directly or through functions of the notebook."""
    refused, found, seen = refused_libraries(unit), set(), set()
    waiting = [code for name in names for code in _codes(scope.get(name))]
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for name in code.co_names:
            thing = scope.get(name)
            home = getattr(thing, "__module__", None) or getattr(thing, "__name__", None)
            found |= {name.partition(".")[0], str(home).partition(".")[0]} & refused
            waiting += _codes(thing)
    return sorted(found)


def _codes(thing: Any) -> Iterator[CodeType]:
    """The code of a function, or of the methods of a class."""
    for one in vars(thing).values() if isinstance(thing, type) else (thing,):
        code = getattr(getattr(one, "__func__", one), "__code__", None)
        if isinstance(code, CodeType):
            yield code
