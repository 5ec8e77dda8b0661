"""The tasks of unit 3. Graphs are built of nodes with operations of the check's own, so each task stands alone.

Nothing that can be imported from here is a right answer: such code stands inside the task that needs it.
"""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from course.check import Unit
from course.check.comparing import EQUAL, differs
from course.check.extremes import magnified
from course.check.parts import judged, raises
from course.custom_graph import operations as given
from course.custom_graph.graphs import Formula, chain, diamond, forward, halves, sample, sine, skew, thrice
from course.custom_graph.operations import Node

unit = Unit("custom_graph", frameworks=())


# --- operations -----------------------------------------------------------------------------------


@unit.task(points=3, answers=("Multiply", "Exp", "Inverse", "Scale", "AddConstant", "Log"))
def operations(answer, rng):
    a, b, c = sample(rng, 3)
    positive = [float(rng.uniform(0.3, 0.6)), float(rng.uniform(2.2, 3.4)), 5]
    small = float(rng.uniform(1, 2))
    endless = int(rng.integers(2, 9)) * 10**400  # a whole number that is larger than any float

    def at(operation, points, ends):
        """Value and slopes at each point, then the slopes alone at the ends of what floats can hold, where no two
        values have a useful difference. ``ends`` are pairs of a point and the unit in which its slope is observed."""
        seen = [
            [operation.compute(list(x)), *(operation.partial_derivative(list(x), i) for i in range(len(x)))]
            for x in points
        ]
        return [seen, *(magnified(operation.partial_derivative(list(x), 0), size) for x, size in ends)]

    return {
        "Multiply": lambda: at(answer.Multiply(), [(a, b), (b, c), (3, -2)], [((math.inf, c), 1.0)]),
        "Exp": lambda: at(answer.Exp(), [(a,), (-abs(b),), (2,)], [((math.inf,), 1.0), ((-726 - small,), 2.0**-1050)]),
        "Inverse": lambda: at(
            answer.Inverse(), [(a,), (b,), (-4,)], [((math.inf,), 1.0), ((small * 2.0**-500,), 2.0**1000)]
        ),
        "Scale": lambda: at(answer.Scale(c), [(a,), (b,), (3,)], [((math.inf,), 1.0), ((endless,), 1.0)]),
        "AddConstant": lambda: at(answer.AddConstant(c), [(a,), (b,), (3,)], [((math.inf,), 1.0), ((endless,), 1.0)]),
        "Log": lambda: at(
            answer.Log(), [(x,) for x in positive], [((math.inf,), 1.0), ((small * 2.0**-1000,), 2.0**1000)]
        ),
    }


# --- backward_through -----------------------------------------------------------------------------


@unit.task(points=2)
def backward_through(answer, rng):
    a, b, c, d = sample(rng, 4)

    def gradients(order, times_run=1, before=None):
        forward(order)
        for node in order:
            node.gradient = before
        for _ in range(times_run):
            answer.backward_through(order)
        return [node.gradient for node in order]

    def with_other_values():
        order = diamond(a, b)
        gradients(order)
        order[0].value, order[1].value = c, d
        forward(order)
        answer.backward_through(order)
        return [node.gradient for node in order]

    def with_a_spare_node():
        x, *rest = chain(a)
        return gradients([x, skew(x, x), *rest])

    return {
        "a chain": lambda: gradients(chain(a)),
        "an operation with two inputs": lambda: gradients([x := Node(a), y := Node(b), skew(x, y)]),
        "a node used by two others": lambda: gradients(diamond(a, b)),
        "a node used twice by one": lambda: gradients(thrice(c, d)),
        "run twice": lambda: gradients(diamond(b, c), times_run=2),
        "gradients of something else left in the nodes": lambda: gradients(thrice(a, d), before=7.5),
        "run again with other values": with_other_values,
        "a node that the last one does not need": with_a_spare_node,
    }


# --- topological_order ----------------------------------------------------------------------------


