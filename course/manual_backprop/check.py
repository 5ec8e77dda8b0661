"""The tasks of unit 2. Points and batches are drawn so that no known slip goes unseen.

Nudging is seen too, by inputs so tiny that a step of their weights is lost (see ``course.check.extremes``), points
where a difference cancels, and a batch with so many weights that there is no time for exact steps.
"""

import numpy as np

from course.check import Unit
from course.check.extremes import is_single, magnified, tiny, unit_for
from course.check.parts import LONG, away_from_zero, entries, first, second

unit = Unit("manual_backprop", frameworks=("sympy",))


def entry(result, i):
    """Entry i of a gradient with three entries; any other gradient as it is."""
    found = second(result)
    return found[i] if hasattr(found, "__len__") and len(found) == 3 else found


def steep_point(rng):
    """A point at which the digits of f hold nothing of ∂f/∂x = z·(2x + y). Any usual step is lost in x, even in numbers
    of a hundred digits; a complex step is lost beside z. The formulas are exact there, in any order.

    Returns a pair, the point and the size of ∂f/∂x, and another pair with less extreme numbers for float32 results.
    """
    m, k = int(rng.integers(9, 16)), int(rng.integers(3, 8)) / 4

    def with_sizes(of_x, of_z):
        x = m * of_x
        return (x, k * of_x * 2.0**-42 - 2 * x, of_z), of_x * of_z * 2.0**-42

    return with_sizes(2.0**476, 2.0**-1010), with_sizes(2.0**42, 2.0**38)


def boundless_point(rng):
    """A point at which ∂f/∂x is larger than any float, and so infinite. A difference of fractions never is."""
    y, z = rng.uniform(1, 2, size=2) * 2.0**600
    return rng.uniform(1, 2), y, z


@unit.task(points=2)
def staged_backward(answer, rng):
    sign = rng.choice([-1, 1])
    point = sign * rng.uniform(1.2, 1.9), rng.uniform(2.2, 2.9), -sign * rng.uniform(3.2, 3.9)
    whole = tuple(int(n) for n in (-rng.integers(2, 4), rng.integers(5, 8), -rng.integers(8, 11)))
    steep, boundless = steep_point(rng), boundless_point(rng)

    def gradient(i):
        """Entry i at the point, and ∂f/∂x at the two others; each has a tolerance of its own."""
        found = entry(answer.staged_backward(*point), i)
        at, size = steep[is_single(found)]
        return {
            "at a point": found,
            "at a steep one": magnified(entry(answer.staged_backward(*at), 0), size),
            "where it is boundless": entry(answer.staged_backward(*boundless), 0),
        }

    return {
        "f": lambda: first(answer.staged_backward(*point)),
        "∂f/∂x": lambda: gradient(0),
        "∂f/∂x and ∂f/∂y": lambda: [gradient(0), gradient(1)],
        "∂f/∂x and ∂f/∂z": lambda: [gradient(0), gradient(2)],
        "f and gradient at whole numbers": lambda: [answer.staged_backward(*whole), gradient(0)],
    }


@unit.task(points=2)
def neuron_backward(answer, rng):
    w = rng.uniform(0.4, 0.9, size=3) * rng.choice([-1, 1], size=3)
    x = rng.uniform(1.1, 1.9, size=2) * rng.choice([-1, 1], size=2)
    whole_w, whole_x = rng.permutation([2, -3, -1]), rng.permutation([1, -2])
    small = tiny(rng, 2)

    def gradients(label):
        """The gradient at the point; then, for either input, the entry of its weight while the input is tiny."""
        found = second(answer.neuron_backward(w.copy(), x.copy(), label))
        unit, seen = unit_for(found), [found]
        for i in range(2):
            at = x.copy()
            at[i] = small[i] * unit
            seen.append(magnified(second(answer.neuron_backward(w.copy(), at, label)), unit, i))
        return seen

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

    small, start = float(tiny(rng)), rng.uniform(0.1, 0.2, size=1)

    def at(expression, variables, *points):
        """The gradient at each point, and the slope of a function that hardly changes."""
        gradient = answer.symbolic_gradient(expression, variables)
        found = [without_symbols(gradient(point)) for point in points]
        unit = unit_for(found[0])
        flat = c + small * unit * sympy.sin(d * x)
        return [*found, magnified(answer.symbolic_gradient(flat, [x])(start), unit)]

    return {
        "three variables": lambda: at(curved, [b, x, y], first),
        "variables not in the order of the alphabet": lambda: at(unordered, [y, a, x], second),
        "some derivatives are constant": lambda: at(c * x - d * y + e * b**2, [b, x, y], first),
        "a variable that does not occur": lambda: at(c * x**3 * y, [a, x, y], second),
        "one variable": lambda: at(sympy.cos(x) ** c, [x], second[:1]),
        "one gradient function, two points": lambda: at(curved, [b, x, y], first.tolist(), second.tolist()),
    }


