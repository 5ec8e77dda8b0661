"""What the lessons of units 3 to 5 claim beside their cells: in model answers, in exercises, in passing."""

from typing import Any

import numpy as np
import pytest

from course.custom_graph.operations import Node, Power
from course.custom_graph.reference import (
    Exp,
    Expression,
    Graph,
    Multiply,
    Scale,
    backward_through,
    forward_through,
    topological_order,
)
from course.data import breast_cancer
from course.forward_mode.network import DataSet, FeedForward, LogLoss, Optimizer, Sigmoid, Tensor, train
from course.tensor_engine import reference as engine


def nearest_first(output):
    """All nodes by their distance from the output, each once; for a backward pass, so the output is the last."""
    order = [output]
    for node in order:
        order += [before for before in dict.fromkeys(node.inputs) if before not in order]
    return order[::-1]


def test_the_order_by_distance_hands_on_too_little_and_a_topological_one_does_not():
    x = Node(0.5)
    s = Power(2)(x)
    h = Exp()(s)
    f = Multiply()(s, Power(2)(h))
    forward_through(topological_order(f))
    right = 2 * 0.5 * np.exp(2 * 0.25) * (1 + 2 * 0.25)  # of s·exp(2s) with s = x²
    backward_through(topological_order(f))
    assert x.gradient == pytest.approx(right)
    backward_through(nearest_first(f))
    assert x.gradient < 0.7 * right


def shared(output, without_ones=False):
    """The graph with one node for each operation on the same inputs, and without Scale(1) if that is asked for."""
    new, known = {}, {}
    for node in topological_order(output):
        if node.operation is None:
            new[node] = node
            continue
        inputs = tuple(new[before] for before in node.inputs)
        constant = getattr(node.operation, "constant", None)
        if without_ones and isinstance(node.operation, Scale) and constant == 1:
            new[node] = inputs[0]
            continue
        key = (type(node.operation), constant, inputs)
        if key not in known:
            known[key] = node.operation(*inputs)
        new[node] = known[key]
    return new[output]


def test_sharing_leaves_as_many_nodes_as_the_exercise_says():
    x = Expression(0.7)
    f = 1 / (1 + (-x).exp()) * (1 - 1 / (1 + (-x).exp()))
    graphs = [Graph(f), Graph(shared(f)), Graph(shared(f, without_ones=True))]
    assert [len(graph.order) for graph in graphs] == [14, 9, 8]
    assert [graph.forward_pass() for graph in graphs] == pytest.approx([graphs[0].forward_pass()] * 3)
    assert [graph.backprop()[0] for graph in graphs] == pytest.approx([graphs[0].backprop()[0]] * 3)
    product = Expression(3) * Expression(3)
    assert len(Graph(shared(product)).order) == 3


def test_random_directions_come_near_the_gradient_as_fast_as_the_exercise_says():
    rng = np.random.default_rng(0)
    for n, k in ((3, 10_000), (30, 1000)):
        gradient, errors = rng.normal(size=n), []
        for _ in range(200):
            u = rng.normal(size=(k, n))
            mean = ((u @ gradient)[:, None] * u).mean(axis=0)
            errors.append(np.linalg.norm(mean - gradient) ** 2 / np.linalg.norm(gradient) ** 2)
        assert np.sqrt(np.mean(errors)) == pytest.approx(np.sqrt((n + 1) / k), rel=0.1)


def test_one_tracked_number_carries_a_jvp():
    rng = np.random.default_rng(1)
    X, labels, w, u = rng.normal(size=(20, 3)), rng.integers(2, size=20), rng.normal(size=(3, 1)), rng.normal(size=3)
    t = Tensor(0.0, requires_grad=True)
    along: Any = LogLoss()(Sigmoid()(X @ (w + t * u[:, None])), labels).by(t)
    p = 1 / (1 + np.exp(-(X @ w[:, 0])))
    assert float(along) == pytest.approx(X.T @ (p - labels) @ u / 20)


def test_scaled_columns_need_smaller_weights(capsys):
    X, labels = breast_cancer()
    order = np.random.default_rng(0).permutation(len(X))[114:]
    X, labels = X[order], labels[order]
    X = (X - X.mean(axis=0)) / X.std(axis=0)

    def trained(factor):
        rng = np.random.default_rng(2)
        network = FeedForward(30, 50, 1, n_hidden=1, rng=rng)
        for layer in network.layers:
            layer.W.value = layer.W.value * factor(layer.W.shape[0])
        data = DataSet(X, labels, 128, rng)
        return train(network, data, Optimizer(network.parameters, 0.1), epochs=20)[-1]

    with pytest.raises(ValueError, match="Log: entries must be > 0"):
        trained(lambda inputs: 1.0)
    assert trained(lambda inputs: inputs**-0.5) < 0.12
    assert "training" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(3))
def test_both_sides_of_the_dot_product_test_agree_to_all_digits(seed):
    rng = np.random.default_rng(seed)
    arrays, X = engine.start([4, 5, 3], rng), rng.normal(size=(6, 4))
    functions: dict[str, tuple[Any, Any]] = {
        "logits with respect to X": (lambda x: engine.network(arrays, x), X),
        "logits with respect to W1": (lambda w: engine.network([w, *arrays[1:]], X), arrays[0]),
        "log-sum-exp": (lambda x: engine.logsumexp(engine.network(arrays, x)), X),
        "mean": (lambda x: (x * x / (1 + engine.exp(x))).mean(axis=1), X),
    }
    for name, (f, x) in functions.items():
        tensor: Any = engine.Tensor(x)
        u, y = rng.normal(size=x.shape), f(tensor)
        v = rng.normal(size=y.shape)
        y.backward(v)
        jvp = f(x + 1e-20j * u).imag / 1e-20
        assert (v * jvp).sum() == pytest.approx((tensor.grad * u).sum(), rel=1e-11, abs=1e-13), name
