"""Unit 3: its figures, the engine against other ways to find a gradient, its speed, and clear errors."""

import gc
import inspect
import math

import numpy as np
import pytest
from waiting import calls

from course.check import Expected, judge, load, observe
from course.custom_graph import check, pictures, reference
from course.custom_graph.layout import Layout
from course.custom_graph.moons import descend, moon_network, two_moons
from course.custom_graph.operations import (
    Add,
    ConstantOperation,
    Node,
    Operation,
    Power,
    ReLU,
    Sigmoid,
    Subtract,
    Tanh,
    WeightedSum,
)
from course.custom_graph.reference import (
    AddConstant,
    Exp,
    Expression,
    Graph,
    Inverse,
    Log,
    Multiply,
    Scale,
    Softplus,
    topological_order,
)
from course.manual_backprop.reference import neuron_backward
from course.numeric_gradient.reference import central_difference

GRADIENT = [0.2689414213699951, 0.5378828427399902, -0.2689414213699951]


def neuron():
    w = [Node(value, name) for value, name in zip((2, -3, -3), ("w0", "w1", "w2"), strict=True)]
    x = [Node(value, name) for value, name in zip((-1, -2), ("x0", "x1"), strict=True)]
    return w, x, Graph(reference.neuron_loss(w, x, reference))


def diamond(x):
    return Multiply()(Scale(3)(x), AddConstant(1)(x))


# --- figures --------------------------------------------------------------------------------------


def test_the_loss_graph_has_the_courses_figures():
    w, x, graph = neuron()
    assert graph.forward_pass() == 0.3132616875182228
    for _ in range(2):
        graph.backprop()
        np.testing.assert_allclose([node.gradient for node in w], GRADIENT, rtol=1e-14)
        np.testing.assert_allclose([node.gradient for node in x], [-0.5378828427399902, 0.8068242641099853], rtol=1e-14)
    assert len(graph.order) == 14 and len(graph.inputs) == 5


def test_the_same_graph_follows_new_values():
    w, x, graph = neuron()
    for values in np.random.default_rng(0).normal(size=(5, 5)):
        for node, value in zip([*w, *x], values, strict=True):
            node.value = float(value)
        loss, gradient = neuron_backward(values[:3], values[3:])
        assert graph.forward_pass() == pytest.approx(loss, rel=1e-12)
        graph.backprop()
        np.testing.assert_allclose([node.gradient for node in w], gradient, rtol=1e-12)


def test_other_ways_to_cut_the_loss():
    score = Node(1.0)
    for loss in (Scale(-1)(Log()(Sigmoid()(score))), Softplus()(Scale(-1)(score))):
        graph = Graph(loss)
        assert graph.forward_pass() == pytest.approx(0.3132616875182228, rel=1e-15)
        assert graph.backprop() == pytest.approx([-0.2689414213699951], rel=1e-14)


def test_a_diamond_and_a_square_accumulate():
    x = Node(2.0)
    graph = Graph(diamond(x))
    assert [graph.forward_pass(), graph.backprop(), graph.backprop()] == [18.0, [15.0], [15.0]]
    y = Node(3.0)
    square = Graph(Multiply()(y, y))
    assert [square.forward_pass(), square.backprop()] == [9.0, [6.0]]


# --- operations -----------------------------------------------------------------------------------

POINTS = {
    Add(): (0.5, -1.5, 2.0), Subtract(): (0.5, -1.5), Multiply(): (0.5, -1.5), Exp(): (0.7,), Inverse(): (-0.7,),
    Scale(-3): (0.7,), AddConstant(-3): (0.7,), Log(): (0.7,), Power(3): (-0.7,), Power(-0.5): (0.7,), Power(0): (0.0,),
    Sigmoid(): (-0.7,), Tanh(): (0.7,), ReLU(): (0.7,), Softplus(): (-0.7,),
    WeightedSum(): (0.5, -1.5, 2.0, 0.3, 1.1), WeightedSum(): (0.5, -1.5, 2.0, 0.3),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "point"), POINTS.items(), ids=str)
def test_slopes_are_those_of_the_value(operation, point):
    slopes = [operation.partial_derivative(list(point), i) for i in range(len(point))]
    numeric = central_difference(lambda v: operation.compute(v.tolist()), np.array(point))
    np.testing.assert_allclose(slopes, numeric, rtol=1e-8, atol=1e-9)


