"""Unit 10: its figures, agreement with Keras and PyTorch, and clear errors for input that makes no sense."""

import contextlib
import io
import math
import os
import re
from unittest import mock

import numpy as np
import pytest

from autograder.authoring.lesson import read_lesson
from course.check import load
from course.data import lecture_network
from course.sgd_steps import pictures, reference

A = np.array([[1.0, 0.3], [0.3, 8.0]])
START = np.array([-2.5, 1.2])
FLOAT32 = 3e-7  # relative: two or three units in the last place


@pytest.fixture(scope="module")
def lesson():
    """What the worked lesson prints, and the names that it defines; its checks are run elsewhere."""
    import keras

    scope: dict = {"__name__": "lesson"}
    out, floatx = io.StringIO(), keras.config.floatx()
    keras.config.set_floatx("float32")  # as in a fresh kernel
    keras.config.set_dtype_policy("float32")
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ), np.printoptions():
        for cell in read_lesson(load("sgd_steps")).cells:
            if cell.cell_type == "code" and not cell.source.startswith('check("'):
                exec(compile(cell.source, cell.id, "exec"), scope)
    yield out.getvalue(), scope
    keras.config.set_floatx(floatx)


@pytest.mark.parametrize(
    "figure",
    [
        "[[0.8344538  0.23336661]]",
        "[[0.20452452 0.207111   0.18294173 0.20686874 0.19855395]]",
        "class          1",
        "true class is 1: 1.5745003",
        "true class is 2: 1.6985874",
        "with respect to the scores: [[ 0.20452452  0.207111   -0.8170582   0.20686874  0.19855395]]",
        "loss 1.698587417602539 -> 1.6967251",
        "lower by 0.001862; expected: 0.001863",
        "loss 1.6967251\n",
        "after 100 more steps: loss 1.5183684",
        "0.21906903",
        "class         2",
        "after 1 and after 101 steps: 1.6985874 1.6967251 1.5183685",
        "after 100 steps with momentum: 0.590294",
        "Keras    [ 2.1157  -0.53166]",
        "PyTorch  [ 0.76512 -0.1548 ]",
        "keras_momentum_step  [ 2.1157  -0.53166]",
        "torch_momentum_step  [ 0.76512 -0.1548 ]",
        "t = 1: m 0.4000, root of v 0.1265, quotient 3.16   corrected: 4.0000, 4.0000, quotient 1.00",
        "gradient   1e-06: Keras by -0.000240, PyTorch by -0.000990",
    ],
)
def test_figures(lesson, figure):
    assert says(lesson[0], figure)


def says(text, figure):
    """Whether a text holds a figure. Its numbers may differ by the rounding of float32 on another processor."""
    number = r"(-?\d+\.?\d*(?:e-?\d+)?)"
    words = re.split(number, figure)
    pattern = "".join(number if n % 2 else re.sub(r"(?:\\? )+", " *", re.escape(word)) for n, word in enumerate(words))
    return any(
        all(math.isclose(float(a), float(b), rel_tol=FLOAT32) for a, b in zip(found.groups(), words[1::2], strict=True))
        for found in re.finditer(pattern, text)
    )


@pytest.mark.parametrize("text", ["p 0.21906903 of 1", "x p  0.219069 of 1 y"])
def test_a_figure_is_known_by_all_but_what_float32_rounds(text):
    assert says(text, "p 0.21906903 of 1") and not says(text, "p 0.2191 of 1") and not says(text, "p 0.21906903 of 2")


def test_what_the_lesson_claims(lesson):
    text, scope = lesson
    assert text.count("equal bit for bit: True") == 4 and "bit for bit: False" not in text
    assert text.count("largest difference 0.0\n") == 4
    assert text.count("below 1e-6: True") == 5 and text.count("below 1e-6: False") == 1
    assert "with Keras's epsilon below 1e-6: True" in text
    assert scope["loss_of"](scope["new_network"](), 2).numpy() == np.float32(1.6985874)


def test_the_initializer_says_what_it_wanted(lesson):
    values = lesson[1]["FromArray"](np.zeros((2, 5)))
    assert np.shape(values.get_config()["values"]) == (2, 5)
    with pytest.raises(ValueError, match=r"the layer wants \(3, 5\), got \(2, 5\)"):
        values((3, 5))


def test_the_numpy_network_of_the_lesson_has_the_right_gradients(lesson):
    from course.numeric_gradient.reference import central_difference, relative_error

    loss_and_gradients, start = lesson[1]["loss_and_gradients"], lesson[1]["start"]
    _, gradients = loss_and_gradients(start())
    for i, gradient in enumerate(gradients):

        def loss(w, i=i):
            parameters = start()
            parameters[i] = w
            return loss_and_gradients(parameters)[0]

        assert relative_error(central_difference(loss, start()[i]), gradient) < 1e-6


def torch_walk(make, steps=20):
    import torch

    w = torch.tensor(START, requires_grad=True)
    optimizer = make([w])
    for _ in range(steps):
        w.grad = torch.tensor(A @ w.detach().numpy())
        optimizer.step()
    return w.detach().numpy()


def keras_walk(optimizer, steps=20):
    import keras
    import tensorflow as tf

    w = keras.Variable(START, dtype="float64")
    for _ in range(steps):
        optimizer.apply_gradients([(tf.constant(A @ w.numpy()), w)])
    return w.numpy()


def momentum_walk(step, steps=20):
    w, velocity = START, np.zeros(2)
    for _ in range(steps):
        w, velocity = step(w, velocity, A @ w, 0.0625, 0.875)
    return w


