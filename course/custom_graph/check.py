"""The tasks of unit 3. Graphs are built of nodes with operations of the check's own, so each task stands alone.

Nothing that can be imported from here is a right answer: such code stands inside the task that needs it.
"""

import math
from collections.abc import Iterable, Sequence, Set

import numpy as np

from course.check import Unit
from course.check.extremes import magnified
from course.check.parts import judged, raises
from course.custom_graph import graphs, neuron
from course.custom_graph.graphs import forward, sample
from course.custom_graph.operations import Node
from course.custom_graph.orders import EARLY, conclusion, faults_in, named

unit = Unit("custom_graph", frameworks=())


# --- operations -----------------------------------------------------------------------------------

SLOPES = {"Multiply": "Multiply: slopes"} | {
    name: f"{name}: slope" for name in ("Exp", "Inverse", "Scale", "AddConstant", "Log")
}


@unit.task(points=3, answers=tuple(SLOPES), weights=dict.fromkeys(SLOPES.values(), 3))
def operations(answer, rng):
    a, b, c = sample(rng, 3)
    positive = [float(rng.uniform(0.3, 0.6)), float(rng.uniform(2.2, 3.4)), 5]
    small = float(rng.uniform(1, 2))
    endless = int(rng.integers(2, 9)) * 10**400  # a whole number that is larger than any float
    made = {
        "Multiply": lambda: answer.Multiply(),
        "Exp": lambda: answer.Exp(),
        "Inverse": lambda: answer.Inverse(),
        "Scale": lambda: answer.Scale(c),
        "AddConstant": lambda: answer.AddConstant(c),
        "Log": lambda: answer.Log(),
    }
    points: dict[str, list[tuple[float, ...]]] = {
        "Multiply": [(a, b), (b, c), (3, -2), (0.0, c)],
        "Exp": [(a,), (-a,), (2,), (0.0,)],
        "Inverse": [(a,), (-a,), (b,), (-4,)],
        "Scale": [(a,), (-a,), (3,), (0.0,)],
        "AddConstant": [(a,), (-a,), (3,), (0.0,)],
        "Log": [(x,) for x in positive],
    }
    # The ends of what floats can hold, where no two values have a useful difference: points, and units of their slopes.
    ends: dict[str, list[tuple[tuple[float, ...], float]]] = {
        "Multiply": [((math.inf, c), 1.0)],
        "Exp": [((math.inf,), 1.0), ((-726 - small,), 2.0**-1050)],
        "Inverse": [((math.inf,), 1.0), ((small * 2.0**-500,), 2.0**1000)],
        "Scale": [((math.inf,), 1.0), ((endless,), 1.0)],
        "AddConstant": [((math.inf,), 1.0), ((endless,), 1.0)],
        "Log": [((math.inf,), 1.0), ((small * 2.0**-1000,), 2.0**1000)],
    }

    def at(x):
        return "x = " + ", ".join("a number of 401 digits" if number == endless else f"{number:.6g}" for number in x)

    def values(name):
        operation = made[name]()
        return {at(x): operation.compute(list(x)) for x in points[name]}

    def slopes(name):
        operation, seen = made[name](), {}
        for x in points[name]:
            inputs = list(x)
            for i in range(len(x)):
                seen[f"by x[{i}] at {at(x)}"] = operation.partial_derivative(inputs, i)
        for x, size in ends[name]:
            told = "" if size == 1 else f", in units of {size:.3g}"
            seen[f"by x[0] at {at(x)}{told}"] = magnified(operation.partial_derivative(list(x), 0), size)
        return seen

    def parts(name):
        return {f"{name}: value": lambda: values(name), SLOPES[name]: lambda: slopes(name)}

    return {part: seen for name in SLOPES for part, seen in parts(name).items()}


# --- backward_through -----------------------------------------------------------------------------

LIST_KEPT = "the list and its values are left as they were"


