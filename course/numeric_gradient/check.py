"""The tasks of unit 1. A large step, h = 0.1, makes the error of each method part of what is observed."""

from functools import partial

import numpy as np

from course.check import Unit
from course.check.parts import afterwards, away_from_zero

unit = Unit("numeric_gradient")


def mixed(v):
    """A smooth function in which every entry of v interacts with every other; its gradient has both signs."""
    weights = np.resize([1.0, -2.0, 3.0, -4.0, 5.0], v.shape)
    return ((weights * v).sum() + 50) ** 2 + (v**3).sum()


def staged(v):
    """(x + y)·z, the function of the lesson."""
    return (v[0] + v[1]) * v[2]


KEPT = "x is left as it was"


def gradient_parts(gradient, rng):
    """The parts for both finite differences: any shape, any step, x untouched."""
    vector, matrix = rng.normal(size=4), rng.normal(size=(2, 3))
    point = rng.uniform(0.01, 0.05, size=3)  # so small that a step of 1e-5 that is not undone is seen even in float32
    whole = rng.integers(1, 6, size=3)
    kept = rng.normal(size=(6, 7))  # so many numbers that adding a step and subtracting it again changes some
    return {
        "(x + y)·z with the usual step": lambda: gradient()(staged, point.copy()),
        "a vector, h = 0.1": lambda: gradient()(mixed, vector.copy(), 0.1),
        "a 2 by 3 array, h = 0.1": lambda: gradient()(mixed, matrix.copy(), 0.1),
        "whole numbers": lambda: gradient()(mixed, whole.copy(), 0.1),
        KEPT: lambda: afterwards(lambda x: gradient()(mixed, x, 0.1), x=kept),
    }


@unit.task(points=1.5, conditions=(KEPT,))
def forward_difference(answer, rng):
    return gradient_parts(lambda: answer.forward_difference, rng)


@unit.task(points=2, conditions=(KEPT,))
def central_difference(answer, rng):
    return gradient_parts(lambda: answer.central_difference, rng)


@unit.task(points=1.5, conditions=(KEPT,))
def complex_step(answer, rng):
    vector, matrix, kept = rng.normal(size=4), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))

    def waves(v):
        """Its gradient has both signs."""
        signs = np.resize([1.0, -1.0], v.shape)
        return np.exp(signs * v).sum() * np.sinh(signs * v / 4).sum() + (signs * v**3).sum() + (100 * signs * v).sum()

    return {
        "a vector, to full precision": lambda: answer.complex_step(waves, vector.copy()),
        "a 2 by 3 array, h = 0.1": lambda: answer.complex_step(waves, matrix.copy(), 0.1),
        "every entry meets every other": lambda: answer.complex_step(mixed, vector.copy(), 0.1),
        KEPT: lambda: afterwards(lambda x: answer.complex_step(waves, x, 0.1), x=kept),
    }


@unit.task(points=1)
def relative_error(answer, rng):
    a = rng.uniform(1, 2, size=(2, 3)) * [[1, -1, 1], [-1, 1, -1]]
    b = a * rng.uniform(1.1, 1.2, size=(2, 3))
    a[0, 0] = rng.uniform(0.01, 0.02)
    b[0, 0] = a[0, 0] * rng.uniform(1.8, 2.5)  # the largest relative error stands at the smallest numbers
    small, factor = rng.uniform(1, 2, size=3) * 1e-300, rng.uniform(2, 4)
    zeros = np.outer(rng.uniform(1, 2) * np.array([1, rng.uniform(1.3, 1.8)]), np.eye(3)[rng.integers(3)])
    near = rng.uniform(1, 1.2) * np.array([1, 2])
    far = near * [1.1, rng.uniform(1.3, 1.8)]
    two = [float(number) for number in rng.uniform([3, 2], [4, 2.9])]
    half = near * [0, 1]

    def error(one, other):
        return answer.relative_error(one.copy(), other.copy())

    def both_ways():
        return {"a, b": error(a, b), "b, a": error(b, a)}

    def both_signs():
        return {"opposite signs": error(far, -near), "the same signs": error(far, near)}

    def with_zeros():
        return {
            "0 beside 0, and other numbers": error(*zeros),
            "a number beside 0": error(near, half),
            "zeros alone": error(np.zeros(3), np.zeros(3)),
        }

    return {
        "two arrays, in either order": both_ways,
        "opposite signs, then the same": both_signs,
        "very small numbers": lambda: error(small, factor * small),
        "zeros": with_zeros,
        "two numbers": lambda: answer.relative_error(*two),
    }


def smooth(rng, size=1.0, claimed=1.0):
    """A term without kinks, as a function of the distance from x; and ``claimed`` times its derivative at x."""
    slope = size * away_from_zero(rng)[()]
    return lambda d: slope * (d + d**2 / 10 + d**3), claimed * slope


def flat(rng):
    """A term whose derivative at x is 0, and a claim that differs from 0 and from any difference by less than 1e-8."""
    cube, claimed = 5 * away_from_zero(rng)[()], rng.uniform(1e-13, 9e-13)
    return lambda d: cube * d**3, claimed


