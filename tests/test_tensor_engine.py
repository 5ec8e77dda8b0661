"""Unit 5: every rule against nudging, the promises of the engine, clear errors, and the figures of the lesson."""

import gc
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import calls

from course.data import breast_cancer
from course.numeric_gradient.reference import central_difference, relative_error
from course.tensor_engine import by_hand, pictures
from course.tensor_engine import reference as engine
from course.tensor_engine.reference import Tensor

rng = np.random.default_rng(0)


def leaf(value) -> Any:
    return Tensor(value)


X = rng.uniform(0.5, 2.0, size=(3, 4))
ROW, COLUMN, W = rng.uniform(0.5, 2.0, size=4), rng.uniform(0.5, 2.0, size=(3, 1)), rng.normal(size=(4, 2))
STACK = rng.normal(size=(2, 4, 3))

FUNCTIONS: dict[str, Any] = {
    "add": lambda x: x + ROW + 2 + x,
    "add, stretched": lambda x: (ROW * 3) + x[:, :1],
    "subtract": lambda x: COLUMN - x - ROW,
    "multiply": lambda x: 2 * x * COLUMN * x,
    "divide": lambda x: COLUMN / x - x / ROW + 1 / x,
    "negative and power": lambda x: -(x**3) + x**0.5 + x**-2,
    "power with a tensor above": lambda x: x ** (x * ROW) + 2.0**x,
    "exp": engine.exp,
    "log": engine.log,
    "relu": lambda x: engine.relu(x - 1.234),
    "sigmoid": lambda x: engine.sigmoid(x - 1),
    "log-sum-exp": engine.logsumexp,
    "matmul": lambda x: x @ W,
    "matmul from the left": lambda x: W.T @ x.T,
    "matmul with a stack": lambda x: x @ STACK,
    "matmul of itself": lambda x: x @ x.T,
    "linear": lambda x: engine.linear(x, W, W[0]),
    "linear by W": lambda x: engine.linear(W.T[:, :3], x, ROW),
    "linear by b": lambda x: engine.linear(STACK[0], W.T[:, :3].T @ W.T, x[0]) + engine.linear(W, W.T, x[:1]),
    "sum": lambda x: x.sum() * x.sum(axis=0),
    "sum, keepdims": lambda x: x / x.sum(axis=1, keepdims=True),
    "sum over two axes": lambda x: (x * x).sum(axis=(0, -1)),
    "mean": lambda x: x.mean() * x.mean(axis=-1),
    "mean, keepdims": lambda x: x - x.mean(axis=0, keepdims=True),
    "reshape": lambda x: x.reshape(2, 6) * x.reshape(6, 2).T,
    "index": lambda x: x[1] * x[:, 2].sum() + x[0, 3],
    "index twice": lambda x: x[[0, 0, 2], [1, 1, 3]],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_rule_agrees_with_nudging(name):
    f, tensor = FUNCTIONS[name], leaf(X)
    y = f(tensor)
    g = np.random.default_rng(1).uniform(0.5, 1.5, size=y.shape)
    y.backward(g)
    np.testing.assert_allclose(y.value, f(X), rtol=1e-15)
    assert tensor.grad.shape == X.shape
    numeric = central_difference(lambda x: (g * f(x)).sum(), X)
    np.testing.assert_allclose(tensor.grad, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (1, 4), (3, 1), (1, 1), (3, 4)])
def test_both_sides_of_a_broadcast(shape):
    b, x = leaf(np.full(shape, 2.0)), leaf(X)
    (x * b).sum().backward()
    assert b.grad.shape == shape and x.grad.shape == X.shape
    np.testing.assert_allclose(b.grad, engine.unbroadcast(X, shape))


@pytest.mark.parametrize("labels", [np.array([0, 2, 1]), np.array([2, 2, 2])])
def test_losses_agree_with_nudging(labels):
    logits = 3 * rng.normal(size=(3, 3))
    ones = (np.eye(3)[labels], logits)
    for loss, args in ((engine.softmax_cross_entropy, labels), (engine.sigmoid_cross_entropy, ones[0])):
        tensor = leaf(logits)
        value = loss(2 * tensor, args)
        value.backward()
        numeric = central_difference(lambda z, loss=loss, args=args: loss(2 * z, args), logits)
        assert value.value == loss(2 * logits, args)
        np.testing.assert_allclose(tensor.grad, numeric, rtol=1e-5, atol=1e-9)


