"""The tasks of unit 6. TensorFlow may compute in float32 or float64, so nearly all numbers are of ordinary size.

Several things tell a tape from nudging. Functions hold an operation with a slope of its own, which no nudge sees.
Batches have so many weights that there is no time to nudge each, or inputs so tiny that a nudge of all their weights
at once is lost (see ``course.check.extremes``). Beside a huge loss, a difference has no digits left.
"""

import numpy as np

from course.check import Unit
from course.check.extremes import SMALL, magnified
from course.check.originals import Originals
from course.check.parts import LONG, entries, item, raises
from course.tf_tape.batches import apart, batch, wide, with_tiny_features

unit = Unit("tf_tape")

RTOL, ATOL = 1e-5, 1e-6  # float32 on the way is fine, whatever dtype comes back
SECONDS = 30.0  # the first operations of a process are slow


def number(result):
    """An array or tensor of one entry as a number; anything else as it is."""
    entries = getattr(result, "shape", None)
    return np.reshape(np.asarray(result), ()) if entries is not None and np.size(result) == 1 else result


def flat(result):
    """Numbers as a vector; anything else as it is."""
    try:
        return np.asarray(result, dtype=float).ravel()
    except (TypeError, ValueError):
        return result


tf = Originals(
    "tensorflow.custom_gradient",
    "tensorflow.identity",
    "tensorflow.reduce_sum",
    "tensorflow.exp",
    "tensorflow.sin",
    "tensorflow.linalg.matvec",
    "tensorflow.math.log",
)


def sloped(rng, tf=tf):
    """An operation that returns its input. A nudge finds the slope 1, but a tape finds a slope that is drawn.

    The operation is no constant for a tape, since a constant could be played back to an answer that nudges. Tasks took
    this function before any answer ran, so that no replacement of it is told the slope.
    """
    slope = float(rng.uniform(1.5, 2.5))

    @tf.custom_gradient
    def operation(x):
        return tf.identity(x), lambda upstream: slope * upstream

    return operation


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS, refusing=True)
def tape_gradient(answer, rng, tf=tf, sloped=sloped):
    point = [float(n) for n in rng.uniform((-2.9, 4.1, -4.9), (-2.1, 5.9, -3.1))]
    whole = [int(n) for n in rng.permutation([2, 3, 5]) + rng.integers(0, 2) * 5]
    arrays = [apart(rng, (2, 3)), apart(rng, 3), np.array(rng.uniform(1.2, 1.9))]
    single = apart(rng, 4)

    held = sloped(rng)

    def product(x, y, z):
        return (x + y) * z

    def steeper(x, y, z):
        return product(x, y, z) + held(x * y * z)

    def curved(x, y, z):
        return x * x * y + y * z * z * z + held(x * y * z)

    def mixed(matrix, vector, scale):
        bent = scale * tf.reduce_sum(tf.exp(tf.matvec(matrix, vector))) + scale**3 * tf.reduce_sum(vector**2)
        return bent + held(scale * tf.reduce_sum(matrix) * tf.reduce_sum(vector))

    def waves(v):
        return tf.reduce_sum(tf.sin(v)) ** 2 + tf.reduce_sum(v**3) + held(tf.reduce_sum(v**2))

    def value(f, values):
        return number(item(answer.tape_gradient(f, list(values)), 0, 2))

    def gradients(f, values):
        return item(answer.tape_gradient(f, list(values)), 1, 2)

    def without_the_second():
        return {
            "gradients of a function of all inputs": gradients(steeper, point),
            "a function without the second input": raises(
                ValueError, lambda: answer.tape_gradient(lambda x, y, z: x * held(z), list(point))
            ),
        }

    return {
        "the value": lambda: {
            "of three numbers": value(product, point),
            "of a matrix, a vector and a number": value(mixed, map(np.copy, arrays)),
        },
        "gradients with respect to three numbers": lambda: gradients(steeper, point),
        "gradients with respect to a matrix, a vector and a number": lambda: gradients(
            mixed, [np.copy(array) for array in arrays]
        ),
        "one input": lambda: gradients(waves, [single.copy()]),
        "whole numbers": lambda: gradients(curved, whole),
        "an input on which f does not depend": without_the_second,
    }