def test_large_numbers():
    for operation in (Softplus(), Sigmoid(), Tanh()):
        for x in (-1000.0, 1000.0):
            assert math.isfinite(operation.compute([x])) and math.isfinite(operation.partial_derivative([x], 0))
    assert Softplus().compute([800.0]) == 800 and Softplus().partial_derivative([-800.0], 0) == 0


def test_expressions_read_like_formulas():
    x, y = Expression(1.7, "x"), Expression(-0.6, "y")
    formula = 2 * x + x * y - (3 - x) / (y * y) + 1 / x - x**3 / 2 + (-y).exp() * x.log() + (x - 1) * (1 + y)
    graph = Graph(formula)

    def f(v):
        a, b = v
        c = np.exp(-b) * np.log(a) + (a - 1) * (1 + b)
        return 2 * a + a * b - (3 - a) / b**2 + 1 / a - a**3 / 2 + c

    assert isinstance(formula, Expression)
    assert graph.forward_pass() == pytest.approx(f([1.7, -0.6]), rel=1e-14)
    graph.backprop()
    found = np.array([x.gradient, y.gradient])
    np.testing.assert_allclose(found, central_difference(f, np.array([1.7, -0.6])), rtol=1e-8)


# --- deep and wide --------------------------------------------------------------------------------


def test_100_000_nodes_in_a_row():
    node, tanh, shift = Node(0.5), Tanh(), AddConstant(0.1)
    for _ in range(50_000):
        node = shift(tanh(node))
    graph = Graph(node)
    assert len(graph.order) == 100_001 and gc.isenabled()
    assert calls(lambda: (graph.forward_pass(), graph.backprop())) < 10 * len(graph.order)


def nodes_alive():
    return sum(type(thing) is Node for thing in gc.get_objects())  # isinstance would ask proxies of what is gone


def test_nodes_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        w, _, graph = neuron()
        graph.forward_pass()
        graph.backprop()
        alive = nodes_alive()
        del w, _, graph
        assert nodes_alive() == alive - 14
    finally:
        gc.enable()


def moon_loss(parameters, points, labels, penalty=1e-4):
    """The moon network's loss in NumPy."""
    h, begin, shapes = np.array(points), 0, ((2, 16), (16, 16), (16, 1))
    for n_in, n_out in shapes:
        rows = parameters[begin : begin + n_out * (n_in + 1)].reshape(n_out, n_in + 1)
        begin += rows.size
        h = h @ rows[:, :-1].T + rows[:, -1]
        h = np.maximum(h, 0) if n_out > 1 else h
    return np.mean(np.maximum(0, 1 - np.array(labels) * h[:, 0])) + penalty * np.sum(parameters**2)


def test_the_moon_network_agrees_with_numpy_and_learns():
    points, labels = two_moons(20)
    network = moon_network(points, labels)
    graph = Graph(network.loss)
    values = np.array([node.value for node in network.parameters])
    assert len(values) == 337
    first = graph.forward_pass()
    assert first == pytest.approx(moon_loss(values, points, labels), rel=1e-12)
    graph.backprop()
    numeric = central_difference(lambda v: moon_loss(v, points, labels), values, h=1e-6)
    np.testing.assert_allclose([node.gradient for node in network.parameters], numeric, atol=1e-7)
    for _ in range(20):
        descend(network.parameters, 0.3)
        graph.forward_pass()
        graph.backprop()
    assert network.loss.value < first / 2


# --- errors ---------------------------------------------------------------------------------------


def cycle():
    x = Node(1.0, "x")
    x.inputs = (diamond(x),)
    return x