def bent(rng, claimed, side=1, beside=True):
    """A term with a kink at x, or beside it within a step of 1e-5: to the right for side = 1, to the left for -1.

    ``claimed`` says what is claimed: the derivative on "this" side of the kink, that "beyond" it, or "neither".
    """
    this = away_from_zero(rng)[()]
    beyond, place = -this * rng.uniform(0.8, 1.25), beside * rng.uniform(2e-6, 4e-6)
    claims = {"this": this, "beyond": beyond, "neither": 3 * this}
    return lambda d: this * d + side * (beyond - this) * np.maximum(0, side * d - place), claims[claimed]


def claim(rng, terms, shape=(-1,)):
    """A function that is the sum of these terms, one for each entry and in any order, what is claimed, and a point."""
    order = rng.permutation(len(terms))
    x = rng.uniform(-2, 2, size=len(terms)).reshape(shape)
    claimed = np.array([terms[i][1] for i in order]).reshape(shape)

    def f(v):
        return 3.0 + sum(terms[i][0](d) for i, d in zip(order, np.ravel(v - x), strict=True))

    return f, claimed, x


def claims(rng):
    """For each part, the functions, claims and points by name, in an order that is drawn, so that none can be told by
    its turn."""
    right, sign, much, none = (partial(smooth, rng, claimed=factor) for factor in (1, -1, 1.2, 0))
    large, small, off = partial(right, 1e5), partial(right, 1e-3), partial(much, 1e-3)
    near_zero, kink = partial(flat, rng), partial(bent, rng)
    left, edge = partial(kink, side=-1), partial(kink, beside=False)
    cases = {
        "a function without kinks": {
            "a right gradient": [right(), right(), right()],
            "one sign is wrong": [right(), right(), sign()],
            "one entry is 20 % too large": [right(), much(), right()],
            "one entry of a 2 by 3 array is 0": [right(), right(), right(), right(), none(), right()],
        },
        "entries of 1e5 and of 1e-3": {
            "a right gradient": [large(), right(), small()],
            "a small entry is 20 % too large": [large(), right(), off()],
        },
        "entries near 0": {
            "the others are right": [right(), near_zero(), right()],
            "another one is wrong": [right(), near_zero(), sign()],
        },
        "a kink beside x": {
            "to the right": [right(), kink("this")],
            "to the left": [right(), left("this")],
            "the derivative beyond a kink to the right": [right(), kink("beyond")],
            "the derivative beyond a kink to the left": [right(), left("beyond")],
        },
        "a kink at x": {
            "the derivative on its left": [right(), edge("this")],
            "the derivative on its right": [right(), edge("beyond")],
            "neither derivative": [right(), edge("neither")],
        },
        "several at once": {
            "a kink and an entry near 0": [right(), kink("this"), near_zero()],
            "two kinks of a 2 by 2 array": [right(), left("this"), edge("beyond"), right()],
            "a kink and a wrong entry": [edge("this"), right(), sign()],
            "a kink, a wrong entry and one near 0": [left("this"), much(), near_zero()],
        },
    }
    return {
        part: [(name, *claim(rng, named[name], ARRAYS.get(len(named[name]), (-1,)))) for name in shuffled(rng, named)]
        for part, named in cases.items()
    }


ARRAYS = {6: (2, 3), 4: (2, 2)}


def shuffled(rng, names):
    return [str(name) for name in rng.permutation(list(names))]


BOTH_KEPT = "gradient and x are left as they were"


@unit.task(points=1.5, conditions=(BOTH_KEPT,))
def why_it_fails(answer, rng):
    drawn = claims(rng)
    f, gradient, x = claim(rng, [smooth(rng) for _ in range(42)])

    def said(cases):
        return {name: answer.why_it_fails(f, claimed.copy(), x.copy()) for name, f, claimed, x in cases}

    return {part: partial(said, cases) for part, cases in drawn.items()} | {
        BOTH_KEPT: lambda: afterwards(partial(answer.why_it_fails, f), gradient=gradient, x=x)
    }


@unit.task(points=2.5, conditions=(KEPT,))
def jacobian(answer, rng):
    tall, square, wide = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=(2, 40))
    x, whole, kept = rng.normal(size=3), rng.integers(1, 4, size=3), rng.normal(size=40)

    def curved(matrix):
        return lambda v: (matrix @ v) ** 3 + matrix @ v

    return {
        "from 3 to 4 entries, h = 0.1": lambda: answer.jacobian(curved(tall), x.copy(), 0.1),
        "from 3 to 3 entries": lambda: answer.jacobian(curved(square), x.copy(), 0.1),
        "from 3 entries to 1": lambda: answer.jacobian(curved(tall[:1]), x.copy(), 0.1),
        "whole numbers": lambda: answer.jacobian(curved(tall), whole.copy(), 0.1),
        KEPT: lambda: afterwards(lambda x: answer.jacobian(curved(wide), x, 0.1), x=kept),
    }