@unit.task(
    points=2,
    rtol=RTOL,
    atol=ATOL,
    seconds=SECONDS,
    weights={"the gradient with respect to w": 2, "the gradient with respect to b": 1.5},
)
def vectorised_loss(answer, rng):
    import tensorflow  # noqa: F401  (its start is not an answer's time)

    batches = {
        "both labels": batch(rng, np.array([1.0, 0, 1, 0, 1, 1, 0])),
        "label 1 alone": batch(rng, np.full(5, 1.0)),
        "label 0 alone": batch(rng, np.full(5, 0.0)),
    }
    singles = {f"label {label}": batch(rng, np.array([float(label)])) for label in (1, 0)}
    X = np.array([[1, 0, -1], [0, 2, 1], [-1, 1, 0], [2, 1, 1], [1, 1, -2]])[rng.permutation(5)]
    whole = {
        "all numbers whole": (np.array([[2, -1, 1]]), 1, X, np.array([1, 0, 0, 1, 0])),
        "labels whole": (*batches["both labels"][:3], batches["both labels"][3].astype(int)),
    }
    long = apart(rng, (1, LONG)), 0.5, wide(rng, 3), np.array([1.0, 0, 1])
    faint = apart(rng, (1, 8)), 0.5, with_tiny_features(rng, 3), np.array([1.0, 0, 1])

    def on(given):
        w, b, X, labels = given
        result = answer.vectorised_loss(w.copy(), b, X.copy(), labels.copy())
        loss, dw, db = (item(result, i, 3) for i in range(3))
        return {"loss": number(loss), "by w": dw, "by b": number(db)}

    def in_each_batch(name):
        return {labels: on(given)[name] for labels, given in batches.items()}

    def all_results(of):
        return {f"{name}, {kind}": result for kind, given in of.items() for name, result in on(given).items()}

    def by_many_weights():
        """The gradient of more weights than there is time to nudge, and of those of tiny features."""
        many, few = (flat(on(given)["by w"]) for given in (long, faint))
        return {
            "by 200,000 weights": entries(many, (LONG,)) if isinstance(many, np.ndarray) else many,
            "with respect to the weights of tiny features": magnified(few, SMALL, np.s_[3:])
            if isinstance(few, np.ndarray)
            else few,
        }

    return {
        "the loss": lambda: in_each_batch("loss"),
        "the gradient with respect to w": lambda: in_each_batch("by w") | by_many_weights(),
        "the gradient with respect to b": lambda: in_each_batch("by b") | by_many_weights(),
        "one example": lambda: all_results(singles) | by_many_weights(),
        "whole numbers": lambda: all_results(whole) | by_many_weights(),
    }


LARGE = "very large scores: the loss", "very large scores: the gradient"


@unit.task(
    points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS,
    weights={"the loss": 1.75, "the gradient": 1.25, LARGE[0]: 0.25, LARGE[1]: 4.75},
)  # fmt: skip
def loss_from_logits(answer, rng):
    import tensorflow  # noqa: F401

    order, labels = rng.permutation(8), np.array([1.0, 0, 1, 0, 1, 0, 1, 0])
    size = np.linspace(0.4, 2.5, 8) + rng.uniform(-0.05, 0.05, size=8)
    scores = size * np.where(np.arange(8) % 4 < 2, 1, -1)
    several = scores[order], labels[order]
    ones, zeros = (scores[:1], np.ones(1)), (scores[:1], np.zeros(1))
    with_zero = np.array([0.0, scores[0], 0.0]), np.array([1.0, 0.0, 0.0])
    whole = np.array([1, -2, 3, -1, 2])[rng.permutation(5)], np.array([1, 1, 0, 0, 1])
    sizes = np.array([20, 40, 90, 250, 900]) * rng.uniform(0.9, 1.1, size=5)
    place = rng.permutation(12)  # of large scores with the wrong label, and of two with the right one
    large = np.r_[sizes, -sizes, 400, -400][place], np.r_[np.zeros(5), np.ones(5), 1, 0][place]
    up, down = rng.choice(8, size=2, replace=False)
    huge, beside = scores[order], labels[order]
    huge[[up, down]], beside[[up, down]] = [2.0**60, -(2.0**60)], [0, 1]

    def on(given, i):
        result = item(answer.loss_from_logits(np.array(given[0]), np.array(given[1])), i, 2)
        return result if i else number(result)

    def loss(**given):
        return {name.replace("_", " "): on(one, 0) for name, one in given.items()}

    def gradient(**given):
        """Gradients, at last those by scores of which two are huge and bear the wrong label."""
        found = {f"gradient, {name.replace('_', ' ')}": on(one, 1) for name, one in given.items()}
        return found | {"gradient, beside scores of 10^18": on((huge, beside), 1)}

    return {
        "the loss": lambda: loss(several_scores=several, one_score_of_label_1=ones, one_score_of_label_0=zeros),
        "the gradient": lambda: gradient(several_scores=several, one_score_of_label_1=ones, one_score_of_label_0=zeros),
        "scores of exactly 0": lambda: gradient(scores_with_zeros=with_zero),
        "whole numbers": lambda: {"loss": on(whole, 0)} | gradient(
            whole_numbers=whole, whole_labels=(several[0], several[1].astype(int))
        ),
        LARGE[0]: lambda: on(large, 0),
        LARGE[1]: lambda: gradient(large_scores=large),
    }  # fmt: skip