def test_losses_of_any_size_are_finite():
    logits = np.array([[800.0, -800.0], [-800.0, 800.0]])
    loss, gradient = engine.softmax_cross_entropy_gradient(logits, np.array([1, 1]))
    assert loss == 800 and gradient.tolist() == [[0.5, -0.5], [0, 0]]
    loss, gradient = engine.sigmoid_cross_entropy_gradient(logits, np.zeros((2, 2)))
    assert loss == 400 and gradient.tolist() == [[0.25, 0], [0, 0.25]]
    assert engine.logsumexp(logits).tolist() == [800, 800]


def test_a_second_backward_gives_the_same():
    x = leaf([1.0, 2.0, 3.0])
    y = x * x
    z = (y + 2 * x + y).sum()
    z.backward()
    first = x.grad.copy()
    z.backward()
    assert first.tolist() == x.grad.tolist() == [6, 10, 14]
    x.sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_gradients_of_what_a_loss_does_not_use_are_zero():
    x, unused = leaf([1.0, 2.0]), leaf(np.ones((2, 2)))
    (unused * 3).sum().backward()
    found = engine.gradients((x * 3).sum(), [x, unused])
    assert [g.tolist() for g in found] == [[3, 3], [[0, 0], [0, 0]]]


def test_a_long_chain_and_a_deep_diamond_need_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 0.0
    y.backward()
    assert x.grad == 1
    y = x
    for _ in range(60):
        y = y + y
    assert calls(y.backward) < 10_000 and x.grad == 2.0**60


def test_no_cycles():
    gc.collect()
    gc.disable()
    try:
        x = leaf(X)
        loss = engine.softmax_cross_entropy(engine.relu(x @ W) + x[:, :2], np.array([0, 1, 0]))
        loss.backward()
        del x, loss
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_dtypes_and_copies():
    assert leaf([1, 2]).value.dtype == np.float64 and leaf(3).shape == ()
    array = np.ones((3, 4), np.float32)
    x = leaf(array)
    y = (2.0 * engine.sigmoid(x) / 3 + 1).mean() + engine.softmax_cross_entropy(x, np.array([0, 1, 2]))
    y.backward()
    assert y.value.dtype == x.grad.dtype == np.float32
    engine.sgd_step([x], 0.1)
    assert array.tolist() == np.ones((3, 4)).tolist() and x.value.dtype == np.float32


def test_without_a_tensor_all_is_numpy():
    assert isinstance(engine.relu(X), np.ndarray) and isinstance(engine.exp(1.0), np.floating)
    assert isinstance(X + leaf(X), Tensor) and isinstance(W.T @ leaf(X.T), Tensor)


SIZES = [(30, 16, 2), (30, 50, 1), (7, 6, 5, 3), (4, 3)]


@pytest.mark.parametrize("sizes", SIZES)
def test_the_engine_equals_numpy_by_hand(sizes):
    arrays = by_hand.start(sizes, np.random.default_rng(1))
    x = np.random.default_rng(2).normal(size=(32, sizes[0]))
    labels = np.random.default_rng(3).integers(0, max(sizes[-1], 2), size=32)
    labels, loss = (labels, engine.softmax_cross_entropy) if sizes[-1] > 1 else (
        labels[:, None].astype(float), engine.sigmoid_cross_entropy)  # fmt: skip
    tensors = [leaf(array) for array in arrays]
    for _ in range(20):
        value = loss(engine.network(tensors, x), labels)
        value.backward()
        found = [t.grad for t in tensors]
        by_hand_loss, gradients = by_hand.loss_and_gradients(arrays, x, labels)
        assert abs(value.value - by_hand_loss) < 1e-12
        for got, want in zip(found, gradients, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-14)
        engine.sgd_step(tensors, 0.1)
        by_hand.step(arrays, x, labels, 0.1)


