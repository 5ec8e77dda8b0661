"""The tasks of unit 11."""

import numpy as np

from course.check import Unit

unit = Unit("training")


@unit.task(points=2)
def standardise(answer, rng):
    units = np.array([1.0, 100.0, 0.01])
    train = rng.normal(size=(7, 3)) * units + 5 * units
    test = rng.normal(size=(4, 3)) * units + 8 * units
    whole = rng.permutation(np.array([[1, 40], [2, 10], [4, 90], [9, 20]]))
    constant = np.column_stack([np.full(5, 3.0), rng.normal(size=5) + 2])

    def and_what_was_given():
        given = [train.copy(), test.copy()]
        return [*answer.standardise(*given), *given]

    return {
        "the training set": lambda: answer.standardise(train.copy(), test.copy())[0],
        "the test set": lambda: answer.standardise(train.copy(), test.copy())[1],
        "one test example": lambda: answer.standardise(train.copy(), test[:1].copy())[1],
        "whole numbers": lambda: answer.standardise(whole.copy(), whole[:2] + 1),
        "a constant column": lambda: answer.standardise(constant.copy(), constant[:2] + 1),
        "both are left as they were": and_what_was_given,
    }


def one_cycle(rng, n):
    """A permutation of 0 … n - 1, n > 2, that is never its own inverse, so that its argsort is another one."""
    path, order = rng.permutation(n), np.empty(n, dtype=int)
    order[path] = np.roll(path, 1)
    return order


@unit.task(points=2)
def minibatches(answer, rng):
    X, labels, order, even = rng.normal(size=(10, 3)), rng.normal(size=10), one_cycle(rng, 10), one_cycle(rng, 6)

    def as_lists(batches):
        return [[np.asarray(x), np.asarray(y)] for x, y in batches]

    return {
        "10 examples in batches of 4": lambda: as_lists(answer.minibatches(X.copy(), labels.copy(), order.copy(), 4)),
        "6 examples in batches of 3": lambda: as_lists(
            answer.minibatches(X[:6].copy(), labels[:6].copy(), even.copy(), 3)
        ),
        "one batch for all": lambda: as_lists(answer.minibatches(X.copy(), labels.copy(), order.copy(), 64)),
        "batches of one": lambda: as_lists(answer.minibatches(X[:6].copy(), labels[:6].copy(), even.copy(), 1)),
    }


def bowl(parameters, X, labels):
    """A loss in which every parameter's gradient depends on all parameters and on the batch."""
    w, b = parameters
    residuals = X @ w + b - labels
    curve = (w**2).sum() * (b**2).sum()
    gradients = [
        X.T @ residuals / len(X) + 0.2 * w * (b**2).sum(),
        residuals.mean(keepdims=True) + 0.2 * b * (w**2).sum(),
    ]
    return (residuals**2).mean() / 2 + 0.1 * curve, gradients


@unit.task(points=3)
def training_loop(answer, rng):
    parameters = [rng.uniform(1, 2, size=3), rng.uniform(1, 2, size=1)]
    batches = [(rng.normal(size=(n, 3)), rng.normal(size=n)) for n in (4, 4, 2)]

    def copied(pairs):
        return [(X.copy(), labels.copy()) for X, labels in pairs]

    def run(epochs, first=None, rate=0.1):
        given = [p.copy() for p in parameters]
        trained, losses = answer.training_loop(given, copied(batches[:first]), bowl, rate, epochs)
        return [*trained, np.asarray(losses, dtype=float)]

    def untouched():
        given = [p.copy() for p in parameters]
        trained, _ = answer.training_loop(given, copied(batches), bowl, 0.1, 2)
        return [*trained, *given]

    return {
        "one step": lambda: run(1, first=1),
        "one epoch of three batches": lambda: run(1),
        "three epochs": lambda: run(3),
        "a small learning rate": lambda: run(2, rate=0.01),
        "the parameters given are left as they were": untouched,
    }


def decisions(rng, n):
    """n decisions for 0 or 1, and their labels. No slip gives their accuracy by chance."""
    while True:
        labels = rng.integers(0, 2, size=n)
        decided = np.where(rng.random(n) < rng.uniform(), labels, 1 - labels)
        right, hits = np.mean(decided == labels), np.sum(decided & labels)
        recall, precision = hits / max(labels.sum(), 1), hits / max(decided.sum(), 1)
        broadcast = np.mean(decided[:, None] == labels)
        shares = [right, 1 - right, labels.mean(), 1 - labels.mean(), recall, precision, broadcast, 0, 1]
        if len(set(np.round(shares, 9))) == len(shares):
            return decided, labels


@unit.task(points=1)
def accuracy(answer, rng):
    def drawn(n):
        """n probabilities and labels."""
        decided, labels = decisions(rng, n)
        return np.where(decided == 1, rng.uniform(0.55, 0.95, size=n), rng.uniform(0.05, 0.45, size=n)), labels

    ten, column, columns, ties = (drawn(n) for n in (10, *rng.integers(11, 30, size=3)))
    ties[0][ties[0] > 0.5] = 0.5

    return {
        "10 probabilities": lambda: answer.accuracy(ten[0].copy(), ten[1].copy()),
        "a column of probabilities": lambda: answer.accuracy(column[0][:, None].copy(), column[1].copy()),
        "columns of both": lambda: answer.accuracy(*(array[:, None].copy() for array in columns)),
        "exactly 0.5 counts as 1": lambda: answer.accuracy(ties[0].copy(), ties[1].copy()),
    }


@unit.task(points=2, rtol=1e-5, atol=1e-7, seconds=60)
def keras_fit(answer, rng):
    X, labels = rng.normal(size=(10, 3)), np.array([0, 1, 1, 0, 1, 1, 0, 1, 0, 0])
    parameters = [rng.normal(size=(3, 4)), rng.normal(size=4), 0.1 * rng.normal(size=(4, 1)), np.array([0.5])]

    def run(batch_size, learning_rate, epochs):
        given = [p.copy() for p in parameters]
        return list(answer.keras_fit(given, X.copy(), labels.copy(), batch_size, learning_rate, epochs))

    return {
        "one step with all examples": lambda: run(10, 0.5, 1),
        "three epochs of batches": lambda: run(4, 0.5, 3),
    }
