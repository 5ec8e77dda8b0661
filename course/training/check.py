"""The tasks of unit 11."""

from functools import cache

import numpy as np

from course.check import Unit
from course.check.parts import afterwards, first, second
from course.check.plain import Opaque

unit = Unit("training")

KEPT = "train and test are left as they were"


@unit.task(points=2, conditions=(KEPT,))
def standardise(answer, rng):
    units = np.array([1000.0, 30000.0, 30.0])
    train = rng.normal(size=(7, 3)) * units + 5 * units
    test = rng.normal(size=(4, 3)) * units + 8 * units
    small = 0.05 + 0.004 * rng.permutation(np.linspace(-1, 1, 5))
    constant = np.column_stack([np.full(5, float(rng.integers(2, 9))), small])
    other = constant[:2] + rng.uniform(1, 2)
    alike, more = np.tile(rng.uniform(2, 3, size=3), (2, 1)), rng.uniform(4, 5, size=(2, 3))

    def on(train, test):
        return answer.standardise(train.copy(), test.copy())

    def all_constant():
        found = on(alike, more)
        return {"train": first(found), "test": second(found)}

    return {
        "the training set": lambda: first(on(train, test)),
        "the test set": lambda: second(on(train, test)),
        "one test example": lambda: second(on(train, test[:1])),
        "a constant column of the training set": lambda: first(on(constant, other)),
        "the same column of the test set": lambda: second(on(constant, other)),
        "training examples that are all alike": all_constant,
        KEPT: lambda: afterwards(answer.standardise, train=train, test=test),
    }


def one_cycle(rng, n):
    """A permutation of 0 … n - 1, n > 2, that is never its own inverse, so that its argsort is another one."""
    path, order = rng.permutation(n), np.empty(n, dtype=int)
    order[path] = np.roll(path, 1)
    return order


MISSING = Opaque("no such batch")


LENGTHS = "how many examples each batch holds"


@unit.task(points=2, conditions=(LENGTHS,))
def minibatches(answer, rng):
    X, labels, order, even = rng.normal(size=(10, 3)), rng.normal(size=10), one_cycle(rng, 10), one_cycle(rng, 6)

    def batches(n, order, size):
        return answer.minibatches(X[:n].copy(), labels[:n].copy(), order.copy(), size)

    def each(place, found, number):
        """X (place 0) or the labels (1) of every batch, and how many batches there are."""
        listed = isinstance(found, list | tuple)
        items = [(first, second)[place](batch) for batch in found[:number]] if listed else []
        items += [MISSING] * (number - len(items))
        named = {f"batch {i}": item for i, item in enumerate(items, start=1)}
        return {"number of batches": len(found) if listed else found, **named}

    def lengths():
        """The lengths of all batches, as a text for each call."""
        calls = {"batches of 4": batches(10, order, 4), "batches of 3": batches(6, even, 3)}
        return {
            name: ", ".join(str(len(first(batch))) for batch in found) if isinstance(found, list | tuple) else found
            for name, found in calls.items()
        }

    def both(found, number):
        return {"X": each(0, found, number), "labels": each(1, found, number)}

    return {
        LENGTHS: lengths,
        "X of 10 examples in batches of 4": lambda: each(0, batches(10, order, 4), 3),
        "labels of 10 examples in batches of 4": lambda: each(1, batches(10, order, 4), 3),
        "X of 6 examples in batches of 3": lambda: each(0, batches(6, even, 3), 2),
        "labels of 6 examples in batches of 3": lambda: each(1, batches(6, even, 3), 2),
        "one batch for all": lambda: both(batches(10, order, 64), 1),
        "batches of one": lambda: both(batches(6, even, 1), 6),
    }


def two_layers(parameters, X, labels):
    """The mean squared error of two linear layers. Each gradient depends on all parameters and on the batch."""
    W, b, v = parameters
    hidden = X @ W + b
    residuals = (hidden @ v - labels) / len(X)
    gradients = [X.T @ np.outer(residuals, v), residuals.sum() * v, hidden.T @ residuals]
    return (residuals**2).sum() * len(X) / 2, gradients


ALSO_KEPT = "the parameters given are left as they were"