def test_two_hidden_layers_three_ways():
    arrays = by_hand.start([4, 5, 3, 2], np.random.default_rng(1))
    x, labels = np.random.default_rng(2).normal(size=(6, 4)), np.array([0, 1, 1, 0, 1, 0])
    loss, gradients = engine.two_hidden_layers(arrays, x, labels)
    general_loss, general = by_hand.loss_and_gradients(arrays, x, labels)
    assert abs(loss - general_loss) < 1e-14
    for i, (got, want) in enumerate(zip(gradients, general, strict=True)):
        np.testing.assert_allclose(got, want, atol=1e-15)
        numeric = central_difference(
            lambda v, i=i: engine.two_hidden_layers([*arrays[:i], v, *arrays[i + 1 :]], x, labels)[0], arrays[i]
        )
        np.testing.assert_allclose(got, numeric, atol=1e-9)


LOGITS = np.zeros((2, 3))
ERRORS = {
    "unbroadcast: shape must be broadcastable to (3, 4), got (3,)": lambda: engine.unbroadcast(X, (3,)),
    "unbroadcast: shape must be broadcastable to (4,), got (1, 4)": lambda: engine.unbroadcast(ROW, (1, 4)),
    "backward: the tensor must be one number, got shape (3, 4)": lambda: leaf(X).backward(),
    "backward: gradient must have shape (3, 4), got (4,)": lambda: leaf(X).backward(ROW),
    "add: cannot be computed for inputs of shape (3, 4) and (3,)": lambda: leaf(X) + np.ones(3),
    "linear: cannot be computed for inputs of shape (3, 4) and (3, 2) and (2,)":
        lambda: engine.linear(leaf(X), W[:3], W[0]),
    "x must be a batch (N, inputs)": lambda: engine.linear(leaf(ROW), W, W[0]),
    "reshape a vector to (1, n) or (n, 1)": lambda: leaf(ROW) @ W,
    "softmax_cross_entropy: logits must have shape (N, K) with N, K > 0, got (3,)":
        lambda: engine.softmax_cross_entropy(LOGITS[0], np.array([0])),
    "with N, K > 0, got (0, 3)": lambda: engine.softmax_cross_entropy(LOGITS[:0], np.zeros(0, int)),
    "labels must be whole numbers of shape (2,), got float64 of (2,)":
        lambda: engine.softmax_cross_entropy(LOGITS, np.zeros(2)),
    "labels must be whole numbers of shape (2,), got int64 of (2, 1)":
        lambda: engine.softmax_cross_entropy(LOGITS, np.zeros((2, 1), np.int64)),
    "softmax_cross_entropy: labels must be from 0 to 2, got 3":
        lambda: engine.softmax_cross_entropy(LOGITS, np.array([0, 3])),
    "softmax_cross_entropy: labels must be from 0 to 2, got -1":
        lambda: engine.softmax_cross_entropy(LOGITS, np.array([-1, 0])),
    "sigmoid_cross_entropy: labels must have the shape (2, 3)":
        lambda: engine.sigmoid_cross_entropy(LOGITS, np.zeros(2)),
    "sgd_step: learning_rate must be > 0, got 0": lambda: engine.sgd_step([], 0),
    "sgd_step: learning_rate must be > 0, got nan": lambda: engine.sgd_step([], float("nan")),
    "sgd_step: parameter 0 has no gradient": lambda: engine.sgd_step([leaf(X)], 0.1),
    "network: parameters must be pairs of W and b, got 3 arrays": lambda: engine.network([W, W[0], W], X),
    "two_hidden_layers: parameters must be six arrays, got 2": lambda: engine.two_hidden_layers([W, W], X, [0]),
    "two_hidden_layers: labels must be 3 numbers, at least 1, got (2,)":
        lambda: engine.two_hidden_layers([W] * 6, X, [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("message", ERRORS)
def test_errors_name_what_is_wrong(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ERRORS[message]()


@pytest.mark.parametrize("value", ["text", [True], [1j], None])
def test_a_tensor_holds_real_numbers(value):
    with pytest.raises(TypeError, match="Tensor: value must be an array of real numbers, got dtype"):
        leaf(value)


def test_a_setting_cannot_be_a_tensor():
    with pytest.raises(TypeError, match="index: input 1 is a setting and cannot be a Tensor"):
        leaf(X)[leaf(1)]


def test_figures_of_the_lesson():
    data, labels = breast_cancer()
    x = (data - data.mean(axis=0)) / data.std(axis=0)
    ends = {}
    for sizes in ((30, 16, 2), (30, 16, 8, 2)):
        parameters = [leaf(array) for array in engine.start(sizes, np.random.default_rng(0))]
        losses = []
        for _ in range(100):
            loss = engine.softmax_cross_entropy(engine.network(parameters, x), labels)
            loss.backward()
            engine.sgd_step(parameters, 0.5)
            losses.append(loss.value)
        ends[sizes] = losses
        predicted = engine.network([p.value for p in parameters], x).argmax(axis=1)
        assert (predicted == labels).sum() == 562
    np.testing.assert_allclose(np.array(ends[30, 16, 2])[[0, 10, 99]], [1.327676, 0.1233, 0.0462], atol=5e-5)
    np.testing.assert_allclose(np.array(ends[30, 16, 8, 2])[[0, 99]], [0.597387, 0.0401], atol=5e-5)
    assert 569 * 30 * 16 == 273_120 and 2 * sum(a.size for a in engine.start([30, 16, 2], rng)) == 1060


def test_every_gradient_on_the_data_agrees_with_nudging():
    data, labels = breast_cancer()
    x = (data - data.mean(axis=0)) / data.std(axis=0)
    arrays = engine.start([30, 16, 2], np.random.default_rng(0))
    tensors = [leaf(array) for array in arrays]
    found = engine.gradients(engine.softmax_cross_entropy(engine.network(tensors, x), labels), tensors)
    for i, got in enumerate(found):
        numeric = central_difference(
            lambda v, i=i: engine.softmax_cross_entropy(engine.network([*arrays[:i], v, *arrays[i + 1 :]], x), labels),
            arrays[i],
        )
        assert relative_error(got, numeric) < 1e-7


def test_the_table_in_the_lesson_is_that_of_the_reference():
    folder = Path(engine.__file__).parent
    cell = re.search(r":given: table\n(.*?)```", (folder / "lesson.md").read_text(encoding="utf-8"), re.DOTALL)
    source = (folder / "reference.py").read_text(encoding="utf-8")
    bare = [line for line in source.splitlines() if line and not line.startswith("#")]
    wanted = [line for line in cell[1].splitlines() if line] if cell else []
    assert len(wanted) > 40 and "\n".join(wanted) in "\n".join(bare)


def test_pictures_say_what_they_show():
    for shape in pictures.SHAPES:
        drawn = pictures.broadcasting(shape)
        assert str(shape) in drawn.alt and "currentColor" in drawn.svg
    assert "[4, 2, 3, -1]" in pictures.broadcasting((4,)).alt
    assert "[[2], [5], [1]]" in pictures.broadcasting((3, 1)).alt
    assert "from 2.000 to 1.000" in pictures.loss_curves({"a": [2.0, 1.0]}).alt


@pytest.mark.parametrize(("sizes", "n"), [((30, 16, 2), 32), ((30, 50, 1), 569)])
def test_a_step_calls_few_functions_more_than_by_hand(sizes, n):
    """``benchmarks/engines.py`` measures what that costs in time."""
    arrays = by_hand.start(sizes, np.random.default_rng(1))
    tensors = [leaf(array) for array in arrays]
    x = np.random.default_rng(2).normal(size=(n, sizes[0]))
    labels = np.zeros(n, int) if sizes[-1] > 1 else np.zeros((n, 1))
    loss = engine.softmax_cross_entropy if sizes[-1] > 1 else engine.sigmoid_cross_entropy

    def engine_step():
        loss(engine.network(tensors, x), labels).backward()
        engine.sgd_step(tensors, 0.01)

    engine_step()  # the first one imports
    assert calls(engine_step) < 8 * calls(lambda: by_hand.step(arrays, x, labels, 0.01))