def named(graph):
    """The nodes of a graph by name. ``graph`` maps the name of each node to the names of its inputs. Nodes are made in
    the order of ``graph``, which tells an answer nothing (see ``shuffled``)."""
    nodes = {name: Node(1.0, name) for name in graph}
    for name, before in graph.items():
        nodes[name].inputs = tuple(nodes[other] for other in before)
        nodes[name].operation = halves if before else None
    return nodes


@unit.judge
def inputs_first(graph, order):
    """Whether ``order`` has every node once, and none before one of its inputs. ``graph`` is as in ``named``."""
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        return differs("expected a list of nodes")
    place = {name: i for i, name in reversed(list(enumerate(order)))}
    faults = {
        "missing": [name for name in graph if name not in place],
        "more than once": [name for name in graph if order.count(name) > 1],
        "no node of this graph": [name for name in place if name not in graph],
        "too early": [
            f"{name} before {before}"
            for name, inputs in graph.items()
            for before in inputs
            if name in place and place.get(before, -1) > place[name]
        ],
    }
    told = [f"{fault}: {', '.join(sorted(set(names)))[:100]}" for fault, names in faults.items() if names]
    return differs("; ".join(told)) if told else EQUAL


@unit.task(points=2, seconds=5)
def topological_order(answer, rng):
    a, b, c, d, e, f = rng.permutation(list("abcdef")).tolist()

    def shuffled(graph):
        """A graph whose inputs come first, put into a random order, and its last node. Otherwise the order of names, of
        memory or of what stands in a frame would be an answer."""
        names = list(graph)
        return {name: graph[name] for name in rng.permutation(names).tolist()}, names[-1]

    def ordered(graph, last):
        """The names of the nodes in the answer's order; "?" for anything that is not a node."""
        nodes = named(graph)
        order = answer.topological_order(nodes[last])
        return [next((name for name, node in nodes.items() if node is one), "?") for one in order]

    def listed(graph, last):
        return judged(inputs_first, graph, ordered(graph, last))

    def part(graph):
        given = shuffled(graph)
        return lambda: listed(*given)

    def with_a_cycle():
        sound, circular = shuffled({a: [], b: [a], c: [b]}), shuffled({a: [], b: [a, c], c: [b]})
        return lambda: [listed(*sound), raises(ValueError, lambda: ordered(*circular))]

    def in_a_row(n):
        """The part that observes which of n nodes the answer puts at each place; -1 for anything that is not a node."""
        nodes, order = [Node(1.0) for _ in range(n)], rng.permutation(n)
        before = dict(pairwise(order.tolist()))
        for after, one in sorted((after, one) for one, after in before.items()):
            nodes[after].operation, nodes[after].inputs = sine, (nodes[one],)
        last = nodes[order[-1]]

        def numbers():
            number_of = {id(node): i for i, node in enumerate(nodes)}
            return np.array([number_of.get(id(one), -1) for one in answer.topological_order(last)])

        return numbers

    return {
        "a chain": part({a: [], b: [a], c: [b], d: [c]}),
        "several inputs": part({a: [], b: [], c: [], d: [b, a], e: [c, d]}),
        "a node used twice by one": part({a: [], b: [a, a], c: [b, b]}),
        "two ways of one length": part({a: [], b: [a], c: [a], d: [b, c]}),
        "a short way listed first": part({a: [], b: [a], c: [b], d: [c], e: [a, d]}),
        "a short way listed last": part({a: [], b: [a], c: [b], d: [c, a], e: [d, b], f: [e, a]}),
        "5,000 nodes in a row": in_a_row(5001),
        "a cycle": with_a_cycle(),
    }


# --- neuron_loss ----------------------------------------------------------------------------------


