"""Unit 4: dual numbers, tensors that carry their derivatives, a network trained with them, and what it costs."""

from typing import Any

import numpy as np
import pytest

from course.data import breast_cancer
from course.forward_mode import pictures, reference
from course.forward_mode.network import (
    DataSet,
    FeedForward,
    LinearLayer,
    Log,
    LogLoss,
    Optimizer,
    ReLU,
    Sigmoid,
    Softmax,
    Tensor,
    no_tracking,
    predict,
    train,
)
from course.forward_mode.reference import Dual
from course.numeric_gradient.reference import jacobian


def tracked(value):
    return Tensor(value, requires_grad=True)


def by_differences(f, *values):
    """The derivative of f(*values) by each value, from central differences."""
    found = []
    for i, value in enumerate(values):

        def flat(v, i=i, value=value):
            return np.ravel(f(*values[:i], v.reshape(value.shape), *values[i + 1 :]))

        found.append(jacobian(flat, value.ravel()).reshape(np.shape(f(*values)) + value.shape))
    return found


def test_dual_numbers_find_the_lessons_gradients():
    gradient, neuron = [], []
    for moving in np.eye(3):
        x, y, z = (Dual(value, slope) for value, slope in zip((-2, 5, -4), moving, strict=True))
        f = (x + y) * z
        assert f.value == -12
        gradient.append(f.derivative)
        w0, w1, w2 = (Dual(value, slope) for value, slope in zip((2, -3, -3), moving, strict=True))
        loss = -(1 / (1 + (-(w0 * -1 + w1 * -2 + w2)).exp())).log()
        assert loss.value == pytest.approx(0.3132616875182228, rel=1e-14)
        neuron.append(loss.derivative)
    assert gradient == [-4, -4, 3]
    np.testing.assert_allclose(neuron, [0.2689414213699951, 0.5378828427399902, -0.2689414213699951], rtol=1e-14)


def test_dual_numbers_take_operators_from_either_side():
    t = Dual(3.0, 1.0)
    for result, value, slope in (
        (2 - t, -1, -1), (t - 2, 1, 1), (2 * t, 6, 2), (t + 2, 5, 1), (2 + t, 5, 1), (6 / t, 2, -2 / 3),
        (t / 2, 1.5, 0.5), (t**2, 9, 6), (-t, -3, -1), (np.float64(2) * t, 6, 2), (np.float64(2) - t, -1, -1),
    ):  # fmt: skip
        assert (result.value, result.derivative) == pytest.approx((value, slope))
    assert repr(t) == "Dual(3, 1)"


def test_one_pass_carries_all_derivatives():
    x, y, z = tracked(-2.0), tracked(5.0), tracked(-4.0)
    f = (x + y) * z
    assert f.value == -12 and [float(f.by(w)) for w in (x, y, z)] == [-4, -4, 3]


def test_a_tensor_by_itself_is_kroneckers_delta():
    w = tracked(np.ones((2, 3)))
    assert np.array_equal(w.by(w), np.einsum("ik,jl->ijkl", np.eye(2), np.eye(3)))
    assert not Tensor(np.ones(4)).by(w).any() and Tensor(np.ones(4)).by(w).shape == (4, 2, 3)


