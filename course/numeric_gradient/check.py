"""The tasks of unit 1. A large step, h = 0.1, makes the error of each method part of what is observed."""

import numpy as np

from course.check import Unit
from course.check.parts import afterwards

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


@unit.task(points=2, conditions=(KEPT,))
def forward_difference(answer, rng):
    return gradient_parts(lambda: answer.forward_difference, rng)


@unit.task(points=2, conditions=(KEPT,))
def central_difference(answer, rng):
    return gradient_parts(lambda: answer.central_difference, rng)


@unit.task(points=2, conditions=(KEPT,))
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


@unit.task(points=3, conditions=(KEPT,))
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
