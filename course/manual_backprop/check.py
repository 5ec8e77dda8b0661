"""The tasks of unit 2. Points and batches are drawn so that no known slip goes unseen, and no nudging either: points
are so steep that differences are off, and a batch has so many weights that there is no time for them."""

import numpy as np

from course.check import Unit
from course.check.parts import LONG, entries, first, second

unit = Unit("manual_backprop", frameworks=("sympy",))


def entry(result, i):
    """Entry i of the gradient of three entries; anything else is returned as it is."""
    found = second(result)
    return found[i] if hasattr(found, "__len__") and len(found) == 3 else found


def steep_point(rng):
    """A point at which ∂f/∂x = z·(2x + y) is tiny beside f, so that a difference of two f has none of its digits; the
    formulas are exact there, in any order."""
    x, z = int(rng.integers(9, 16)) * 2.0**42, 2.0 ** int(rng.integers(36, 42))
    return x, int(rng.integers(3, 8)) / 4 - 2 * x, z


@unit.task(points=2)
def staged_backward(answer, rng):
    sign = rng.choice([-1, 1])
    point = sign * rng.uniform(1.2, 1.9), rng.uniform(2.2, 2.9), -sign * rng.uniform(3.2, 3.9)
    whole = tuple(int(n) for n in (-rng.integers(2, 4), rng.integers(5, 8), -rng.integers(8, 11)))
    steep = steep_point(rng)

    def gradient(i):
        places = {"at a point": point, "at a steep one": steep}  # of other sizes, so each has a tolerance of its own
        return {name: entry(answer.staged_backward(*at), i) for name, at in places.items()}

    return {
        "f": lambda: first(answer.staged_backward(*point)),
        "∂f/∂x": lambda: gradient(0),
        "∂f/∂x and ∂f/∂y": lambda: [gradient(0), gradient(1)],
        "∂f/∂x and ∂f/∂z": lambda: [gradient(0), gradient(2)],
        "f and gradient at whole numbers": lambda: [answer.staged_backward(*whole), gradient(0)],
    }


def steep_neurons(rng):
    """Pairs of w (3,) and x (2,) with inputs so large that a step of w turns the neuron over, while the products cancel
    exactly, in any order: the first for real steps, the other, with a score of 0, for complex ones too."""
    a, b, c, d = (int(n) / 16 for n in rng.integers(9, 16, size=4))
    first = np.array([a, b, d]), np.array([2.0**36 * b + c, -(2.0**36) * a])
    return [first, (np.array([a, b, 0.0]), 2.0**110 * np.array([b, -a]))]


@unit.task(points=2)
def neuron_backward(answer, rng):
    w = rng.uniform(0.4, 0.9, size=3) * rng.choice([-1, 1], size=3)
    x = rng.uniform(1.1, 1.9, size=2) * rng.choice([-1, 1], size=2)
    whole_w, whole_x = rng.permutation([2, -3, -1]), rng.permutation([1, -2])
    steep = steep_neurons(rng)

    def gradients(label):
        """At the point, then at steep ones: by the weights of the inputs, and by the bias, which is much smaller."""
        found = [second(answer.neuron_backward(w.copy(), x.copy(), label))]
        for at in steep:
            slopes = second(answer.neuron_backward(*(array.copy() for array in at), label))
            found += [slopes[:2], slopes[2]] if hasattr(slopes, "__len__") and len(slopes) == 3 else [slopes]
        return found

    return {
        "loss, label 1": lambda: first(answer.neuron_backward(w.copy(), x.copy(), 1)),
        "gradient, label 1": lambda: gradients(1),
        "loss, label 0": lambda: first(answer.neuron_backward(w.copy(), x.copy(), 0)),
        "gradient, label 0": lambda: gradients(0),
        "whole numbers": lambda: [answer.neuron_backward(whole_w.copy(), whole_x.copy()), *gradients(1)],
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
    long = rng.normal(size=LONG) / 1000, rng.normal(size=(2, LONG)), np.array([0, 1])

    def on(given):
        return compute()(*(array.copy() for array in given))

    def and_many_weights(*found):
        return [*found, entries(second(on(long)), (LONG,))]

    return {
        "loss, both labels": lambda: first(on(mixed)),
        "gradient, both labels": lambda: and_many_weights(second(on(mixed))),
        "label 1 only": lambda: and_many_weights(on(ones)),
        "label 0 only": lambda: and_many_weights(on(zeros)),
        "one example": lambda: and_many_weights(*(on(single) for single in singles)),
        "whole numbers": lambda: and_many_weights(on(whole)),
    }


@unit.task(points=2)
def hinge_gradient(answer, rng):
    return batch_parts(lambda: answer.hinge_gradient, rng)


@unit.task(points=2)
def cross_entropy_gradient(answer, rng):
    return batch_parts(lambda: answer.cross_entropy_gradient, rng)