@unit.task(points=3, conditions=(ALSO_KEPT,))
def training_loop(answer, rng):
    given = [rng.uniform(0.5, 1, size=shape) for shape in ((3, 2), 2, 2)]
    batches = [(rng.normal(size=(n, 3)), rng.normal(size=n)) for n in (4, 4, 2)]
    rate = rng.uniform(0.03, 0.06)

    def run(parameters, epochs, batches=batches):
        pairs = [(X.copy(), labels.copy()) for X, labels in batches]
        return answer.training_loop(parameters, pairs, two_layers, rate, epochs)

    def on(*args):
        return run([p.copy() for p in given], *args)

    def kept():
        arrays = [p.copy() for p in given]
        listed = list(arrays)
        run(listed, 2)
        return {"the list afterwards": listed, "the arrays afterwards": arrays}

    return {
        "the parameters after one step": lambda: first(on(1, batches[:1])),
        "the parameters after three batches": lambda: first(on(1)),
        "the parameters after three epochs": lambda: first(on(3)),
        "the loss of one step": lambda: second(on(1, batches[:1])),
        "the losses of three batches": lambda: second(on(1)),
        "the losses of three epochs": lambda: second(on(3)),
        ALSO_KEPT: kept,
    }


def decisions(rng, n):
    """n decisions for 0 or 1, and their labels. No slip gives their accuracy by chance."""
    while True:
        labels = rng.integers(0, 2, size=n)
        decided = np.where(rng.random(n) < rng.uniform(), labels, 1 - labels)
        right, hits = np.mean(decided == labels), np.sum(decided & labels)
        recall, precision = hits / max(labels.sum(), 1), hits / max(decided.sum(), 1)
        broadcast = np.mean(decided[:, None] == labels)
        shares = [right, 1 - right, labels.mean(), 1 - labels.mean(), hits / n, recall, precision, broadcast, 0, 1]
        if len(set(np.round(shares, 9))) == len(shares):
            return decided, labels


@unit.task(points=1)
def accuracy(answer, rng):
    def drawn(n):
        """n probabilities, of which some are close to 0.5, and labels."""
        decided, labels = decisions(rng, n)
        sure = rng.choice([1e-4, 0.01, 0.2, 0.45], size=n) * rng.uniform(0.5, 1, size=n)
        return 0.5 + np.where(decided == 1, sure, -sure), labels

    ten, column, row, columns, ties = (drawn(n) for n in (10, *rng.integers(11, 30, size=4)))
    ties[0][ties[0] > 0.5] = 0.5

    return {
        "10 probabilities": lambda: answer.accuracy(ten[0].copy(), ten[1].copy()),
        "a column of probabilities": lambda: answer.accuracy(column[0][:, None].copy(), column[1].copy()),
        "a column of labels": lambda: answer.accuracy(row[0].copy(), row[1][:, None].copy()),
        "columns of both": lambda: answer.accuracy(*(array[:, None].copy() for array in columns)),
        "exactly 0.5 counts as 1": lambda: answer.accuracy(ties[0].copy(), ties[1].copy()),
    }


PRECISE = "the trained parameters are float64"


@unit.task(points=2, rtol=3e-5, atol=1e-7, seconds=60, conditions=(PRECISE,))
def keras_fit(answer, rng):
    X, labels = rng.normal(size=(10, 3)), rng.permutation(np.repeat([0, 1], 5))
    parameters = [rng.normal(size=(3, 4)), rng.normal(size=4), 0.1 * rng.normal(size=(4, 1)), rng.uniform(0.4, 0.6, 1)]
    rate = float(rng.uniform(0.3, 0.6))

    @cache
    def run(batch_size, epochs):
        """The result of one call, with Keras's own type of numbers set as it is in the notebook."""
        from keras import config

        usual = config.dtype_policy(), config.floatx()
        config.set_floatx("float64")
        config.set_dtype_policy("float64")
        try:
            given = [p.copy() for p in parameters]
            return answer.keras_fit(given, X.copy(), labels.copy(), batch_size, rate, epochs)
        finally:
            config.set_dtype_policy(usual[0])
            config.set_floatx(usual[1])

    def types():
        found = run(10, 1)
        if not isinstance(found, list | tuple):
            return found
        return {f"item {i}": str(np.asarray(one).dtype) for i, one in enumerate(found)}

    return {
        "one step with all examples": lambda: run(10, 1),
        "one epoch of batches, in the order of the rows": lambda: run(4, 1),
        "three epochs of batches, in the order of the rows": lambda: run(4, 3),
        PRECISE: types,
    }
