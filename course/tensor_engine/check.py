"""The tasks of unit 5. Some shapes are square: a wrong axis or transpose raises no error there. Nearly every part also
has a large array, so that there is no time to nudge its entries one by one."""

from itertools import pairwise

import numpy as np

from course.check import Unit
from course.check.extremes import magnified, tiny, unit_for, unlikely_for
from course.check.parts import LONG, afterwards, away_from_zero, entries, first, item, second

unit = Unit("tensor_engine", frameworks=())

KEPT = "what was given is left as it was"
MANY = f"{LONG:,} entries"


@unit.task(points=2)
def unbroadcast(answer, rng):
    matrix, square, solid = (away_from_zero(rng, *shape) for shape in ((5, 4), (3, 3), (2, 3, 4)))
    row, flat, long = away_from_zero(rng, 1, 4), away_from_zero(rng, 2, 1, 3), rng.uniform(1, 2, size=(2, LONG))

    def back(*cases, to=(1, LONG)):
        def sums():
            found = {f"{g.shape} to {shape}": answer.unbroadcast(g.copy(), shape) for g, shape in cases}
            return found | {MANY: entries(answer.unbroadcast(long.copy(), to), to)}

        return sums

    return {
        "an axis was added": back((matrix, (4,)), (row, (4,)), to=(LONG,)),
        "an axis of 1 was stretched": back((matrix, (5, 1)), (matrix, (1, 4)), (solid, (2, 1, 4))),
        "a 3 by 3 array": back((square, (3,)), (square, (1, 3)), (square, (3, 1))),
        "from a single number": back((matrix, ()), (matrix, (1,)), (solid, (1, 1, 1))),
        "added and stretched": back((solid, (1, 4)), (solid, (3, 1)), (solid, (4,))),
        "nothing or little to undo": back((matrix, (5, 4)), (row, (1, 4)), (flat, (1, 3))),
    }


@unit.task(points=2, answers=("matmul_left", "matmul_right"))
def matmul_rule(answer, rng):
    def factors(*shapes):
        """g, A and B for a product of these shapes."""
        A, B = (rng.normal(size=shape) for shape in shapes)
        return rng.normal(size=(A @ B).shape), A, B

    tall = factors((500, 400), (400, 2))
    wide = tuple(array.T for array in (tall[0], tall[2], tall[1]))
    row, j = tiny(rng, 500), int(rng.integers(400))
    plain, square = factors((2, 3), (3, 4)), factors((3, 3), (3, 3))
    stacks = factors((2, 3, 4), (2, 4, 5)), factors((3, 3, 3), (3, 3, 3))

    def by_left(g, A, B):
        return answer.matmul_left(g.copy(), A @ B, A.copy(), B.copy())

    def by_right(g, A, B):
        return answer.matmul_right(g.copy(), A @ B, A.copy(), B.copy())

    def back(rule, *cases):
        """What a rule returns in each case, for a large matrix, and once more with a tiny row of B, or column of A,
        which multiplies other numbers."""

        def products():
            g, A, B = (array.copy() for array in (tall if rule is by_left else wide))
            large = rule(g, A, B)
            unit = unit_for(large)
            if rule is by_left:
                B[j] = row[:2] * unit
            else:
                A[:, j] = row[:2] * unit
            found = {f"{A.shape} times {B.shape}": rule(g, A, B) for g, A, B in cases}
            return found | {
                MANY: entries(large, A.shape if rule is by_left else B.shape),
                "where a factor is tiny (magnified)": magnified(
                    rule(g, A, B), unit, np.s_[:, j] if rule is by_left else j
                ),
            }

        return products

    return {
        f"by {name}, {what}": back(rule, *cases)
        for name, rule in (("A", by_left), ("B", by_right))
        for what, cases in {
            "(2, 3) times (3, 4)": [plain],
            "square matrices": [square],
            "stacks": stacks,
        }.items()
    }


HUGE = 2.0**100


@unit.task(points=2, answers=("sum_rule", "mean_rule"), conditions=(f"sum: {KEPT}", f"mean: {KEPT}"))
def sum_and_mean_rule(answer, rng):
    vector, square, solid = (away_from_zero(rng, *shape) for shape in ((4,), (3, 3), (2, 3, 4)))
    upstream, long = 4 * away_from_zero(rng, 1000), rng.uniform(1, 2, size=(50, 80, 50)) * HUGE
    kept = {"g": away_from_zero(rng, 7), "x": away_from_zero(rng, 6, 7)}

    def parts(name, function, rule):
        def call(x, factor=1.0, **settings):
            y = function(x, **settings)
            g = factor * upstream[: y.size].reshape(y.shape)[()]
            return rule()(g.copy(), y, x.copy(), **settings)

        def many(**settings):
            """The long array is so large that sums hide a nudge, and g so small that it hides a complex one."""
            unit = max(unit_for(call(solid, **settings)), 2.0**-1010)
            return entries(magnified(call(long, unit, **settings), unit), long.shape)

        def back(*cases, **settings):
            def compute():
                found = {f"{x.shape}, axis={given.get('axis')}": call(x, **given) for x, given in cases}
                return found | {MANY: many(**settings)}

            return compute

        def keep():
            return afterwards(lambda g, x: rule()(g, function(x, axis=0), x, axis=0), **kept)

        along, solid_along = (
            [(x, {"axis": axis}) for axis in axes] for x, axes in ((square, (0, 1, -1)), (solid, (1, 0, -1)))
        )
        return {
            f"{name} of everything": back((square, {}), (solid, {})),
            f"{name} along an axis of a square": back(*along, (vector, {"axis": 0}), axis=(0, 1)),
            f"{name} along an axis of (2, 3, 4)": back(*solid_along, axis=(0, -1)),
            f"{name} with keepdims": back(
                (square, {"axis": 1, "keepdims": True}),
                (solid, {"axis": None, "keepdims": True}),
                axis=None,
                keepdims=True,
            ),
            f"{name} along two axes": back(
                (solid, {"axis": (0, 2)}),
                (solid, {"axis": (1, -1), "keepdims": True}),
                axis=(1, -1),
                keepdims=True,
            ),
            f"{name}: {KEPT}": keep,
        }

    return {
        **parts("sum", np.sum, lambda: answer.sum_rule),
        **parts("mean", np.mean, lambda: answer.mean_rule),
    }


