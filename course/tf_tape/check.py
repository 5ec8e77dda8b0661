"""The tasks of unit 6. TensorFlow may compute in float32 or float64, so nearly all numbers are of ordinary size.

Several things tell a tape from nudging. Functions hold an operation with a slope of its own, which no nudge sees.
Batches have so many weights that there is no time to nudge each, or inputs so tiny that a nudge of all their weights
at once is lost (see ``course.check.extremes``). Beside a huge loss, a difference has no digits left.
"""

import numpy as np

from course.check import Unit
from course.check.extremes import SMALL, magnified, tiny
from course.check.originals import Originals
from course.check.parts import LONG, entries, item

unit = Unit("tf_tape")

RTOL, ATOL = 1e-5, 1e-6  # float32 on the way is fine, whatever dtype comes back
SECONDS = 30.0  # the first operations of a process are slow


def number(result):
    """An array or tensor of one entry as a number; anything else as it is."""
    entries = getattr(result, "shape", None)
    return np.reshape(np.asarray(result), ()) if entries is not None and np.size(result) == 1 else result


def apart(rng, size):
    """Numbers between 0.5 and 0.9 or between -0.9 and -0.5."""
    return rng.uniform(0.5, 0.9, size=size) * rng.choice([-1, 1], size=size)


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


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS)
def tape_gradient(answer, rng, tf=tf, sloped=sloped):
    point = [float(n) for n in rng.uniform((-2.9, 4.1, -4.9), (-2.1, 5.9, -3.1))]
    whole = [int(n) for n in rng.permutation([2, 3, 5]) + rng.integers(0, 2) * 5]
    arrays = [apart(rng, (2, 3)), apart(rng, 3), np.array(rng.uniform(1.2, 1.9))]
    single = [apart(rng, 4)]

    held = sloped(rng)

    def product(x, y, z):
        return (x + y) * z

    def curved(x, y, z):
        return x * x * y + y * z * z * z + held(x * y * z)

    def mixed(matrix, vector, scale):
        bent = scale * tf.reduce_sum(tf.exp(tf.matvec(matrix, vector))) + scale**3 * tf.reduce_sum(vector**2)
        return bent + held(scale * tf.reduce_sum(matrix) * tf.reduce_sum(vector))

    def waves(v):
        return tf.reduce_sum(tf.sin(v)) ** 2 + tf.reduce_sum(v**3) + held(tf.reduce_sum(v**2))

    return {
        "value of (x + y)·z": lambda: number(item(answer.tape_gradient(product, list(point)), 0, 2)),
        "gradients of (x + y)·z": lambda: item(
            answer.tape_gradient(lambda x, y, z: product(x, y, z) + held(x * y * z), list(point)), 1, 2
        ),
        "gradients by a matrix, a vector, a number": lambda: item(
            answer.tape_gradient(mixed, [array.copy() for array in arrays]), 1, 2
        ),
        "one input": lambda: item(answer.tape_gradient(waves, [single[0].copy()]), 1, 2),
        "whole numbers": lambda: item(answer.tape_gradient(curved, list(whole)), 1, 2),
    }


def batch(rng, labels):
    """w (1, 3), b, X (N, 3): scores between 0.3 and 2.1, of both signs for each label, none of them alike."""
    w, b = apart(rng, (1, 3)), float(apart(rng, 1)[0])
    size = np.linspace(0.3, 2.1, len(labels)) + rng.uniform(-0.05, 0.05, size=len(labels))
    sign = np.where(np.arange(len(labels)) % 4 < 2, 1, -1)
    X = rng.uniform(0.5, 2.0, size=(len(labels), 3)) * rng.choice([-1, 1], size=(len(labels), 3))
    X += np.outer(sign * size - b - X @ w[0], w[0]) / (w[0] @ w[0])
    order = rng.permutation(len(labels))
    return w, b, X[order], labels[order]


def wide(rng, n):
    """n examples of LONG features, so small that sums of their products with weights are of ordinary size."""
    return rng.uniform(0.2, 0.5, size=(n, LONG)) * rng.choice([-1, 1], size=(n, LONG)) / 50


