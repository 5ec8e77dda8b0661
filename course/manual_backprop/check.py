"""The tasks of unit 2. Points and batches are drawn so that no known slip goes unseen.

Nudging is seen too, by inputs so tiny that a step of their weights is lost (see ``course.check.extremes``), points
where a difference cancels, and a batch with so many weights that there is no time for exact steps.
"""

from functools import lru_cache

import numpy as np

from course.check import Unit
from course.check.extremes import is_single, magnified, tiny, unit_for
from course.check.parts import LONG, afterwards, away_from_zero, entries, first, second

unit = Unit("manual_backprop", frameworks=("sympy",))


def entry(result, i):
    """Entry i of a gradient with three entries; any other gradient as it is."""
    found = second(result)
    several = isinstance(found, list | tuple) or bool(getattr(found, "ndim", 0))
    return found[i] if several and len(found) == 3 else found


def steep_points(rng):
    """For each entry of the gradient of f a point at which the digits of f hold nothing of it. Any usual step is lost
    there, even in numbers of a hundred digits; a complex step is lost beside z, or underflows. The formulas are exact,
    in any order.

    Each comes with the size of the entry, and beside each stands a less extreme one for float32 results.
    """
    m, k = int(rng.integers(9, 16)), int(rng.integers(3, 8)) / 4
    u, v = rng.uniform(1, 2, size=2)

    def of_x(x, z):
        """∂f/∂x = z·(2x + y), where 2x + y nearly cancels."""
        return (m * x, k * x * 2.0**-42 - 2 * m * x, z), x * z * 2.0**-42

    def of_y(size):
        """∂f/∂y = x·z, beside a huge y."""
        return (u * 2.0**-20, v * 2.0**500, size * 2.0**20), size

    def of_z(size):
        """∂f/∂z = (x + y)·x, beside a huge z."""
        return (u * size**0.5, v * size**0.5, u * 2.0**500), size

    return [
        (of_x(2.0**476, 2.0**-1010), of_x(2.0**42, 2.0**38)),
        (of_y(2.0**-1040), of_y(2.0**-100)),
        (of_z(2.0**-1040), of_z(2.0**-100)),
    ]


def boundless_points(rng):
    """For each entry a point at which it is larger than any float, and so infinite. A difference of fractions never
    is."""
    a, b, c = rng.uniform(1, 2, size=3)
    huge = 2.0**600
    return (a, b * huge, c * huge), (a * huge, b, c * huge), (a * huge, b, c)


@unit.task(points=2, weights={"∂f/∂x": 3})
def staged_backward(answer, rng):
    sign = rng.choice([-1, 1])
    point = sign * rng.uniform(1.2, 1.9), rng.uniform(2.2, 2.9), -sign * rng.uniform(3.2, 3.9)
    whole = tuple(int(n) for n in (-rng.integers(2, 4), rng.integers(5, 8), -rng.integers(8, 11)))
    steep, boundless = steep_points(rng), boundless_points(rng)
    x, y, z = np.array(whole) / 2

    def derivative(i):
        found = entry(answer.staged_backward(*point), i)
        at, size = steep[i][is_single(found)]
        return {
            "at a point": found,
            "at whole numbers": entry(answer.staged_backward(*whole), i),
            "where x is 0": entry(answer.staged_backward(0 * x, y, z), i),
            "where x + y is 0": entry(answer.staged_backward(x, -x, z), i),
            "where z is 0": entry(answer.staged_backward(x, y, 0 * z), i),
            "where f is steep": magnified(entry(answer.staged_backward(*at), i), size),
            "where it is boundless": entry(answer.staged_backward(*boundless[i]), i),
        }

    return {
        "f": lambda: {
            "at a point": first(answer.staged_backward(*point)),
            "at whole numbers": first(answer.staged_backward(*whole)),
        },
        "∂f/∂x": lambda: derivative(0),
        "∂f/∂y": lambda: derivative(1),
        "∂f/∂z": lambda: derivative(2),
    }


W_X_KEPT = "w and x are left as they were"