RNG = np.random.default_rng(0)
A, B, C, V = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=3)
FORMULAS: dict[str, tuple[Any, ...]] = {
    "sum": (lambda a, b: a + b, A, B),
    "difference": (lambda a, b: a - b, A, B),
    "product": (lambda a, b: a * b, A, B),
    "a used three times": (lambda a, b: a * a * b + a, A, B),
    "matrix product": (lambda a, c: a @ c, A, C),
    "with its own transpose": (lambda a: a @ a.T, A),
    "constants on the left": (lambda a: 2 - a * 3, A),
    "constants on the right": (lambda a: 3 * (a - 2) + 1, A),
    "arrays on the left": (lambda a: B - B * a, A),
    "an array on the left of @": (lambda c: A @ c, C),
    "an array on the right of @": (lambda a: a @ C, A),
    "broadcasting a row": (lambda a, v: a * v + v, A, V),
    "broadcasting a column": (lambda a: a * a[:, :1] - a[:, :1], A),
    "negation": (lambda a: -a, A),
    "sum of all": (lambda a: (a * a).sum(), A),
    "sums along axes": (lambda a: (a * a).sum(0) + (a * a).sum(axis=-1).sum(), A),
    "sum along two axes": (lambda a: (a * a).sum(axis=(0, 1)), A),
    "squeeze": (lambda c: c[:, 2:3].squeeze(1) * c[0:1].squeeze()[:3], C),
    "indexing": (lambda c: c[1] * c[:2, 1].sum() + c[..., -1].sum() + c[[0, 2], [3, 1]].sum(), C),
    "a mask and a new axis": (lambda c: c[C > 0][:, None] * V, C),
    "transpose": (lambda c: c.transpose() @ c * 2, C),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_agree_with_finite_differences(name):
    f, *values = FORMULAS[name]
    inputs = [tracked(value) for value in values]
    result = f(*inputs)
    np.testing.assert_allclose(result.value, f(*values))
    for w, numeric in zip(inputs, by_differences(f, *values), strict=True):
        np.testing.assert_allclose(result.by(w), numeric, atol=1e-8)


@pytest.mark.parametrize("function", [Sigmoid(), Log(), ReLU(), Softmax()])
def test_functions_agree_with_finite_differences(function):
    value = np.abs(A) if isinstance(function, Log) else A
    w = tracked(value)
    (numeric,) = by_differences(lambda v: function(Tensor(v)).value, value)
    np.testing.assert_allclose(function(w).by(w), numeric, atol=1e-8)


def test_functions_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        w = tracked([[800.0, -800.0], [-800.0, -801.0]])
        assert np.isfinite(Softmax()(w).by(w)).all()
        np.testing.assert_allclose(Softmax()(w).value.sum(axis=1), 1)
        assert Sigmoid()(w).value.tolist() == [[1, 0], [0, 0]] and not Sigmoid()(w).by(w).any()


def test_tracking_can_be_turned_off():
    w = tracked(A)
    with pytest.raises(RuntimeError), no_tracking():
        assert (w + w).derivatives == {} and (w @ w.T).tracked == [] and Sigmoid()(2 * w).tracked == []
        with no_tracking():
            pass
        assert w.sum().tracked == []
        raise RuntimeError
    assert w.sum().tracked == [w]
    plain = Tensor(A)
    assert (plain * 2).tracked == [] and plain.requires_grad is False


def test_a_layer_used_twice_adds_up():
    layer, value = LinearLayer(3, 3, np.random.default_rng(1)), A
    result = layer(layer(Tensor(value)))

    def twice(W):
        return (value @ W + layer.b.value) @ W + layer.b.value

    np.testing.assert_allclose(result.by(layer.W), by_differences(twice, layer.W.value)[0], atol=1e-8)


def test_one_tangent_goes_through_a_formula_but_not_through_a_layer():
    """As the lesson says where it goes further: a layer takes weights that are not tracked themselves for constants."""
    t, layer = tracked(0.0), LinearLayer(3, 3, np.random.default_rng(1))
    layer.W = Tensor(layer.W.value) + t * np.ones((3, 3))
    by_formula, by_layer = A @ layer.W + layer.b, layer(Tensor(A))
    np.testing.assert_allclose(by_formula.by(t), A @ np.ones((3, 3)), rtol=1e-12)
    assert not by_layer.by(t).any()


@pytest.mark.parametrize(("out_dim", "labels"), [(1, [0, 1, 1, 0]), (3, [2, 0, 1, 2])])
def test_loss_of_a_network_agrees_with_finite_differences(out_dim, labels):
    rng = np.random.default_rng(9)
    network, batch = FeedForward(3, 4, out_dim, n_hidden=2, rng=rng), rng.normal(size=(4, 3))
    loss = LogLoss()(network(batch), np.array(labels))
    values = [p.value for p in network.parameters]
    assert [v.shape for v in values] == [(3, 4), (4,), (4, 4), (4,), (4, out_dim), (out_dim,)]

    def at(*values):
        network.set_parameters(values)
        with no_tracking():
            return LogLoss()(network(batch), np.array(labels)).value

    numeric = by_differences(at, *values)
    network.set_parameters(values)
    for parameter, expected in zip(network.parameters, numeric, strict=True):
        np.testing.assert_allclose(loss.by(parameter), expected, atol=1e-8)


def test_the_optimizer_steps_as_the_task_does():
    rng = np.random.default_rng(3)
    X, labels = rng.normal(size=(6, 2)), np.array([0, 1, 1, 0, 1, 0])
    network = FeedForward(2, 3, 1, n_hidden=1, rng=rng)
    p = network(X)
    named = dict(zip(["W1", "b1", "W2", "b2"], network.parameters, strict=True))
    loss, updated = reference.training_step(
        {name: w.value for name, w in named.items()},
        p.value[:, 0],
        {name: p.by(w)[:, 0] for name, w in named.items()},
        labels,
        0.3,
    )
    result = LogLoss()(p, labels)
    Optimizer(network.parameters, 0.3).step(result)
    assert result.value == pytest.approx(loss, rel=1e-12)
    for name, w in named.items():
        np.testing.assert_allclose(w.value, updated[name], rtol=1e-12)


def test_the_lessons_network_learns(capsys):
    X, labels = breast_cancer()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    held_out, kept = order[:114], order[114:]
    X = X / X[kept].max()
    network = FeedForward(30, 50, 1, n_hidden=1, rng=rng)
    data = DataSet(X[kept], labels[kept], 128, rng)
    again = DataSet(X[kept], labels[kept], 128, np.random.default_rng(1))
    assert len(data) == 4 and [len(batch) for batch, _ in again] == [128, 128, 128, 71]
    assert sum(p.value.size for p in network.parameters) == 1601
    history = train(network, data, Optimizer(network.parameters, 0.1), epochs=20)
    assert len(history) == 20 and history[-1] < 0.35 < 0.5 < history[0]
    accuracy = np.mean(predict(network, X[held_out]) == labels[held_out])
    assert accuracy == pytest.approx(0.912, abs=0.03) and np.mean(labels[held_out] == 1) == pytest.approx(2 / 3)
    assert "training" in capsys.readouterr().out


def test_predict_takes_the_likeliest_class():
    network = FeedForward(2, 1, 3, n_hidden=0, rng=np.random.default_rng(0))
    network.set_parameters([np.array([[1.0, 0, -1], [0, 2, 0]]), np.zeros(3)])
    assert predict(network, np.array([[1.0, 0], [0, 1], [-1, 0]])).tolist() == [0, 1, 2]


def test_figures_of_softmax_and_layer():
    p, dp = reference.softmax(np.array([[1.0, 2.0, 0.5], [800.0, 799.0, -800.0]]), np.eye(6).reshape(2, 3, 2, 3))
    assert p.round(4).tolist() == [[0.2312, 0.6285, 0.1402], [0.7311, 0.2689, 0.0]]
    assert dp[0, 0, 0].round(4).tolist() == [0.1778, -0.1453, -0.0324]
    assert reference.linear_layer(np.ones((4, 3)), np.ones((3, 2)), np.ones(2))[1].astype(bool).sum() == 24
    w = np.array([1.0, 2.0, 3.0])
    by_rule = reference.product_derivative(w, np.eye(3), w**2, 2 * w * np.eye(3))
    assert np.array_equal(by_rule, np.diag([3.0, 12.0, 27.0]))


def test_counted_cost_is_inputs_over_outputs():
    table = pictures.counted()
    sizes = np.array(pictures.SIZES)
    np.testing.assert_allclose(table["forward"] / table["reverse"], sizes[:, None] / sizes)
    stages = pictures.chain(4, 16)
    product = stages[2] @ stages[1] @ stages[0]
    for mode in pictures.MODES.values():
        np.testing.assert_allclose(mode(stages)[0], product)


def test_pictures_are_deterministic_and_described():
    seconds = pictures.counted()
    for draw in (
        pictures.forward_pass,
        pictures.layer_derivatives,
        lambda: pictures.cost_map(seconds),
        lambda: pictures.cost(seconds, 16),
        lambda: pictures.training([0.6, 0.3], {"training": 0.9, "held out": 0.85}),
    ):
        assert draw().svg == draw().svg and len(draw().alt) > 80
        assert "currentColor" in draw().svg and "#000000" not in draw().svg
    assert "f −4" in pictures.forward_pass("x").alt and "f 3" in pictures.forward_pass("z").alt


def one(*shape):
    return np.ones(shape)


ERRORS = {
    "a and b must have one shape": lambda: reference.product_derivative(one(2), one(2, 3), one(3), one(3, 3)),
    "da and db must have one shape that": lambda: reference.product_derivative(one(2), one(3), one(2), one(3)),
    r"a and b must be \(n, k\) and": lambda: reference.matmul_derivative(one(2, 3), one(2, 3), one(2, 3), one(2, 3)),
    "da and db must be": lambda: reference.matmul_derivative(one(2, 3), one(2, 3, 4), one(3, 2), one(3, 2)),
    r"softmax: z must have shape \(N, C\)": lambda: reference.softmax(one(3), one(3)),
    "softmax: dz must have a shape that": lambda: reference.softmax(one(2, 3), one(3, 2)),
    "linear_layer: x and W must be": lambda: reference.linear_layer(one(2, 3), one(2, 3), one(3)),
    "linear_layer: b must have shape": lambda: reference.linear_layer(one(2, 3), one(3, 2), one(3)),
    "learning_rate must be > 0, got 0": lambda: reference.training_step({}, one(2) / 2, {}, np.array([0, 1]), 0),
    r"p and labels must be \(N,\)": lambda: reference.training_step({}, one(0), {}, one(0), 0.1),
    "labels must be 0 or 1, got 2": lambda: reference.training_step({}, one(2) / 2, {}, np.array([0, 2]), 0.1),
    r"derivatives\['w'\] must be \(2, 3\)": lambda: reference.training_step(
        {"w": one(3)}, one(2) / 2, {"w": one(3)}, np.array([0, 1]), 0.1
    ),
    "by: w must be a tracked tensor": lambda: Tensor(one(2)).by(Tensor(one(2))),
    r"@: the shapes must be": lambda: Tensor(one(2)) @ Tensor(one(2)),
    "Log: entries must be > 0, got 0.0": lambda: Log()(Tensor([1.0, 0.0])),
    "Optimizer: learning_rate must be > 0, got -1": lambda: Optimizer([], -1),
    "DataSet: X and labels must have one length": lambda: DataSet(one(0, 2), one(0), 2, None),
    "DataSet: batch_size must be >= 1, got 0": lambda: DataSet(one(2, 2), one(2), 0, None),
    "LogLoss: labels must have shape": lambda: LogLoss()(Tensor(one(2, 1) / 2), np.array([1])),
    "LogLoss: labels must be whole numbers from 0 to 2": lambda: LogLoss()(Tensor(one(2, 3) / 3), np.array([0, 3])),
    "LinearLayer: inputs and outputs must be": lambda: LinearLayer(0, 2, np.random.default_rng(0)),
    "FeedForward: n_hidden must be >= 0": lambda: FeedForward(1, 1, 1, -1, np.random.default_rng(0)),
    "set_parameters: the shapes must be": lambda: FeedForward(2, 1, 1, 0, np.random.default_rng(0)).set_parameters([]),
}


@pytest.mark.parametrize("message", ERRORS)
def test_errors_name_what_they_got(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


def test_a_tensor_is_made_of_real_numbers():
    for value in (1j, "text", [None]):
        with pytest.raises(TypeError, match="Tensor: value must be real numbers"):
            Tensor(value)
