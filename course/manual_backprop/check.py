"""The tasks of unit 2. Points and batches are drawn so that no known slip goes unseen."""

import numpy as np

from course.check import Unit
from course.check.parts import first, second

unit = Unit("manual_backprop", frameworks=("sympy",))


def entry(result, i):
    """Entry i of the gradient of three entries; anything else is returned as it is."""
    found = second(result)
    return found[i] if hasattr(found, "__len__") and len(found) == 3 else found


@unit.task(points=2)
def staged_backward(answer, rng):
    sign = rng.choice([-1, 1])
    point = sign * rng.uniform(1.2, 1.9), rng.uniform(2.2, 2.9), -sign * rng.uniform(3.2, 3.9)
    whole = tuple(int(n) for n in (-rng.integers(2, 4), rng.integers(5, 8), -rng.integers(8, 11)))
    return {
        "f": lambda: first(answer.staged_backward(*point)),
        "∂f/∂x": lambda: entry(answer.staged_backward(*point), 0),
        "∂f/∂y": lambda: entry(answer.staged_backward(*point), 1),
        "∂f/∂z": lambda: entry(answer.staged_backward(*point), 2),
        "f and gradient at whole numbers": lambda: answer.staged_backward(*whole),
    }


@unit.task(points=2)
def neuron_backward(answer, rng):
    w = rng.uniform(0.4, 0.9, size=3) * rng.choice([-1, 1], size=3)
    x = rng.uniform(1.1, 1.9, size=2) * rng.choice([-1, 1], size=2)
    whole_w, whole_x = rng.permutation([2, -3, -1]), rng.permutation([1, -2])
    return {
        "loss, label 1": lambda: first(answer.neuron_backward(w.copy(), x.copy(), 1)),
        "gradient, label 1": lambda: second(answer.neuron_backward(w.copy(), x.copy(), 1)),
        "loss, label 0": lambda: first(answer.neuron_backward(w.copy(), x.copy(), 0)),
        "gradient, label 0": lambda: second(answer.neuron_backward(w.copy(), x.copy(), 0)),
        "whole numbers": lambda: answer.neuron_backward(whole_w.copy(), whole_x.copy()),
    }


@unit.task(points=2)
def symbolic_gradient(answer, rng):
    import sympy

    a, b, x, y = sympy.symbols("a b x y")
    c, d, e = (int(n) for n in rng.permutation([2, 3, 5]))
    curved = c * x**2 * y + sympy.sin(d * y) + sympy.exp(b / e) * x
    unordered = c * y**2 * a + d * a**3 * x + e * x * y
    first, second = rng.uniform(0.5, 1.0, size=3), rng.uniform(1.2, 2.0, size=3)

    def at(expression, variables, point):
        return without_symbols(answer.symbolic_gradient(expression, variables)(point))

    def at_two_points():
        found = answer.symbolic_gradient(curved, [b, x, y])
        return [without_symbols(found(first.tolist())), without_symbols(found(second.tolist()))]

    return {
        "three variables": lambda: at(curved, [b, x, y], first),
        "variables not in the order of the alphabet": lambda: at(unordered, [y, a, x], second),
        "some derivatives are constant": lambda: at(c * x - d * y + e * b**2, [b, x, y], first),
        "a variable that does not occur": lambda: at(c * x**3 * y, [a, x, y], second),
        "one variable": lambda: at(sympy.cos(x) ** c, [x], second[:1]),
        "one gradient function, two points": at_two_points,
    }


def without_symbols(result):
    """A result of numbers as it is; one that still holds symbols as text, for the verdict to show."""
    items = result if isinstance(result, list | tuple) else np.ravel(np.asarray(result, dtype=object))
    return str(list(items)) if any(getattr(item, "free_symbols", None) for item in items) else result


def batch(rng, t_scores, labels):
    """w (3,) and X (N, 3) in which example n has a score s with t·s as given, and its label."""
    w = rng.uniform(0.5, 1.5, size=3) * rng.choice([-1, 1], size=3)
    X = rng.uniform(0.5, 2.0, size=(len(labels), 3)) * rng.choice([-1, 1], size=(len(labels), 3))
    scores = (2 * labels - 1) * t_scores
    X += np.outer(scores - X @ w, w) / (w @ w)
    order = rng.permutation(len(labels))
    return w, X[order], labels[order]


def whole_batch(rng):
    """A batch of whole numbers: of seven examples three, with both labels, are wrong; no score is 1 or -1, and the
    scores do not cancel, or turning the labels round would change nothing."""
    labels = np.array([0, 1, 0, 1, 1, 0, 1])
    side = np.array([-1, -1, -1, 1, 1, 1, 1])
    X = 2 * rng.integers(-1, 2, size=(7, 3))
    X[:, 0] = side * (2 * labels - 1) * [*rng.permutation([2, 2, 4]), *rng.permutation([2, 4, 4, 4])]
    order = rng.permutation(7)
    return np.array([3, 1, -1]), X[order], labels[order]


def batch_parts(compute, rng):
    """What both losses have in common. Of each label, one example is wrong, one just right, one right by far."""
    t_scores = np.concatenate([rng.uniform(low, low + 0.4, size=2) for low in (-1.5, 0.3, 1.6)] + [[-0.5]])
    mixed = batch(rng, t_scores, np.array([0, 1, 0, 1, 0, 1, 0]))
    ones, zeros = (batch(rng, t_scores[:5], np.full(5, label)) for label in (1, 0))
    singles = [batch(rng, t_scores[:1], np.array([label])) for label in (1, 0)]
    whole = whole_batch(rng)

    def on(given):
        return compute()(*(array.copy() for array in given))

    return {
        "loss, both labels": lambda: first(on(mixed)),
        "gradient, both labels": lambda: second(on(mixed)),
        "label 1 only": lambda: on(ones),
        "label 0 only": lambda: on(zeros),
        "one example": lambda: [on(single) for single in singles],
        "whole numbers": lambda: on(whole),
    }


@unit.task(points=2)
def hinge_gradient(answer, rng):
    return batch_parts(lambda: answer.hinge_gradient, rng)


@unit.task(points=2)
def cross_entropy_gradient(answer, rng):
    return batch_parts(lambda: answer.cross_entropy_gradient, rng)
