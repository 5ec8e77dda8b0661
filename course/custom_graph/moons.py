"""Two half-moons that no straight line separates, and a network of nodes that learns to.

The task and the network are those of the demo of A. Karpathy's micrograd (2020), so that the two engines can be
compared. Nothing here needs an answer of the unit.
"""

import random
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from course.custom_graph.operations import Add, Node, ReLU, WeightedSum


def two_moons(n=100, noise=0.1, seed=0):
    """n points on two interlocking half-circles, and which one each belongs to.

    noise: standard deviation of what is added to every coordinate. Returns points, a list of n pairs of
    floats, and labels, a list of 1 and -1 in turn. Raises ValueError for an odd n or one below 2, and for noise < 0.
    """
    if n < 2 or n % 2:
        raise ValueError(f"two_moons: n must be even and > 0, got {n}")
    if noise < 0:
        raise ValueError(f"two_moons: noise must be >= 0, got {noise}")
    angle = np.linspace(0, np.pi, n // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.stack([upper, lower], axis=1).reshape(n, 2)
    points += np.random.default_rng(seed).normal(scale=noise, size=points.shape)
    return points.tolist(), [1, -1] * (n // 2)


def moon_network(points, labels, hidden=16, penalty=1e-4, seed=0):
    """A network 2 → hidden → hidden → 1 with ReLU for all points, with loss.

    points: N pairs of numbers; labels: N numbers, 1 or -1. The loss is the
    mean of max(0, 1 - label · score), plus penalty times the sum of all
    squared parameters. Weights start uniform in (-1, 1), biases at 0.
    Returns a namespace of nodes: loss; parameters, all weights and biases;
    examples, N pairs of leaves; scores, N nodes.
    Raises ValueError for no points, and for labels other than N times 1 or -1.
    """
    if len(points) == 0 or len(labels) != len(points):
        raise ValueError(f"moon_network: N > 0 points need N labels, got {len(points)} points, {len(labels)} labels")
    if not set(labels) <= {-1, 1}:
        raise ValueError(f"moon_network: every label must be 1 or -1, got {sorted(set(labels))}")
    draw, parameters = random.Random(seed), []
    weighted_sum, relu, add = WeightedSum(), ReLU(), Add()
    examples = rows = [[Node(number) for number in point] for point in points]
    for layer, (n_in, n_out) in enumerate(pairwise([2, hidden, hidden, 1])):
        neurons = [[Node(draw.uniform(-1, 1)) for _ in range(n_in)] + [Node(0)] for _ in range(n_out)]
        parameters += [node for neuron in neurons for node in neuron]
        rows = [[weighted_sum(*w, *row, b) for *w, b in neurons] for row in rows]
        if layer < 2:
            rows = [[relu(score) for score in row] for row in rows]
    scores, one = [row[0] for row in rows], Node(1, "1")
    hinges = [relu(weighted_sum(Node(-label), score, one)) for label, score in zip(labels, scores, strict=True)]
    squares = weighted_sum(*parameters, *parameters)
    loss = weighted_sum(Node(1 / len(points)), Node(penalty), add(*hinges), squares)
    return SimpleNamespace(loss=loss, parameters=parameters, examples=examples, scores=scores)


def descend(parameters, learning_rate):
    """One step of gradient descent, in place.

    Raises ValueError unless learning_rate > 0, and for a parameter without a
    gradient.
    """
    if not learning_rate > 0:
        raise ValueError(f"descend: learning_rate must be > 0, got {learning_rate}")
    for node in parameters:
        if node.gradient is None:
            raise ValueError(f"descend: every parameter needs a gradient, {node} has none; run backprop first")
    for node in parameters:
        node.value -= learning_rate * node.gradient