@unit.task(
    points=2,
    weights={"a node used by two others": 5, "a node used twice by one": 5, "run twice": 2},
    conditions=(LIST_KEPT,),
)
def backward_through(answer, rng):
    a, b, c, d = sample(rng, 4)

    def gradients(named, times_run=1, before=None):
        nodes = list(named.values())
        forward(nodes)
        for node in nodes:
            node.gradient = before
        order = list(nodes)
        for _ in range(times_run):
            answer.backward_through(order)
        return {f"gradient of {name}": node.gradient for name, node in named.items()}

    def alone():
        return gradients({"x": Node(b)})["gradient of x"]

    def with_other_values():
        named = graphs.joined(a, b)
        gradients(named)
        named["x"].value, named["y"].value = c, d
        return gradients(named, before=named["x"].gradient)

    def kept():
        named = graphs.diamond(b, d)
        order = list(named.values())
        forward(order)
        answer.backward_through(order)
        name_of = {id(node): name for name, node in named.items()}
        names = [name_of.get(id(node), "?") for node in order]
        return {
            "order afterwards": " ".join(names),
            "values afterwards": {name: node.value for name, node in named.items()},
        }

    return {
        "one operation": lambda: gradients(graphs.step(c)),
        "a chain": lambda: gradients(graphs.chain(a)) | {"gradient of a node alone": alone()},
        "an operation with two inputs": lambda: gradients(graphs.joined(a, b)),
        "a node used by two others": lambda: gradients(graphs.diamond(a, b)),
        "a node used twice by one": lambda: gradients(graphs.thrice(c, d)),
        "an input that stands late in the list": lambda: gradients(graphs.with_late_input(a, b)),
        "a slope of 0": lambda: gradients(graphs.with_zero(b)),
        "run twice": lambda: gradients(graphs.diamond(b, c), times_run=2),
        "gradients of something else left in the nodes": lambda: gradients(graphs.chain(d), before=7.5),
        "run again with other values": with_other_values,
        "a node that the last one does not need": lambda: gradients(graphs.with_spare(a, d)),
        "20 nodes, each used twice by the next one": lambda: gradients(graphs.ladder(a, 20)),
        LIST_KEPT: kept,
    }


# --- topological_order ----------------------------------------------------------------------------


@unit.judge
def inputs_first(graph, order):
    """Whether ``order`` has every node once, and none before one of its inputs. ``graph`` is as in ``named``."""
    return conclusion(faults_in(graph, order))


@unit.judge
def each_once(graph, order):
    """Whether ``order`` has every node once, in whatever order."""
    return conclusion({name: found for name, found in faults_in(graph, order).items() if name != EARLY})


@unit.judge
def none_too_early(graph, order):
    """Whether no node comes before one of its inputs, in an ``order`` from which one node may be missing."""
    faults = faults_in(graph, order)
    if EARLY in faults and len(faults["missing"]) <= 1:
        faults = {EARLY: faults[EARLY]}
    return conclusion(faults)


