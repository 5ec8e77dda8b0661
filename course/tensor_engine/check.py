"""The tasks of unit 5. Square shapes stand beside others: in them a wrong axis or transpose raises no error."""

from itertools import pairwise

import numpy as np

from course.check import Unit
from course.check.parts import first, second

unit = Unit("tensor_engine")


@unit.task(points=2)
def unbroadcast(answer, rng):
    matrix, square, solid = rng.uniform(1, 2, size=(5, 4)), rng.uniform(1, 2, size=(3, 3)), rng.normal(size=(2, 3, 4))
    row, flat = rng.uniform(1, 2, size=(1, 4)), rng.uniform(1, 2, size=(2, 1, 3))

    def back(*cases):
        return lambda: [answer.unbroadcast(gradient.copy(), shape) for gradient, shape in cases]

    return {
        "an axis was added": back((matrix, (4,))),
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

    def left(g, A, B):
        return lambda: answer.matmul_left(g.copy(), A @ B, A.copy(), B.copy())

    def right(g, A, B):
        return lambda: answer.matmul_right(g.copy(), A @ B, A.copy(), B.copy())

    return {
        "by A, (2, 3) times (3, 4)": left(g, A, B),
        "by A, square matrices": left(square_g, C, D),
        "by A, two stacks": left(stack_g, stack_A, stack_B),
        "by B, (2, 3) times (3, 4)": right(g, A, B),
        "by B, square matrices": right(square_g, C, D),
        "by B, two stacks": right(stack_g, stack_A, stack_B),
    }


@unit.task(points=2, answers=("sum_rule", "mean_rule"))
def sum_and_mean_rule(answer, rng):
    square, solid = rng.uniform(1, 2, size=(3, 3)), rng.uniform(1, 2, size=(2, 3, 4))
    upstream = rng.uniform(3, 5, size=24)

    def parts(name, function, rule):
        def back(*cases):
            def compute():
                found = []
                for x, settings in cases:
                    y = function(x, **settings)
                    g = upstream[: y.size].reshape(y.shape)[()]
                    found.append(rule()(g, y, x.copy(), **settings))
                return found

            return compute

        return {
            f"{name} of everything": back((square, {}), (solid, {})),
            f"{name} along an axis of a square": back(*((square, {"axis": axis}) for axis in (0, 1, -1))),
            f"{name} along an axis of (2, 3, 4)": back(*((solid, {"axis": axis}) for axis in (1, 0, -1))),
            f"{name} with keepdims": back(
                (square, {"axis": 1, "keepdims": True}), (solid, {"axis": None, "keepdims": True})
            ),
            f"{name} along two axes": back((solid, {"axis": (0, 2)}), (solid, {"axis": (1, -1), "keepdims": True})),
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
    kept = logits.copy()

    def on(logits, labels):
        return answer.softmax_cross_entropy_gradient(logits.copy(), labels.copy())

    return {
        "loss": lambda: first(on(logits, labels)),
        "gradient": lambda: second(on(logits, labels)),
        "as many classes as examples": lambda: on(square, turns),
        "one example": lambda: on(single, last),
        "logits of 800 and -800": lambda: on(large, np.array([1, 2, 0])),
        "the logits are left as they were": lambda: [
            second(answer.softmax_cross_entropy_gradient(kept, labels.copy())),
            kept,
        ],
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


@unit.task(points=2)
def two_hidden_layers(answer, rng):
    equal, narrowing = network(rng, (4, 4, 4, 4), 6), network(rng, (3, 5, 4, 2), 5)
    parameters, X, labels = network(rng, (3, 4, 4, 3), 4)

    def on(given):
        parameters, X, labels = given
        return answer.two_hidden_layers([p.copy() for p in parameters], X.copy(), labels.copy())

    def layer(i, given):
        found = second(on(given))
        return list(found[2 * i : 2 * i + 2]) if isinstance(found, tuple | list) and len(found) == 6 else found

    def kept():
        given = [p.copy() for p in parameters]
        found = second(answer.two_hidden_layers(given, X.copy(), labels.copy()))
        return [*(found if isinstance(found, tuple | list) else [found]), *given]

    return {
        "loss": lambda: [first(on(equal)), first(on(narrowing))],
        "gradients by W3 and b3": lambda: layer(2, equal),
        "gradients by W2 and b2": lambda: layer(1, equal),
        "gradients by W1 and b1": lambda: layer(0, equal),
        "layers of 3, 5, 4 and 2": lambda: on(narrowing)[1],
        "the parameters are left as they were": kept,
    }