def with_tiny_features(rng, n):
    """n examples of three features and of five so tiny ones that no step of their weights is seen beside the others."""
    ordinary = rng.uniform(0.5, 1.5, size=(n, 3)) * rng.choice([-1, 1], size=(n, 3))
    return np.column_stack([ordinary, tiny(rng, n, 5, unit=SMALL)])


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS)
def vectorised_loss(answer, rng):
    import tensorflow  # noqa: F401  (its start is not an answer's time)

    mixed = batch(rng, np.array([1.0, 0, 1, 0, 1, 1, 0]))
    alike = [batch(rng, np.full(5, label)) for label in (1.0, 0.0)]
    singles = [batch(rng, np.array([label])) for label in (1.0, 0.0)]
    X = np.array([[1, 0, -1], [0, 2, 1], [-1, 1, 0], [2, 1, 1], [1, 1, -2]])[rng.permutation(5)]
    whole = np.array([[2, -1, 1]]), 1, X, np.array([1, 0, 0, 1, 0])
    long = apart(rng, (1, LONG)), 0.5, wide(rng, 3), np.array([1.0, 0, 1])
    faint = apart(rng, (1, 8)), 0.5, with_tiny_features(rng, 3), np.array([1.0, 0, 1])

    def on(given):
        w, b, X, labels = given
        result = answer.vectorised_loss(w.copy(), b, X.copy(), labels.copy())
        return [number(item(result, 0, 3)), item(result, 1, 3), number(item(result, 2, 3))]

    def and_many_weights(*found):
        return [*found, entries(on(long)[1], (1, LONG)), magnified(on(faint)[1], SMALL, np.s_[:, 3:])]

    return {
        "loss": lambda: on(mixed)[0],
        "gradient by w": lambda: and_many_weights(on(mixed)[1]),
        "gradient by b": lambda: and_many_weights(on(mixed)[2]),
        "label 1 only, label 0 only": lambda: and_many_weights(*(on(given) for given in alike)),
        "one example": lambda: and_many_weights(*(on(given) for given in singles)),
        "whole numbers": lambda: and_many_weights(on(whole)),
    }


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS)
def loss_from_logits(answer, rng):
    import tensorflow  # noqa: F401

    order, labels = rng.permutation(8), np.array([1.0, 0, 1, 0, 1, 0, 1, 0])
    size = np.linspace(0.4, 2.5, 8) + rng.uniform(-0.05, 0.05, size=8)
    scores = size * np.where(np.arange(8) % 4 < 2, 1, -1)
    large = np.array([-1.0, 1, 1, -1, -1]) * rng.uniform(120, 300, size=5)
    wrong = np.array([1.0, 0, 1, 0, 1])
    single = float(scores[1])
    whole, whole_labels = np.array([1, -2, 3, -1, 2])[rng.permutation(5)], np.array([1, 1, 0, 0, 1])
    huge = scores[order] * np.where(np.arange(8) == rng.integers(8), 2.0**60, 1)

    def on(scores, labels):
        result = answer.loss_from_logits(np.array(scores), np.array(labels))
        return [number(item(result, 0, 2)), item(result, 1, 2)]

    def and_beside_a_huge_one(*found):
        """What was found, and the gradient by scores of which one is huge and bears the wrong label."""
        return [*found, on(huge, np.where(np.abs(huge) > 1000, huge < 0, labels[order]))[1]]

    return {
        "loss": lambda: on(scores[order], labels[order])[0],
        "gradient by the scores": lambda: and_beside_a_huge_one(on(scores[order], labels[order])[1]),
        "one example, label 1 and label 0": lambda: and_beside_a_huge_one(on([single], [1.0]), on([single], [0.0])),
        "whole numbers": lambda: and_beside_a_huge_one(on(whole, whole_labels)),
        "very large scores": lambda: and_beside_a_huge_one(on(large, wrong)),
    }


@unit.task(points=2, rtol=RTOL, atol=ATOL, seconds=SECONDS)
def intermediate_gradients(answer, rng, tf=tf, sloped=sloped):
    a, b, c = (float(n) for n in rng.uniform((4.1, 6.1, 0.21), (5.9, 7.9, 0.49)))
    vector, wide = rng.uniform(0.5, 0.9, size=3), rng.uniform(0.5, 0.9, size=(4, 3))
    whole = int(rng.integers(3, 6))

    def on(stages, x):
        return answer.intermediate_gradients(list(stages), x)

    held = sloped(rng)  # in each last stage
    logarithm = [lambda x: x + a, lambda x: x * c, lambda y: tf.log(y) + held(y)]
    squares = [lambda m: m * m, lambda m: tf.reduce_sum(m, axis=1), lambda v: tf.reduce_sum(v**2 + held(v))]
    return {
        "ln(c·(a + x)), by x and all stages": lambda: on(logarithm, b),
        "a vector, then a number": lambda: on(
            [lambda v: v**3, tf.exp, tf.reduce_sum, lambda s: s * s + held(s)], vector.copy()
        ),
        "a matrix, then a vector, then a number": lambda: on(squares, wide.copy()),
        "two stages": lambda: on([lambda x: x * x * x, lambda x: 2.0 * x * x + held(x)], b),
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
        """The gradient, the one by many weights, and that by the weights of tiny features."""
        many, few = by(*long, targets), by(*faint, targets)
        return [by(w, X, y), entries(many, (LONG,)), magnified(few, SMALL, np.s_[3:])]

    return {
        "five examples": lambda: on(w, X, y),
        "one example": lambda: on(w, X[one], y[one]),
        "w in whole numbers": lambda: on(whole_w, X, y),
        "everything in whole numbers": lambda: on(whole_w, whole_X, whole_y),
    }


del tf, sloped  # an answer cannot replace what has no name in this module
