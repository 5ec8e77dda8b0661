"""Unit 11: the engines agree, the network really learns, Keras takes the steps of the loop."""

import subprocess
import sys

import numpy as np
import pytest

from course.data import breast_cancer
from course.training import engines, pictures, reference


@pytest.fixture(scope="module")
def data():
    """Standardised training and held-out data, as the lesson splits them."""
    X, labels = breast_cancer()
    order = np.random.default_rng(0).permutation(len(X))
    train, test = reference.standardise(X[order[:455]], X[order[455:]])
    return train, labels[order[:455]], test, labels[order[455:]]


@pytest.fixture(scope="module")
def batches(data):
    return reference.minibatches(data[0], data[1], np.random.default_rng(1).permutation(455), 32)


@pytest.fixture
def float64():
    import keras

    policy = keras.config.dtype_policy()  # Keras keeps the first that it is asked for
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def test_the_check_leaves_the_types_of_keras_as_they_were():
    """Asked in a process of its own, since Keras makes its policy when it is first asked for it."""
    code = """
from course.check import load, observe
from course.check.variants import scope_of
import keras
unit = load("training")
task = unit.tasks["keras_fit"]
observe(task, scope_of(unit, task), 1)
assert keras.config.floatx() == "float32", keras.config.floatx()
assert keras.config.dtype_policy().name == "float32", keras.config.dtype_policy()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


START = engines.new_parameters((30, 16, 1), np.random.default_rng(7))
ENGINES = (engines.forward_mode, engines.tensor_engine, engines.tensorflow, engines.pytorch)


def test_keras_calls_our_accuracy_binary_accuracy():
    import keras

    probabilities, labels = np.array([0.2, 0.9, 0.6, 0.4]), np.array([0, 1, 0, 1])
    metric = keras.metrics.BinaryAccuracy()
    metric.update_state(labels, probabilities)
    assert float(metric.result()) == reference.accuracy(probabilities, labels) == 0.5


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
def test_loss_curves_coincide(engine, batches):
    want, expected = reference.training_loop(START, batches, engines.by_hand, 0.5, 2)
    got, losses = reference.training_loop(START, batches, engine, 0.5, 2)
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-9)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
def test_a_second_hidden_layer(engine, batches):
    deep = engines.new_parameters((30, 6, 4, 1), np.random.default_rng(3))
    want, got = engines.by_hand(deep, *batches[0]), engine(deep, *batches[0])
    assert got[0] == pytest.approx(want[0], abs=1e-12)
    for a, b in zip(got[1], want[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_keras_takes_the_same_steps(data, batches, float64):
    _, expected = reference.training_loop(START, batches, engines.by_hand, 0.5, 2)
    curves: dict[str, list[float]] = {}
    pictures.add_keras(curves, START, batches, 0.5, 2)
    np.testing.assert_allclose(curves["keras"], expected, rtol=0, atol=1e-9)
    train, labels, *_ = data
    in_order = reference.minibatches(train, labels, np.arange(455), 32)
    want, _ = reference.training_loop(START, in_order, engines.by_hand, 0.5, 3)
    for a, b in zip(reference.keras_fit(START, train, labels, 32, 0.5, 3), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)
    loss = pictures.fit_with_own_parts(START, train, labels, 32, 0.5, 3)
    assert loss == pytest.approx(engines.by_hand(want, train, labels)[0], abs=1e-9)


def test_the_gradient_by_hand_is_right(batches):
    from course.numeric_gradient.reference import complex_step

    X, labels = batches[0]
    small = engines.new_parameters((30, 2, 1), np.random.default_rng(5))
    _, gradients = engines.by_hand(small, X, labels)

    def loss_of_first(W):
        hidden = 1 / (1 + np.exp(-(X @ W + small[1])))
        scores = hidden @ small[2] + small[3]
        return np.mean(np.log(1 + np.exp((1 - 2 * labels[:, None]) * scores)))

    np.testing.assert_allclose(gradients[0], complex_step(loss_of_first, small[0]), rtol=1e-12, atol=1e-15)


def test_the_network_learns_and_then_over_fits(data, batches):
    train, train_labels, test, test_labels = data
    trained, _ = reference.training_loop(START, batches, engines.by_hand, 0.5, 20)
    assert reference.accuracy(engines.probabilities(trained, train), train_labels) > 0.98
    assert reference.accuracy(engines.probabilities(trained, test), test_labels) > 0.94
    over, _ = reference.training_loop(trained, batches, engines.by_hand, 0.5, 380)
    assert engines.by_hand(over, train, train_labels)[0] < engines.by_hand(trained, train, train_labels)[0] / 2
    assert engines.by_hand(over, test, test_labels)[0] > 1.2 * engines.by_hand(trained, test, test_labels)[0]


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: reference.standardise(ONES, np.ones((2, 4))),
            r"standardise: want \(N, D\) and \(M, D\), got \(2, 3\)",
        ),
        (lambda: reference.standardise(np.ones((0, 3)), ONES), "at least 1 row"),
        (lambda: reference.minibatches(ONES, [1, 0], [0, 1], 0), "batch_size must be > 0, got 0"),
        (lambda: reference.minibatches(ONES, [1], [0, 1], 1), "lengths must agree, got 2, 1 and 2"),
        (lambda: reference.training_loop([], [], engines.by_hand, 0.0, 1), "learning_rate must be > 0, got 0.0"),
        (lambda: reference.training_loop([], [], engines.by_hand, 0.1, -1), "epochs must be >= 0, got -1"),
        (lambda: reference.accuracy([], []), "at least 1, got 0"),
        (lambda: reference.accuracy([0.1, 0.2], [1]), "as many probabilities as labels"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
