"""Graphs on which the checks of unit 3 try answers, built of operations of their own."""

import math

from course.custom_graph.operations import Node, Operation


class Formula(Operation):
    """An operation of the check: its value and its list of slopes, each a function of the list x."""

    def __init__(self, compute, slopes):
        self.compute, self.slopes, self.arity = compute, slopes, None

    def partial_derivative(self, x, i):
        return self.slopes(x)[i]


def with_held(compute, slopes):
    """A formula to whose value something is added that its slopes hold constant, as ``detach`` and ``stop_gradient``
    do: a way back does not see it, nudging does."""
    return Formula(lambda x: compute(x) + sum(x) / 8, slopes)


sine = with_held(lambda x: math.sin(x[0]), lambda x: [math.cos(x[0])])
halves = with_held(lambda x: math.prod(x) / 2, lambda x: [math.prod(x[:i] + x[i + 1 :]) / 2 for i in range(len(x))])
skew = with_held(lambda x: 2 * x[0] - x[1] ** 2, lambda x: [2.0, -2 * x[1]])


def forward(order):
    """Compute the values of nodes that stand in order."""
    for node in order:
        if node.operation is not None:
            node.value = node.operation.compute([before.value for before in node.inputs])
    return order


def sample(rng, n):
    """n numbers of either sign, none near 0, 1 or another's absolute value."""
    return (rng.choice([-1, 1], size=n) * (1.2 + 0.35 * rng.permutation(n) + rng.uniform(0, 0.2, size=n))).tolist()


def chain(a):
    """sin(3/2·sin(x)): one operation after the other."""
    x, three = Node(a), Node(3)
    s = sine(x)
    p = halves(s, three)
    return [x, three, s, p, sine(p)]


def diamond(a, b):
    """Two ways from x to the result, a short and a long one, and another input."""
    x, y = Node(a), Node(b)
    left = skew(x, y)
    right = halves(sine(x), y)
    return [x, y, left, right.inputs[0], right, skew(left, right)]


def thrice(a, b):
    """Half of x·x·y, then half of its product with x."""
    x, y = Node(a), Node(b)
    p = halves(x, x, y)
    return [x, y, p, halves(p, x)]