@unit.task(points=2, weights={"gradient, label 1": 2, "gradient, label 0": 2}, conditions=(W_X_KEPT,))
def neuron_backward(answer, rng):
    w = rng.uniform(0.4, 0.9, size=3) * rng.choice([-1, 1], size=3)
    x = rng.uniform(1.1, 1.9, size=2) * rng.choice([-1, 1], size=2)
    whole_w, whole_x = np.append(rng.permutation([2, -3]), 0), rng.permutation([0, -2])
    small = tiny(rng, 2)
    far = np.array([rng.uniform(2, 3), rng.uniform(2, 3), rng.uniform(1, 3)])  # with x of this sign a score of 5 to 12

    def loss(label):
        return {
            "loss": first(answer.neuron_backward(w.copy(), x.copy(), label)),
            "at a score above 5": first(answer.neuron_backward(far.copy(), np.abs(x), label)),
            "at a score below -5": first(answer.neuron_backward(-far, np.abs(x), label)),
        }

    def by_tiny_inputs(w, unit, *label):
        """For either input, the entry of its weight while the input is tiny."""
        seen = []
        for i in range(2):
            at = x.copy()
            at[i] = small[i] * unit
            seen.append(magnified(second(answer.neuron_backward(w.copy(), at, *label)), unit, i))
        return seen

    def gradient(label):
        found = second(answer.neuron_backward(w.copy(), x.copy(), label))
        return {
            "gradient": found,
            "at a score above 5": second(answer.neuron_backward(far.copy(), np.abs(x), label)),
            "at a score of 0": second(answer.neuron_backward(np.array([0.5, 0.5, -1.0]), np.ones(2), label)),
            "with respect to weights of tiny inputs": by_tiny_inputs(w, unit_for(found), label),
        }

    def gradient_at_whole_numbers():
        """The label is left out, and so 1."""
        found = second(answer.neuron_backward(whole_w.copy(), whole_x.copy()))
        return {"gradient": found, "with respect to weights of tiny inputs": by_tiny_inputs(whole_w, unit_for(found))}

    return {
        "loss, label 1": lambda: loss(1),
        "loss, label 0": lambda: loss(0),
        "gradient, label 1": lambda: gradient(1),
        "gradient, label 0": lambda: gradient(0),
        "gradient, whole numbers": gradient_at_whole_numbers,
        W_X_KEPT: lambda: afterwards(lambda w, x: answer.neuron_backward(w, x, 0), w=w, x=x),
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
        slope = magnified(answer.symbolic_gradient(flat, [x])(start), unit)
        names = ["gradient", "at another point", "at whole numbers"]
        return dict(zip(names, found, strict=False)) | {"of a function that hardly changes": slope}

    return {
        "three variables": lambda: at(curved, [b, x, y], first),
        "variables not in the order of the alphabet": lambda: at(unordered, [y, a, x], second),
        "some derivatives are constant": lambda: at(c * x - d * y + e * b**2, [b, x, y], first),
        "a variable that does not occur": lambda: at(c * x**3 * y, [a, x, y], second),
        "one variable": lambda: at(sympy.cos(x) ** c, [x], second[:1]),
        "one gradient function, several points": lambda: at(
            curved, [b, x, y], first.tolist(), second.tolist(), [c, d, e]
        ),
    }


def without_symbols(result):
    """The result; as a text if it still holds symbols, so that the verdict shows them."""
    items = result if isinstance(result, list | tuple) else np.ravel(np.asarray(result, dtype=object))
    return str(list(items)) if any(getattr(item, "free_symbols", None) for item in items) else result


def near(rng, *lows):
    """Numbers up to 0.4 above these."""
    return np.array(lows) + rng.uniform(0, 0.4, size=len(lows))


def batch(rng, t_scores, labels, width=3):
    """w, X (N, width) and the labels, in random order. Each example has the given t·s: score s, t = ±1 by label."""
    w = away_from_zero(rng, width)
    X = rng.uniform(0.5, 2.0, size=(len(labels), width)) * rng.choice([-1, 1], size=(len(labels), width))
    scores = (2 * labels - 1) * t_scores
    X += np.outer(scores - X @ w, w) / (w @ w)
    order = rng.permutation(len(labels))
    return w, X[order], labels[order]


@lru_cache(maxsize=2)
def wide_batch(seed):
    """w and X of two examples with very many weights. Both scores are -0.5, which is wrong for label 1."""
    w, X, _ = batch(np.random.default_rng(seed), np.array([-0.5, -0.5]), np.array([1, 1]), LONG)
    return w, X


def whole_batch(rng):
    """A batch of whole numbers. Three of nine examples, with both labels, are wrong, and one has the score 0. No score
    is 1 or -1. All t·s add up to more than 0; if they did not, swapping the labels could change nothing."""
    labels = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1])
    X = 2 * rng.integers(-1, 2, size=(9, 3))
    sizes = [*rng.permutation([-2, -2, -4]), *rng.permutation([2, 4, 4, 4, 4]), 0]
    X[:, 0] = (2 * labels - 1) * sizes
    X[-1] = rng.choice([-2, 2]) * np.array([0, 1, 1])
    order = rng.permutation(9)
    return np.array([5, 1, -1]), X[order], labels[order]