ITSELF = "by the result itself"


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS, conditions=(ITSELF,))
def intermediate_gradients(answer, rng, tf=tf, sloped=sloped):
    a, b, c = (float(n) for n in rng.uniform((4.1, 6.1, 0.21), (5.9, 7.9, 0.49)))
    vector, matrix = rng.uniform(0.5, 0.9, size=3), rng.uniform(0.5, 0.9, size=(4, 3))
    whole = int(rng.integers(3, 6))

    held = sloped(rng)  # in each last stage
    logarithm = [lambda x: x + a, lambda x: x * c, lambda y: tf.log(y) + held(y)]
    powers = [lambda v: v**3, tf.exp, tf.reduce_sum, lambda s: s * s + held(s)]
    squares = [lambda m: m * m, lambda m: tf.reduce_sum(m, axis=1), lambda v: tf.reduce_sum(v**2 + held(v))]
    idle = [lambda x: x * x, lambda x: x, lambda x: 2.0 * x * x + held(x)]

    def on(stages, x):
        return answer.intermediate_gradients(list(stages), x)

    def some(places):
        """The gradients at these places in the list, for three lists of stages."""
        given = {
            "ln(c·(a + x))": (logarithm, b),
            "a vector, then a number": (powers, vector.copy()),
            "a matrix, then a vector, then a number": (squares, matrix.copy()),
        }
        found = {}
        for name, (stages, x) in given.items():
            result, n = on(stages, x), len(stages) + 1
            for i in range(n)[places]:
                found[f"{name}: {'x' if i == 0 else f'stage {i}'}"] = item(result, i, n)
        return found

    return {
        "by x": lambda: some(np.s_[:1]),
        "by what the stages before the last returned": lambda: some(np.s_[1:-1]),
        ITSELF: lambda: some(np.s_[-1:]),
        "one stage": lambda: on([lambda x: x * x * x + held(x)], b),
        "two stages": lambda: on([lambda x: x * x * x, lambda x: 2.0 * x * x + held(x)], b),
        "a stage that returns what it is given": lambda: on(idle, b),
        "a whole number": lambda: on([lambda x: x * x, lambda x: x * x + 3 * x + held(x)], whole),
    }


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS)
def repaired_gradient(answer, rng):
    import tensorflow  # noqa: F401

    w, X = apart(rng, 3), rng.uniform(1.1, 1.9, size=(5, 3)) * rng.choice([-1, 1], size=(5, 3))
    y = X @ w + np.array([1.5, -0.7, 0.4, 1.1, -0.3]) * rng.uniform(0.9, 1.1, size=5)
    one, whole_X = rng.permutation(5)[:1], np.array([[1, 0, -1], [0, 2, 1], [-1, 1, 0], [2, 1, 1]])
    whole_w, whole_y = rng.permutation([2, -3, 1]), np.array([3, -1, 2, 9])

    targets = rng.uniform(0.5, 1.5, size=2)
    long, faint = (apart(rng, LONG), wide(rng, 2)), (apart(rng, 8), with_tiny_features(rng, 2))

    def by(w, X, y):
        return answer.repaired_gradient(w.copy(), X.copy(), y.copy())

    def on(w, X, y):
        return {
            "by w": by(w, X, y),
            "by 200,000 weights": entries(by(*long, targets), (LONG,)),
            "with respect to the weights of tiny features": magnified(by(*faint, targets), SMALL, np.s_[3:]),
        }

    return {
        "five examples": lambda: on(w, X, y),
        "one example": lambda: on(w, X[one], y[one]),
        "w in whole numbers": lambda: on(whole_w, X, y),
        "everything in whole numbers": lambda: on(whole_w, whole_X, whole_y),
    }


del tf, sloped  # an answer cannot replace what has no name in this module
