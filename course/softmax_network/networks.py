"""Networks and scores for the checks of unit 9."""

from functools import lru_cache

import numpy as np


def apart(rng, *shape):
    """Numbers that lie at least 0.3 apart along the last axis, in a random order, none of them whole."""
    steps = np.arange(shape[-1]) - 0.5 * shape[-1] + 0.25
    return rng.permuted(0.7 * np.broadcast_to(steps, shape) + rng.uniform(-0.2, 0.2, size=shape), axis=-1)


def eighths(rng, *shape):
    """Random multiples of 1/8 below 1: added to 800 they are exact even in float32."""
    return rng.integers(0, 8, size=shape) / 8


def network(rng, x=None, scores=None):
    """Weights of a network 4 → 5 → 3, an input and a label. The right class is neither the most nor the least probable.

    ``x`` and ``scores``, if given, replace the input and the scores h2 that would be drawn.
    """
    x = rng.uniform(0.4, 1.3, size=4) * rng.choice([-1, 1], size=4) if x is None else x
    scores = apart(rng, 3) if scores is None else scores
    W1 = rng.uniform(0.3, 0.8, size=(5, 4)) * rng.choice([-1, 1], size=(5, 4))
    z1 = 1 / (1 + np.exp(-W1 @ x))
    W2 = rng.normal(size=(3, 5))
    W2 += np.outer(scores - W2 @ z1, z1) / (z1 @ z1)  # so that W2 z1 = scores
    label = np.eye(3)[np.argsort(scores)[1]]
    return W1, W2, x, label


def at_the_edge(given, hidden, score):
    """A network after its forward pass, with one hidden unit and one class so near 0 that the loss does not change with
    their scores; and the rows of dh2, dW2, dh1, dW1 that belong to these two."""
    W1, W2, x, label = (array.copy() for array in given)
    unlikely = int(np.argmin(label))
    W1[hidden] += x * (score - W1[hidden] @ x) / (x @ x)
    z1 = 1 / (1 + np.exp(-W1 @ x))
    W2[unlikely] += z1 * (score - W2[unlikely] @ z1) / (z1 @ z1)
    return after_forward(W1, W2, x, label), (unlikely, unlikely, hidden, hidden)


@lru_cache(maxsize=2)
def large_network(seed):
    """W2, x, label, z1 and p of a network 300 → 500 → 400."""
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(size=(500, 300)) / 15, rng.normal(size=(400, 500)) / 10
    return after_forward(W1, W2, rng.normal(size=300), np.eye(400)[rng.integers(400)])


def after_forward(W1, W2, x, label):
    """W2, x, label, and z1 and p as the forward pass computes them."""
    z1 = 1 / (1 + np.exp(-W1 @ x))
    raised = np.exp(W2 @ z1)
    return W2, x, label, z1, raised / raised.sum()