def extreme_logits(rng):
    """Logits of 800, -800 and in between, and labels of any probability, in a random order."""
    rows = [[800.0, -800.0, 0.0], [-800.0, -790.0, -801.0], [3.0, 1.0, 2.0], [60.0, -40.0, 20.0]]
    turned = np.argsort(rng.random(size=(4, 3)), axis=1)
    logits = np.take_along_axis(rows + rng.uniform(-0.2, 0.2, size=(4, 3)), turned, axis=1)
    order = rng.permutation(4)
    return logits[order], (turned == [[1], [2], [0], [1]]).argmax(axis=1)[order]


@unit.task(
    points=2,
    answers=("softmax_cross_entropy_gradient",),
    weights={"gradient": 2, "gradient, logits of 800 and -800": 3},
    conditions=(KEPT,),
)
def softmax_cross_entropy(answer, rng):
    batches = {
        "five examples": (rng.uniform(-2, 2, size=(5, 3)), rng.permutation([0, 1, 2, 2, 0])),
        "as many classes as examples": (rng.uniform(-2, 2, size=(3, 3)), rng.permutation([0, 1, 2])),
        "one example": (rng.uniform(-2, 2, size=(1, 4)), rng.permutation([1, 2])[:1]),
    }
    extreme = extreme_logits(rng)
    kept = {"logits": rng.uniform(-2, 2, size=(20, 3)), "labels": rng.integers(3, size=20)}
    N, K = 200, LONG // 200
    long, classes, few = rng.uniform(-2, 2, size=(N, K)), rng.integers(K, size=N), np.arange(20)
    others = (classes[few] + rng.integers(1, K, size=20)) % K

    def on(batch):
        logits, labels = batch
        return answer.softmax_cross_entropy_gradient(logits.copy(), labels.copy())

    def with_many(**found):
        """What was found; the gradient of many logits, times their number since it is small; and the gradient of logits
        of classes so unlikely that the loss does not change with them."""
        many = second(on((long, classes)))
        score, given = unlikely_for(many), long.copy()
        given[few, others] += score
        of_unlikely = magnified(second(on((given, classes))), np.exp(score) / LONG, (few, others))
        seen = entries(many if many is None else np.multiply(many, LONG), long.shape)
        return found | {
            f"{N} examples, {K:,} classes (magnified)": seen,
            "classes of hardly any probability (magnified)": of_unlikely,
        }

    return {
        "loss": lambda: {name: first(on(batch)) for name, batch in batches.items()},
        "gradient": lambda: with_many(**{name: second(on(batch)) for name, batch in batches.items()}),
        "loss, logits of 800 and -800": lambda: first(on(extreme)),
        "gradient, logits of 800 and -800": lambda: with_many(gradient=second(on(extreme))),
        KEPT: lambda: afterwards(lambda *given: answer.softmax_cross_entropy_gradient(*given), **kept),
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


NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")


@unit.task(points=2, conditions=(KEPT,))
def two_hidden_layers(answer, rng):
    equal, narrowing = network(rng, (4, 4, 4, 4), 6), network(rng, (3, 5, 4, 2), 5)
    kept = network(rng, (3, 4, 4, 3), 4)
    long = large_network(rng, (250, 260, 270, 280))
    high = network(rng, (3, 4, 4, 3), 4)
    high[0][5] += 1000

    def on(given):
        parameters, X, labels = given
        return answer.two_hidden_layers([p.copy() for p in parameters], X.copy(), labels.copy())

    def gradient(given, i):
        return item(second(on(given)), i, 6)

    def by(i):
        """The gradient with respect to parameter i in two networks, in one with many weights, and where it is tiny."""

        def found():
            large = gradient(long, i)
            seen = {
                "4 units in each layer": gradient(equal, i),
                "layers of 3, 5, 4 and 2": gradient(narrowing, i),
                "hundreds of units": entries(large, long[0][i].shape),
            }
            if i % 2 == 0:
                unit = unit_for(large)
                seen["where units are tiny (magnified)"] = magnified(gradient(with_tiny_units(long, unit), i), unit, 0)
            return seen

        return found

    return {
        "loss": lambda: {"loss": first(on(equal)), "loss of logits near 1000": first(on(high))},
        **{f"gradient with respect to {NAMES[i]}": by(i) for i in (4, 5, 2, 3, 0, 1)},
        KEPT: lambda: afterwards(
            lambda *given: answer.two_hidden_layers(*given), parameters=kept[0], X=kept[1], labels=kept[2]
        ),
    }
