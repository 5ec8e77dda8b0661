"""Graphs on which the checks of unit 3 try answers, built of operations and nodes of their own."""

import math

from course.custom_graph.operations import Node, Operation

MOST = 100  # times a node, or a slope, the most that an answer may look at one; a few times are enough


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


def forward(nodes):
    """Compute the values of nodes that stand in order."""
    for node in nodes:
        if node.operation is not None:
            node.value = node.operation.compute([before.value for before in node.inputs])


def sample(rng, n):
    """n numbers of either sign, none near 0, 1 or another's absolute value."""
    return (rng.choice([-1, 1], size=n) * (1.2 + 0.35 * rng.permutation(n) + rng.uniform(0, 0.2, size=n))).tolist()


# --- graphs with names, each node after its inputs ------------------------------------------------


def step(a):
    """One operation of one input."""
    x = Node(a)
    return {"x": x, "f": sine(x)}


def chain(a):
    """Three operations of one input, one after the other."""
    x = Node(a)
    s = sine(x)
    p = sine(s)
    return {"x": x, "s": s, "p": p, "f": sine(p)}


def joined(a, b):
    """One operation of two inputs."""
    x, y = Node(a), Node(b)
    return {"x": x, "y": y, "f": skew(x, y)}


def with_late_input(a, b):
    """The same with a function of x, and y right before the end: not all inputs of the graph stand first."""
    x, y = Node(a), Node(b)
    s = sine(x)
    return {"x": x, "s": s, "y": y, "f": skew(s, y)}


def diamond(a, b):
    """Two ways from s to the result, a short and a long one. Below s there is x, so the sum for s must be complete."""
    x, y = Node(a), Node(b)
    s = sine(x)
    p, q = skew(s, y), sine(s)
    r = halves(q, y)
    return {"x": x, "y": y, "s": s, "p": p, "q": q, "r": r, "f": skew(p, r)}


def thrice(a, b):
    """An operation that takes s twice, with another slope each time. Below s there is x."""
    x, y = Node(a), Node(b)
    s = sine(x)
    p = skew(s, s)
    return {"x": x, "y": y, "s": s, "p": p, "f": halves(p, y)}


def with_spare(a, b):
    """A chain, and before it an input and a node that f does not need."""
    z = Node(b)
    return {"z": z, "r": sine(z)} | chain(a)


def with_zero(a):
    """A product with y, where y is 0: nothing arrives at x, and much at y."""
    x, y = Node(a), Node(0.0)
    s = sine(x)
    p = halves(s, y)
    return {"x": x, "y": y, "s": s, "p": p, "f": sine(p)}


def ladder(a, n):
    """n nodes, one after the other, each of which uses the one before it twice: 2ⁿ ways lead from f to x.

    An error tells of an answer that takes them all.
    """
    asked = [0]

    def slopes(x):
        asked[0] += 1
        if asked[0] > MOST * n:
            raise RuntimeError(f"{asked[0]} slopes were asked for on the way back through {n} nodes of two inputs")
        return [0.9, 0.1 * math.cos(x[1])]

    nodes, mix = {"x": Node(a)}, with_held(lambda x: 0.9 * x[0] + 0.1 * math.sin(x[1]), slopes)
    for i in range(1, n):
        last = list(nodes.values())[-1]
        nodes["f" if i == n - 1 else f"v{i}"] = mix(last, last)
    return nodes


# --- nodes that are watched -----------------------------------------------------------------------


def watched(n):
    """A class for the nodes of a graph of n. They raise an error once an answer looks at them far too often."""
    left = {"read": MOST * n, "compared": MOST * n}

    def looked(what, told):
        left[what] -= 1
        if left[what] < 0:
            raise RuntimeError(f"the {n} nodes were {told} {MOST * n:,} times, and the answer still goes on")

    class Watched(Node):
        __slots__ = ("before",)

        @property
        def inputs(self):
            looked("read", "asked for their inputs")
            return self.before

        @inputs.setter
        def inputs(self, inputs):
            self.before = inputs

        def __eq__(self, other):
            looked("compared", "compared with others (`in` compares with every item of a list)")
            return self is other

        __hash__ = Node.__hash__

    Watched.__name__ = "Node"  # as messages call it
    return Watched


# --- a graph that an answer has built -------------------------------------------------------------


def nodes_of(output):
    """All nodes that the output is computed from, and itself, in no order."""
    found = {id(output): output}
    waiting = [output]
    while waiting:
        for node in waiting.pop().inputs:
            if id(node) not in found:
                found[id(node)] = node
                waiting.append(node)
    return list(found.values())


def value_of(node):
    """A node's value, computed anew from the nodes before it."""
    if node.operation is not None:
        node.value = node.operation.compute([value_of(before) for before in node.inputs])
    return node.value


def slope(output, node):
    """The derivative of the output by a node's value, by nudging it: the backward pass is another task's answer."""
    kept, seen = node.value, []
    for node.value in (kept + 1e-4, kept - 1e-4):
        seen.append(value_of(output))
    node.value = kept
    return (seen[0] - seen[1]) / 2e-4