@unit.task(points=1)
def neuron_loss(answer, rng):
    # For these values and for the others, no two terms of the score are alike, and the score is not near 0.
    x = (rng.choice([-1, 1]) * rng.uniform([0.4, 1.1], [0.6, 1.4])).tolist()
    w = (rng.choice([-1, 1]) * rng.uniform([0.7, 0.4, 0.25], [0.9, 0.6, 0.35])).tolist()
    whole_w = (rng.permutation([2, 3]) * rng.choice([-1, 1], size=2)).tolist()
    whole_x = (rng.permutation([4, 1]) * rng.choice([-1, 1], size=2)).tolist()
    # The score is 1 or -1.
    whole_w.append(int(rng.choice([-1, 1])) - whole_w[0] * whole_x[0] - whole_w[1] * whole_x[1])
    other_x, other_w = [-number / 2 for number in x], [w[1], w[0], -0.3 * w[2]]

    def one(compute):
        """A class of operations like op.Exp: called without arguments, it makes an operation of one input."""
        return lambda: Formula(lambda x: compute(x[0]), None)

    def offered():
        """The operations by name: those that are given, and the check's own in place of the student's answers."""
        ours = {
            "Multiply": lambda: Formula(math.prod, None),
            "Exp": one(math.exp),
            "Inverse": one(lambda x: 1 / x),
            "Log": one(math.log),
            "Scale": lambda c: one(lambda x: c * x)(),
            "AddConstant": lambda c: one(lambda x: x + c)(),
        }
        names = ("Add", "Subtract", "Power", "Sigmoid", "Tanh", "ReLU", "WeightedSum")
        return SimpleNamespace(**ours, **{name: getattr(given, name) for name in names})

    def value_of(node):
        """A node's value, computed anew from the nodes before it."""
        if node.operation is not None:
            node.value = node.operation.compute([value_of(before) for before in node.inputs])
        return node.value

    def slope(loss, node):
        """The derivative of the loss by a node's value, by nudging it: the backward pass is another task's answer."""
        kept, seen = node.value, []
        for node.value in (kept + 1e-4, kept - 1e-4):
            seen.append(value_of(loss))
        node.value = kept
        return (seen[0] - seen[1]) / 2e-4

    def build(w, x):
        nodes = [Node(number) for number in w], [Node(number) for number in x]
        made = answer.neuron_loss(nodes[0], nodes[1], offered())
        return getattr(made, "output", made), *nodes

    def run(loss, w, x):
        """The loss and its gradients by w and by x."""
        return value_of(loss), [slope(loss, node) for node in w], [slope(loss, node) for node in x]

    def again():
        loss, w_nodes, x_nodes = build(w, x)
        run(loss, w_nodes, x_nodes)
        for node, number in zip([*w_nodes, *x_nodes], [*other_w, *other_x], strict=True):
            node.value = number
        return run(loss, w_nodes, x_nodes)

    return {
        "loss": lambda: run(*build(w, x))[0],
        "gradient by w": lambda: run(*build(w, x))[1],
        "gradient by x": lambda: run(*build(w, x))[2],
        "whole numbers": lambda: run(*build(whole_w, whole_x)),
        "the same graph with other values": again,
    }


# --- softplus -------------------------------------------------------------------------------------


@unit.task(points=2, answers=("Softplus",), rtol=1e-13, atol=1e-14)
def softplus(answer, rng):
    small = [float(rng.uniform(0.4, 0.9)), float(rng.uniform(1.5, 3)), 2]
    both = [*small, 0.0, *(-x for x in small)]
    large = [small[0], float(rng.uniform(800, 900)), 1000]  # a ReLU is right where x is large, but not at small[0]

    def values(points):
        return [answer.Softplus().compute([x]) for x in points]

    far = float(rng.uniform(680, 700))  # where floats lie so far apart that a difference of two has few digits

    def slopes(points):
        return [answer.Softplus().partial_derivative([x], 0) for x in (*points, far)]

    return {
        "values": lambda: values(both),
        "slopes": lambda: slopes(both),
        "values up to x = 1000": lambda: values(large),
        "slopes up to x = 1000": lambda: slopes(large),
        "values down to x = -1000": lambda: values([-x for x in large]),
        "slopes down to x = -1000": lambda: slopes([-x for x in large]),
    }
