"""The tasks of unit 5. Some shapes are square: a wrong axis or transpose raises no error there. Nearly every part also
has a large array, so that there is no time to nudge its entries one by one."""

from itertools import pairwise

import numpy as np

from course.check import Unit
from course.check.extremes import magnified, tiny, unit_for, unlikely_for
from course.check.parts import LONG, entries, first, second

unit = Unit("tensor_engine", frameworks=())


@unit.task(points=2)
def unbroadcast(answer, rng):
    matrix, square, solid = rng.uniform(1, 2, size=(5, 4)), rng.uniform(1, 2, size=(3, 3)), rng.normal(size=(2, 3, 4))
    row, flat = rng.uniform(1, 2, size=(1, 4)), rng.uniform(1, 2, size=(2, 1, 3))
    long = rng.uniform(1, 2, size=(2, LONG))

    def back(*cases, to=(1, LONG)):
        return lambda: [
            *(answer.unbroadcast(gradient.copy(), shape) for gradient, shape in cases),
            entries(answer.unbroadcast(long.copy(), to), to),
        ]

    return {
        "an axis was added": back((matrix, (4,)), to=(LONG,)),
        "an axis of 1 was stretched": back((matrix, (5, 1)), (matrix, (1, 4)), (solid, (2, 1, 4))),
        "a 3 by 3 array": back((square, (3,)), (square, (1, 3)), (square, (3, 1))),
        "from a single number": back((matrix, ()), (matrix, (1,)), (solid, (1, 1, 1))),
        "added and stretched": back((solid, (1, 4)), (solid, (3, 1)), (solid, (4,))),
        "nothing or little to undo": back((matrix, (5, 4)), (row, (1, 4)), (flat, (1, 3))),
    }


@unit.task(points=2, answers=("matmul_left", "matmul_right"))
def matmul_rule(answer, rng):
    A, B = rng.normal(size=(2, 3)), rng.normal(size=(3, 4))
    C, D = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    stack_A, stack_B = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4, 5))
    g, square_g, stack_g = rng.normal(size=(2, 4)), rng.normal(size=(3, 3)), rng.normal(size=(2, 3, 5))

    tall = rng.normal(size=(500, 2)), rng.normal(size=(500, 400)), rng.normal(size=(400, 2))  # g, A, B
    wide = tuple(array.T for array in (tall[0], tall[2], tall[1]))
    large = rng.normal(size=(3, 200, 200))
    row, j = tiny(rng, 200), int(rng.integers(200))

    def of(rule, *cases):
        """What a rule returns for each g, A and B. The last ones are large, and used once more with a tiny row of B or
        column of A, which multiplies other numbers."""
        *found, last = [rule()(g.copy(), A @ B, A.copy(), B.copy()) for g, A, B in cases]
        g, A, B = (array.copy() for array in cases[-1])
        seen, unit = entries(last, (A if rule is left else B).shape), unit_for(last)
        if rule is left:
            B[j] = row[: B.shape[1]] * unit
        else:
            A[:, j] = row[: len(A)] * unit
        of_tiny = rule()(g, A @ B, A, B)
        return [*found, seen, magnified(of_tiny, unit, np.s_[:, j] if rule is left else j)]

    def left():
        return answer.matmul_left

    def right():
        return answer.matmul_right

    return {
        "by A, (2, 3) times (3, 4)": lambda: of(left, (g, A, B), tall),
        "by A, square matrices": lambda: of(left, (square_g, C, D), large),
        "by A, two stacks": lambda: of(left, (stack_g, stack_A, stack_B), tall),
        "by B, (2, 3) times (3, 4)": lambda: of(right, (g, A, B), wide),
        "by B, square matrices": lambda: of(right, (square_g, C, D), large),
        "by B, two stacks": lambda: of(right, (stack_g, stack_A, stack_B), wide),
    }


HUGE = 2.0**100