ERRORS = [
    (lambda: topological_order(cycle()), ValueError, "topological_order: the graph must have no cycle, <.*> needs"),
    (lambda: Graph(cycle()), ValueError, "cycle"),
    (lambda: Graph(3.0), TypeError, "Graph: the output must be a node, got 3.0"),
    (lambda: Graph(diamond(Node(name="x"))).forward_pass(), ValueError, "every input needs a value, <x: value None"),
    (lambda: Graph(diamond(Node(1.0))).backprop(), ValueError, "every node needs a value, .* run the forward pass"),
    (lambda: reference.backward_through([]), ValueError, "at least one node, got none"),
    (lambda: Multiply()(Node(1.0)), TypeError, r"Multiply: takes 2 input\(s\), got 1"),
    (lambda: Add()(), TypeError, r"Add: takes 1 or more input\(s\), got 0"),
    (lambda: Scale(3)(2.0), TypeError, r"Scale\(3\): every input must be a node, got 2.0"),
    (lambda: Power(0.5).compute([-1.0]), ValueError, r"Power\(0.5\): x must be >= 0 .* got -1.0"),
    (lambda: two_moons(3), ValueError, "two_moons: n must be even and > 0, got 3"),
    (lambda: two_moons(noise=-1), ValueError, "two_moons: noise must be >= 0, got -1"),
    (lambda: moon_network([], []), ValueError, "moon_network: N > 0 points need N labels, got 0 points, 0 labels"),
    (lambda: moon_network([[0, 0]], [0]), ValueError, r"every label must be 1 or -1, got \[0\]"),
    (lambda: descend([Node(1.0)], 0.0), ValueError, "descend: learning_rate must be > 0, got 0.0"),
    (lambda: descend([Node(1.0)], 0.1), ValueError, "every parameter needs a gradient, <input: value 1.0"),
    (lambda: pictures.draw(cycle()), ValueError, "draw: the graph must have no cycle"),
    (lambda: pictures.draw(moon_network(*two_moons(20)).loss), ValueError, "draw: a graph may have at most 60 nodes"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[message for _, _, message in ERRORS])
def test_errors_say_what_is_wrong(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(("operation", "x"), [(Exp(), 1000.0), (Log(), -1.0), (Inverse(), 0.0)])
def test_an_error_inside_an_operation_names_the_node(operation, x):
    with pytest.raises((ArithmeticError, ValueError)) as raised:
        Graph(operation(Node(x, "x"))).forward_pass()
    assert f"in <{operation}: value None" in raised.value.__notes__[0] and f"<x: value {x}" in raised.value.__notes__[0]


def test_bases_are_what_students_see():
    assert issubclass(Scale, ConstantOperation) and issubclass(Multiply, Operation)
    assert not hasattr(Node(), "__dict__") and not hasattr(Multiply(), "__dict__")


# --- pictures -------------------------------------------------------------------------------------


def test_a_drawing_is_the_same_every_time_and_shows_the_numbers():
    drawings = []
    for _ in range(2):
        _, _, graph = neuron()
        graph.forward_pass()
        graph.backprop()
        drawings.append(pictures.draw(graph.output))
    assert drawings[0].svg == drawings[1].svg
    for figure in ("0.3133", "0.2689", "0.5379", "−0.2689"):
        assert figure in drawings[0].svg and figure in drawings[0].alt
    assert drawings[0].svg.count("<rect") == 14 and "currentColor" in drawings[0].svg


def test_boxes_do_not_overlap():
    rng = np.random.default_rng(0)
    nodes = [Node(1.0)]
    for _ in range(25):
        nodes.append(Add()(*(nodes[i] for i in rng.integers(len(nodes), size=2)), nodes[-1]))
    layout = Layout(nodes[-1])
    places = [layout.place[id(node)] for node in layout.nodes]
    for i, (x, y) in enumerate(places):
        assert all(x != other_x or abs(y - other_y) >= 0.999 for other_x, other_y in places[:i])
    assert all(layout.place[id(b)][0] < layout.place[id(node)][0] for node in nodes for b in node.inputs)


def test_the_small_drawings():
    assert "6 + 9 = 15" in pictures.diamond().svg and ">15<" in pictures.diamond().svg
    assert pictures.diamond(0).svg.count(">6<") == 1  # the value of a; no gradient yet
    assert "stroke-dasharray" in pictures.one_pointer().svg
    assert ["6 + 9 = 15" in p.alt for p in pictures.diamond_slider().pictures] == [False] * 3 + [True]
    assert pictures.diamond(0).svg.count(">×") == 4 and "x (local derivative 3)" in pictures.diamond(0).alt
    points, labels = two_moons(10)
    drawn = pictures.moons(points, labels, lambda some: [p[1] - 0.25 for p in some])
    assert "10 points" in drawn.alt and "on their own side" in drawn.alt


# --- its check ------------------------------------------------------------------------------------


def test_the_check_holds_no_operations_that_are_answers():
    unit = load("custom_graph")
    expected = Expected(unit, unit.tasks["operations"], 3)

    def made_by(thing):
        """What a function without arguments returns; anything else as it is."""
        return thing() if inspect.isfunction(thing) and not inspect.signature(thing).parameters else thing

    for thing in map(made_by, vars(check).values()):
        scope = {name: getattr(thing, name, lambda *args, thing=thing: thing) for name in expected.task.answers}
        assert judge(expected, observe(expected.task, scope, expected.seed)).points == 0