@unit.task(points=2, seconds=5, weights={"a short way listed first": 3, "a short way listed last": 3, "a cycle": 2})
def topological_order(answer, rng):
    a, b, c, d, e, f = rng.permutation(list("abcdef")).tolist()

    def shuffled(graph):
        """A graph whose inputs come first, put into a random order, and its last node. Otherwise the order of names, of
        memory or of what stands in a frame would be an answer."""
        names = list(graph)
        return {name: graph[name] for name in rng.permutation(names).tolist()}, names[-1]

    def listed(output, name_of, as_list=False):
        """What name_of says of each node in the answer's order; anything else as it is."""
        order = answer.topological_order(output)
        if not isinstance(order, Sequence if as_list else Iterable) or isinstance(order, Set):
            return order
        return [name_of.get(id(one), name_of[None]) for one in order]

    def ordered(graph, last, calls=1, by=inputs_first, as_list=False):
        nodes = named(graph)
        name_of = {id(node): name for name, node in nodes.items()} | {None: "?"}
        return judged(by, graph, [listed(nodes[last], name_of, as_list) for _ in range(calls)][-1])

    def part(graph, **how):
        given = shuffled(graph)
        return lambda: ordered(*given, **how)

    def with_a_cycle():
        sound, *circular = map(
            shuffled,
            (
                {a: [], b: [a], c: [b]},
                {a: [], b: [a, c], c: [b]},
                {a: [], b: [a, d], c: [b], d: [c], e: [a, d]},
                {a: [], b: [a, b], c: [b]},
            ),
        )
        which = ("two nodes that need each other", "three in a circle below the output", "a node that needs itself")

        def ended(graph, last):
            answer.topological_order(named(graph)[last])
            return "no error"

        def refused(given):
            return raises(ValueError, lambda: ended(*given))

        return lambda: {"no cycle": ordered(*sound)} | dict(zip(which, map(refused, circular), strict=True))

    def in_a_row(n, *back):
        """The part that observes which of n nodes the answer puts at each place; -1 for anything that is not a node.
        Each node has as inputs those that stand so many places before it."""
        order = rng.permutation(n).tolist()

        def numbers():
            kind = graphs.watched(n)
            nodes = [kind(1.0) for _ in range(n)]
            for place, number in enumerate(order):
                inputs = tuple(nodes[order[place - steps]] for steps in back if steps <= place)
                nodes[number].operation, nodes[number].inputs = graphs.halves if inputs else None, inputs
            number_of = {id(node): i for i, node in enumerate(nodes)} | {None: -1}
            seen = listed(nodes[order[-1]], number_of)
            return np.array(seen) if isinstance(seen, list) else seen

        return numbers

    tree = {a: [], b: [], c: [], d: [b, a], e: [c, d], f: [d, e]}
    return {
        "each node once, in any order": part(tree, by=each_once),
        "no node before its inputs": part(tree, by=none_too_early),
        "a list": part({a: [], b: [a], c: [b], d: [c]}, as_list=True),
        "a chain": part({a: [], b: [a], c: [b], d: [c]}),
        "several inputs": part(tree),
        "a node used twice by one": part({a: [], b: [a, a], c: [b, b], d: [c, c]}),
        "two ways of one length": part({a: [], b: [], c: [a, b], d: [b, a], e: [c, d], f: [e, c]}),
        "a short way listed first": part({a: [], b: [a], c: [b], d: [c], e: [a, d]}),
        "a short way listed last": part({a: [], b: [a], c: [b], d: [c, a], e: [d, b], f: [e, a]}),
        "called twice": part({a: [], b: [a, a], c: [b, a], d: [c, b]}, calls=2),
        "3,500 nodes in a row": in_a_row(3500, 1),
        "30 nodes, each used by the next two": in_a_row(30, 1, 2),
        "a cycle": with_a_cycle(),
    }


# --- neuron_loss ----------------------------------------------------------------------------------


unit.judge(neuron.score_is_there)
unit.task(points=1, weights={"loss": 2, "gradient with respect to w": 2})(neuron.neuron_loss)


# --- softplus -------------------------------------------------------------------------------------


@unit.task(points=2, answers=("Softplus",), rtol=1e-13, atol=1e-14)
def softplus(answer, rng):
    small = [float(rng.uniform(0.4, 0.9)), float(rng.uniform(1.5, 3)), 2]
    both = [*small, 0.0, *(-x for x in small)]
    # A ReLU is right where x is large, but not at small[0]; ln(1 + eˣ) still differs from x at 25, and at 709.8 eˣ is
    # larger than any float. At 680 floats lie so far apart that a difference of two has few digits.
    bounds = [(5, 6), (10, 12), (20.5, 23), (34, 39), (100, 300), (680, 700), (705, 709), (710, 720), (800, 900)]
    large = [small[0], *(float(rng.uniform(*pair)) for pair in bounds), 1000]

    def values(points):
        operation = answer.Softplus()
        return {f"x = {x:.6g}": operation.compute([x]) for x in points}

    def slopes(points):
        operation = answer.Softplus()
        return {f"x = {x:.6g}": operation.partial_derivative([x], 0) for x in points}

    return {
        "values": lambda: values(both),
        "slopes": lambda: slopes([*both, large[6]]),
        "values up to x = 1000": lambda: values(large),
        "slopes up to x = 1000": lambda: slopes(large),
        "values down to x = -1000": lambda: values([-x for x in large]),
        "slopes down to x = -1000": lambda: slopes([-x for x in large]),
    }