def without_symbols(result):
    """The result; as a text if it still holds symbols, so that the verdict shows them."""
    items = result if isinstance(result, list | tuple) else np.ravel(np.asarray(result, dtype=object))
    return str(list(items)) if any(getattr(item, "free_symbols", None) for item in items) else result


def batch(rng, t_scores, labels):
    """w (3,), X (N, 3) and the labels, in random order. Each example has the given t·s: score s, t = ±1 by label."""
    w = rng.uniform(0.5, 1.5, size=3) * rng.choice([-1, 1], size=3)
    X = rng.uniform(0.5, 2.0, size=(len(labels), 3)) * rng.choice([-1, 1], size=(len(labels), 3))
    scores = (2 * labels - 1) * t_scores
    X += np.outer(scores - X @ w, w) / (w @ w)
    order = rng.permutation(len(labels))
    return w, X[order], labels[order]


def whole_batch(rng):
    """A batch of whole numbers. Three of seven examples, with both labels, are wrong. No score is 1 or -1. The scores
    do not cancel; if they did, swapping the labels would change nothing."""
    labels = np.array([0, 1, 0, 1, 1, 0, 1])
    side = np.array([-1, -1, -1, 1, 1, 1, 1])
    X = 2 * rng.integers(-1, 2, size=(7, 3))
    X[:, 0] = side * (2 * labels - 1) * [*rng.permutation([2, 2, 4]), *rng.permutation([2, 4, 4, 4])]
    order = rng.permutation(7)
    return np.array([3, 1, -1]), X[order], labels[order]


def batch_parts(compute, rng):
    """The parts for both losses. Of each label, one example is wrong, one just right, one right by far."""
    t_scores = np.concatenate([rng.uniform(low, low + 0.4, size=2) for low in (-1.5, 0.3, 1.6)] + [[-0.5]])
    mixed = batch(rng, t_scores, np.array([0, 1, 0, 1, 0, 1, 0]))
    ones, zeros = (batch(rng, t_scores[:5], np.full(5, label)) for label in (1, 0))
    singles = [batch(rng, t_scores[:1], np.array([label])) for label in (1, 0)]
    whole = whole_batch(rng)
    long = rng.normal(size=LONG) / 1000, rng.normal(size=(2, LONG)), np.array([0, 1])
    weights, small = away_from_zero(rng, 2), tiny(rng, 7, 2)

    def on(given):
        return compute()(*(array.copy() for array in given))

    def and_more(*found):
        """What was found, the gradient by many weights, and that by the weights of tiny inputs."""
        many, (w, X, labels) = second(on(long)), mixed
        unit = unit_for(many)
        of_tiny = second(on((np.append(w, weights), np.column_stack([X, small * unit]), labels)))
        return [*found, entries(many, (LONG,)), magnified(of_tiny, unit, [3, 4])]

    return {
        "loss, both labels": lambda: first(on(mixed)),
        "gradient, both labels": lambda: and_more(second(on(mixed))),
        "label 1 only": lambda: and_more(on(ones)),
        "label 0 only": lambda: and_more(on(zeros)),
        "one example": lambda: and_more(*(on(single) for single in singles)),
        "whole numbers": lambda: and_more(on(whole)),
    }


@unit.task(points=2)
def hinge_gradient(answer, rng):
    return batch_parts(lambda: answer.hinge_gradient, rng)


@unit.task(points=2)
def cross_entropy_gradient(answer, rng):
    return batch_parts(lambda: answer.cross_entropy_gradient, rng)