def adam_walk(epsilon, steps=20):
    w, m, v = START, np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        w, m, v = reference.adam_step(w, m, v, A @ w, t, 0.0625, 0.875, 1 - 2**-10, epsilon(t))
    return w


def test_momentum_is_that_of_the_frameworks():
    """The settings are powers of 2, which Keras's float32 holds exactly."""
    import keras
    import torch

    by_keras = keras_walk(keras.optimizers.SGD(0.0625, momentum=0.875))
    by_torch = torch_walk(lambda w: torch.optim.SGD(w, 0.0625, momentum=0.875))
    np.testing.assert_allclose(momentum_walk(reference.keras_momentum_step), by_keras, rtol=1e-12)
    np.testing.assert_allclose(momentum_walk(reference.torch_momentum_step), by_torch, rtol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-7, 1e-2])
def test_adam_is_that_of_the_frameworks(epsilon):
    import keras
    import torch

    beta2 = 1 - 2**-10
    by_keras = keras_walk(keras.optimizers.Adam(0.0625, 0.875, beta2, epsilon))
    by_torch = torch_walk(lambda w: torch.optim.Adam(w, 0.0625, (0.875, beta2), epsilon))
    np.testing.assert_allclose(adam_walk(lambda t: epsilon), by_torch, rtol=1e-12)
    np.testing.assert_allclose(adam_walk(lambda t: epsilon / np.sqrt(1 - beta2**t)), by_keras, rtol=1e-6)


def test_the_largest_learning_rate_is_where_descent_turns():
    limit = reference.largest_learning_rate(A)

    def bowl(parameters):
        return 0.5 * parameters[0] @ A @ parameters[0], [A @ parameters[0]]

    for share, falls in ((0.99, True), (1.01, False)):
        _, losses = reference.descend(bowl, [START], share * limit, 500)
        assert (losses[-1] < losses[0]) == falls


def test_float32_stays_float32():
    network = lecture_network()
    stepped = reference.sgd_step({"bias": network.bias1}, {"bias": network.bias1}, 0.1)
    assert stepped["bias"].dtype == np.float32


def test_the_pictures_show_what_they_say():
    losses = {rate: pictures.bowl_loss(pictures.bowl_path(rate)) for rate in (0.01, 0.15, 0.2, 0.205)}
    assert losses[0.15][-1] < 1e-4 < losses[0.01][-1] < losses[0.01][0] < losses[0.205][-1]
    np.testing.assert_allclose(reference.largest_learning_rate(pictures.BOWL), pictures.LARGEST)
    slope = (
        pictures.valley_loss(np.array([0.3 + 1e-6, 1.1])) - pictures.valley_loss(np.array([0.3 - 1e-6, 1.1]))
    ) / 2e-6
    assert pictures.valley_gradient(np.array([0.3, 1.1]))[0] == pytest.approx(slope)
    ends = {name: pictures.valley_loss(pictures.valley_path(move))[-1] for name, move, *_ in pictures.OPTIMIZERS}
    assert min(ends, key=ends.__getitem__).startswith("momentum")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("sgd_step", ({"w": START}, {"w": START}, 0), "sgd_step: learning_rate must be > 0, got 0"),
        (
            "sgd_step",
            ({"w": START}, {"v": START}, 0.1),
            r"must have the names and shapes {'w': \(2,\)}, got {'v': \(2,\)}",
        ),
        ("sgd_step", ({"w": START}, {"w": A}, 0.1), r"shapes {'w': \(2,\)}, got {'w': \(2, 2\)}"),
        ("descend", (None, [START], float("nan"), 3), "descend: learning_rate must be > 0, got nan"),
        ("descend", (None, [START], 0.1, -1), "descend: steps must be >= 0, got -1"),
        ("keras_momentum_step", (START, START, START, -1), "keras_momentum_step: learning_rate must be > 0, got -1"),
        ("keras_momentum_step", (START, START, START, 1, 1), "momentum must be >= 0 and < 1, got 1"),
        ("keras_momentum_step", (START, START, A, 1), r"one shape, got \[\(2,\), \(2,\), \(2, 2\)\]"),
        ("torch_momentum_step", (START, START, START, -1), "torch_momentum_step: learning_rate must be > 0, got -1"),
        ("torch_momentum_step", (START, START, START, 1, -0.1), "momentum must be >= 0 and < 1, got -0.1"),
        ("torch_momentum_step", (START, A, START, 1), r"one shape, got \[\(2,\), \(2, 2\), \(2,\)\]"),
        ("adam_step", (START, START, START, START, 0), "adam_step: t must be >= 1, got 0"),
        ("adam_step", (START, START, START, START, 1, 0), "adam_step: learning_rate must be > 0, got 0"),
        ("adam_step", (START, START, START, START, 1, 0.1, 1), "adam_step: beta1 must be >= 0 and < 1, got 1"),
        ("adam_step", (START, START, START, START, 1, 0.1, 0.9, 2), "adam_step: beta2 must be >= 0 and < 1, got 2"),
        ("adam_step", (START, START, START, START, 1, 0.1, 0.9, 0.9, 0), "adam_step: epsilon must be > 0, got 0"),
        ("adam_step", (START, START, START, A, 1), "w, m, v and gradient must have one shape"),
        ("largest_learning_rate", (START,), r"A must have shape \(n, n\) with n > 0, got \(2,\)"),
        ("largest_learning_rate", (np.array([[1.0, 2.0], [0.0, 1.0]]),), "must be symmetric, got a difference of 2"),
    ],
)
def test_errors_name_what_they_got(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(reference, name)(*arguments)