BATCH_KEPT = "w, X and labels are left as they were"
GRADIENTS = [f"gradient, {what}" for what in ("both labels", "label 1 only", "label 0 only", "one example")]
WEIGHTS = dict.fromkeys([*GRADIENTS, "gradient, whole numbers"], 2)


def batch_parts(compute, rng):
    """The parts for both losses. Of each label, examples are wrong, just right, and right by far.

    With one label only, the mean of all t·s is above 1 although two examples are wrong."""
    mixed = batch(rng, near(rng, -1.5, -1.5, 0.3, 0.3, 1.6, 1.6, -0.7), np.array([0, 1, 0, 1, 0, 1, 0]))
    zeros, ones = (batch(rng, near(rng, -5, -1.5, 0.3, 1.6, 12), np.full(5, label)) for label in (0, 1))
    singles = [batch(rng, near(rng, -1.5), np.array([label])) for label in (0, 1)]
    whole, wide = whole_batch(rng), int(rng.integers(2**62))
    weights, small = away_from_zero(rng, 2), tiny(rng, 9, 2)
    kept = dict(zip(("w", "X", "labels"), (array.astype(float) for array in mixed), strict=True))

    def on(given):
        return compute()(*(array.copy() for array in given))

    def gradient(given):
        """The gradient, that of many weights for one label, and that of the weights of tiny inputs."""
        (w, X, labels), (many, rows) = given, wide_batch(wide)
        one_label = np.repeat(labels[:1], min(len(labels), 2))
        of_many = second(on((many, (2 * labels[0] - 1) * rows[: len(one_label)], one_label)))
        unit = unit_for(of_many)
        inputs = small[: len(X)] * unit * (X @ w != 0)[:, np.newaxis]  # no score of 0 gets a sign by them
        of_tiny = second(on((np.append(w, weights), np.column_stack([X, inputs]), labels)))
        return {
            "gradient": second(on(given)),
            "by very many weights": entries(of_many, (LONG,)),
            "with respect to weights of tiny inputs": magnified(of_tiny, unit, [3, 4]),
        }

    return {
        "loss, both labels": lambda: first(on(mixed)),
        "loss, label 1 only": lambda: first(on(ones)),
        "loss, label 0 only": lambda: first(on(zeros)),
        "gradient, both labels": lambda: gradient(mixed),
        "gradient, label 1 only": lambda: gradient(ones),
        "gradient, label 0 only": lambda: gradient(zeros),
        "gradient, one example": lambda: {f"label {i}": gradient(single) for i, single in enumerate(singles)},
        "gradient, whole numbers": lambda: gradient(whole),
        BATCH_KEPT: lambda: afterwards(compute(), **kept),
    }


@unit.task(points=2, weights=WEIGHTS, conditions=(BATCH_KEPT,), seconds=3)
def hinge_gradient(answer, rng):
    return batch_parts(lambda: answer.hinge_gradient, rng)


@unit.task(points=2, weights=WEIGHTS, conditions=(BATCH_KEPT,), seconds=3)
def cross_entropy_gradient(answer, rng):
    return batch_parts(lambda: answer.cross_entropy_gradient, rng)