@unit.task(points=2, answers=("sum_rule", "mean_rule"))
def sum_and_mean_rule(answer, rng):
    square, solid = rng.uniform(1, 2, size=(3, 3)), rng.uniform(1, 2, size=(2, 3, 4))
    upstream, long = rng.uniform(3, 5, size=1000), rng.uniform(1, 2, size=(50, 80, 50)) * HUGE

    def parts(name, function, rule):
        def back(*cases):
            def compute():
                found = []
                for x, settings in cases:
                    y = function(x, **settings)
                    g = upstream[: y.size].reshape(y.shape)[()]
                    back = rule()(g.copy(), y, x.copy(), **settings)
                    if x is long:  # x is so large that sums hide a nudge, g so small that it hides a complex one
                        unit = max(unit_for(back), 2.0**-1010)
                        back = rule()(unit * g, y, x.copy(), **settings)
                    found.append(entries(magnified(back, unit), x.shape) if x is long else back)
                return found

            return compute

        return {
            f"{name} of everything": back((square, {}), (solid, {}), (long, {})),
            f"{name} along an axis of a square": back(
                *((square, {"axis": axis}) for axis in (0, 1, -1)), (long, {"axis": (0, 1)})
            ),
            f"{name} along an axis of (2, 3, 4)": back(
                *((solid, {"axis": axis}) for axis in (1, 0, -1)), (long, {"axis": (0, -1)})
            ),
            f"{name} with keepdims": back(
                (square, {"axis": 1, "keepdims": True}),
                (solid, {"axis": None, "keepdims": True}),
                (long, {"axis": None, "keepdims": True}),
            ),
            f"{name} along two axes": back(
                (solid, {"axis": (0, 2)}),
                (solid, {"axis": (1, -1), "keepdims": True}),
                (long, {"axis": (1, -1), "keepdims": True}),
            ),
        }

    return {
        **parts("sum", np.sum, lambda: answer.sum_rule),
        **parts("mean", np.mean, lambda: answer.mean_rule),
    }


