"""Weights and batches of examples as the tasks of unit 6 draw them."""

import numpy as np

from course.check.extremes import SMALL, tiny
from course.check.parts import LONG


def apart(rng, size):
    """Numbers between 0.5 and 0.9 or between -0.9 and -0.5."""
    return rng.uniform(0.5, 0.9, size=size) * rng.choice([-1, 1], size=size)


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