@unit.task(points=2, answers=("softmax_cross_entropy_gradient",))
def softmax_cross_entropy(answer, rng):
    logits, labels = rng.uniform(-2, 2, size=(5, 3)), rng.permutation([0, 1, 2, 2, 0])
    square, turns = rng.uniform(-2, 2, size=(3, 3)), rng.permutation([0, 1, 2])
    single, last = rng.uniform(-2, 2, size=(1, 4)), rng.permutation([1, 2])[:1]
    large = np.array([[800.0, -800.0, 0.0], [-800.0, -790.0, -801.0], [3.0, 1.0, 2.0]])
    large += rng.uniform(-0.2, 0.2, size=(3, 3))
    long, classes = rng.uniform(-2, 2, size=(LONG // 10, 10)), rng.integers(10, size=LONG // 10)
    few = np.arange(20)
    others = (classes[few] + rng.integers(1, 10, size=20)) % 10

    def on(logits, labels):
        return answer.softmax_cross_entropy_gradient(logits.copy(), labels.copy())

    def and_many_logits(*found):
        """What was found; the gradient by many logits, times LONG since it is small; and the gradient by logits of
        classes so unlikely that the loss does not change with them."""
        many = second(on(long, classes))
        score = unlikely_for(many)
        given = long.copy()
        given[few, others] += score
        of_unlikely = magnified(second(on(given, classes)), np.exp(score) / LONG, (few, others))
        return [*found, entries(np.multiply(many, LONG), long.shape), of_unlikely]

    def kept():
        given = logits.copy()
        return [second(answer.softmax_cross_entropy_gradient(given, labels.copy())), given]

    return {
        "loss": lambda: first(on(logits, labels)),
        "gradient": lambda: and_many_logits(second(on(logits, labels))),
        "as many classes as examples": lambda: and_many_logits(on(square, turns)),
        "one example": lambda: and_many_logits(on(single, last)),
        "logits of 800 and -800": lambda: and_many_logits(on(large, np.array([1, 2, 0]))),
        "the logits are left as they were": lambda: and_many_logits(*kept()),
    }


def network(rng, sizes, n):
    """Parameters, X and labels of a network with two hidden layers in which some units are off and none near 0."""
    while True:
        W = [rng.uniform(0.4, 1.2, size=pair) * rng.choice([-1, 1], size=pair) for pair in pairwise(sizes)]
        b = [rng.uniform(0.2, 0.6, size=m) * rng.choice([-1, 1], size=m) for m in sizes[1:]]
        X = rng.normal(size=(n, sizes[0]))
        s1 = X @ W[0] + b[0]
        s2 = np.maximum(s1, 0) @ W[1] + b[1]
        logits = np.maximum(s2, 0) @ W[2] + b[2]
        mixed = all(0.3 < (s > 0).mean() < 0.7 and np.abs(s).min() > 0.01 for s in (s1, s2))
        awake = all((s > 0).any(axis=1).all() for s in (s1, s2)) and (logits < -0.1).any(axis=1).sum() > 1
        if mixed and awake and 0.5 < np.ptp(logits, axis=1).min() < np.ptp(logits) < 6:
            break
    labels = rng.permutation(np.arange(n) % sizes[-1])
    return [array for pair in zip(W, b, strict=True) for array in pair], X, labels


def large_network(rng, sizes):
    """Parameters, X and labels of three examples; scores and logits are of ordinary size."""
    shapes = [shape for n, m in pairwise(sizes) for shape in ((n, m), (m,))]
    parameters = [rng.normal(size=shape) / np.sqrt(shape[0]) for shape in shapes]
    return parameters, rng.normal(size=(3, sizes[0])), rng.integers(sizes[-1], size=3)


def with_tiny_units(given, unit):
    """The same with one input, and one unit of each hidden layer, so small that steps of weights behind it are lost.

    The units are on, since each of their biases is larger than the rest of their scores.
    """
    (W1, b1, W2, b2, W3, b3), X, labels = given
    W1, b1, W2, b2, X = (array.copy() for array in (W1, b1, W2, b2, X))
    X[:, 0] *= unit
    for W, b in ((W1, b1), (W2, b2)):
        W[:, 0] *= unit
        b[0] = (20 + abs(b[0])) * unit
    return [W1, b1, W2, b2, W3, b3], X, labels


@unit.task(points=2)
def two_hidden_layers(answer, rng):
    equal, narrowing = network(rng, (4, 4, 4, 4), 6), network(rng, (3, 5, 4, 2), 5)
    parameters, X, labels = network(rng, (3, 4, 4, 3), 4)
    long = large_network(rng, (250, 260, 270, 280))

    def on(given):
        parameters, X, labels = given
        return answer.two_hidden_layers([p.copy() for p in parameters], X.copy(), labels.copy())

    def gradients(given):
        """The six gradients as a list; any other result as it is."""
        found = second(on(given))
        return list(found) if isinstance(found, tuple | list) and len(found) == 6 else found

    def and_many_weights(*found):
        """What was found, and the gradients by the large network's parameters."""
        back = gradients(long)
        if not isinstance(back, list):
            return [*found, back]
        unit = unit_for(back[0])
        of_tiny = gradients(with_tiny_units(long, unit))
        return [
            *found,
            [entries(g, p.shape) for g, p in zip(back, long[0], strict=True)],
            *(magnified(g, unit, 0) for g in of_tiny[::2]),
        ]

    def layer(i):
        found = gradients(equal)
        return and_many_weights(*(found[2 * i : 2 * i + 2] if isinstance(found, list) else [found]))

    def kept():
        given = [p.copy() for p in parameters]
        found = second(answer.two_hidden_layers(given, X.copy(), labels.copy()))
        return and_many_weights(*(found if isinstance(found, tuple | list) else [found]), *given)

    return {
        "loss": lambda: [first(on(equal)), first(on(narrowing))],
        "gradients by W3 and b3": lambda: layer(2),
        "gradients by W2 and b2": lambda: layer(1),
        "gradients by W1 and b1": lambda: layer(0),
        "layers of 3, 5, 4 and 2": lambda: and_many_weights(gradients(narrowing)),
        "the parameters are left as they were": kept,
    }
