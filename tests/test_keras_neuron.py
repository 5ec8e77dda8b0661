"""Unit 8: its figures, and clear errors for input that makes no sense."""

import json
import os

import numpy as np
import pytest
from lazily import Lazily

from course import quiet
from course.keras_neuron import pictures

keras, tf = Lazily("keras"), Lazily("tensorflow")
reference, check = Lazily("course.keras_neuron.reference"), Lazily("course.keras_neuron.check")

X = np.array([-1.0, -2.0])
FIGURES: list = [  # weights and bias, probability, gradient
    ([2, -3, -3], 0.7310586, [-0.19661193, -0.39322385, 0.19661193]),
    ([1.9, -3.1, -2.9], 0.8021838, [-0.15868495, -0.3173699, 0.15868495]),
    ([2.1, -2.9, -3.1], 0.6456564, [-0.22878422, -0.45756844, 0.22878422]),
    ([2.45, -2.55, -3.25], 0.35434368, [-0.22878425, -0.4575685, 0.22878425]),
]


@pytest.mark.parametrize(("weights", "probability", "gradient"), FIGURES)
def test_four_neurons_and_their_gradients(weights, probability, gradient):
    output, found = reference.neuron_gradients(check.neuron(weights[:2], weights[2]), X)
    np.testing.assert_allclose(output, probability, atol=1e-7)
    np.testing.assert_allclose(found, gradient, atol=1e-7)


def test_the_slope_is_the_same_for_p_and_1_minus_p():
    (_, third, up), (_, fourth, down) = FIGURES[2:]
    assert third + fourth == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(up, down, atol=1e-7)
    assert f"p(1 − p) = {third * fourth:.4f}" == "p(1 − p) = 0.2288"


def test_one_neuron_from_its_initializers():
    asked = []

    def kernel(shape, dtype=None):
        asked.append((shape, dtype))
        return reference.neuron_kernel(shape, dtype)

    layer = check.dense(
        1, 2, activation="sigmoid", kernel_initializer=kernel, bias_initializer=keras.initializers.Constant(-3)
    )
    assert asked == [((2, 1), "float32")] and layer.count_params() == 3
    assert layer.kernel.numpy().tolist() == [[2], [-3]] and layer.bias.numpy().tolist() == [-3]
    assert layer(X[None, :]).numpy() == pytest.approx(0.7310586, abs=1e-7)
    with pytest.raises(ValueError, match="expected min_ndim=2, found ndim=1"):
        check.dense(1, 2)(X)


def test_three_neurons_in_one_layer():
    layer = check.dense(
        3, 2, activation="sigmoid",
        kernel_initializer=reference.three_neuron_kernel, bias_initializer=reference.three_neuron_bias,
    )  # fmt: skip
    assert layer.kernel.shape == (2, 3) and layer.count_params() == 9
    np.testing.assert_allclose(layer(X[None, :]).numpy(), [[p for _, p, _ in FIGURES[:3]]], atol=1e-7)


@pytest.mark.parametrize("shape", [(2, 1), (2, 3), (300, 500)])
def test_what_keras_draws_by_default(shape):
    layer = keras.layers.Dense(shape[1])
    assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
    assert isinstance(layer.bias_initializer, keras.initializers.Zeros)
    drawn, limit = keras.initializers.GlorotUniform(seed=8)(shape).numpy(), np.sqrt(6 / sum(shape))
    assert np.abs(drawn).max() <= limit
    if drawn.size > 1000:
        assert drawn.var() == pytest.approx(2 / sum(shape), rel=0.01) and np.abs(drawn).max() > 0.99 * limit


def test_equal_weights_stay_equal():
    batch = np.random.default_rng(1).normal(size=(5, 2))
    for initializer, alike in ((keras.initializers.Constant(0.5), True), (keras.initializers.GlorotUniform(1), False)):
        hidden = keras.layers.Dense(3, activation="tanh", kernel_initializer=initializer)
        last = keras.layers.Dense(1, kernel_initializer=initializer.clone())
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((last(hidden(batch)) - 1) ** 2)
        gradient = tape.gradient(loss, hidden.kernel).numpy()
        assert np.allclose(gradient, gradient[:, :1]) == alike and gradient.any()


@pytest.mark.parametrize(("factor", "spread"), [(0.5, 2.0**-15), (1, 1), (2, 2.0**15)])
def test_thirty_linear_layers_multiply_thirty_factors(factor, spread):
    rng, d = np.random.default_rng(8), 100
    Z = rng.normal(size=(50, d))
    for _ in range(30):
        Z = Z @ rng.normal(scale=np.sqrt(factor / d), size=(d, d))
    assert spread / 2 < Z.std() < 2 * spread


def test_given_values_survive_a_layers_configuration():
    made = reference.GivenValues([[1, 2, 3], [4, 5, 6]])
    config = json.loads(json.dumps(keras.layers.Dense(3, kernel_initializer=made, dtype="float64").get_config()))
    with keras.saving.custom_object_scope({"GivenValues": reference.GivenValues}):
        layer = keras.layers.Dense.from_config(config)
    layer.build((None, 2))
    assert layer.kernel.numpy().tolist() == [[1, 2, 3], [4, 5, 6]] and layer.kernel.dtype == "float64"


@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.9, 0.999])
def test_a_chosen_probability(p):
    layer = check.neuron([2, -3], -3)
    reference.set_probability(layer, X, p)
    assert layer(X[None, :]).numpy()[0, 0] == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: reference.neuron_kernel((3, 1)), r"neuron_kernel: shape must be \(2, 1\), got \(3, 1\)"),
        (lambda: reference.three_neuron_kernel((3, 2)), r"three_neuron_kernel: shape must be \(2, 3\), got \(3, 2\)"),
        (lambda: reference.three_neuron_bias((1, 3)), r"three_neuron_bias: shape must be \(3,\), got \(1, 3\)"),
        (lambda: reference.GivenValues([1, 2])((3,)), r"GivenValues: shape must be \(2,\), got \(3,\)"),
        (
            lambda: reference.neuron_gradients(check.neuron([2, -3], -3), X[None, :]),
            r"neuron_gradients: x must have shape \(2,\), got \(1, 2\)",
        ),
        (
            lambda: reference.neuron_gradients(check.dense(3, 2), X),
            "neuron_gradients: the layer must have one unit, got 3",
        ),
        (
            lambda: reference.set_probability(check.neuron([2, -3], -3), X[:1], 0.5),
            r"set_probability: x must have shape \(2,\), got \(1,\)",
        ),
        (lambda: reference.set_probability(check.neuron([2, -3], -3), X, 1.0), "set_probability: p must be .* got 1.0"),
        (lambda: reference.set_probability(check.neuron([2, -3], -3), X, 0), "set_probability: p must be .* got 0"),
    ],
)
def test_input_that_makes_no_sense_is_named(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()


def test_the_pictures_tell_their_figures():
    for weights, p, _ in FIGURES:
        assert pictures.sigmoid(pictures.score_of(weights)) == pytest.approx(p, abs=1e-6)
        assert f"P {p:.3f}" in pictures.four_points().alt
    assert "same height, 0.0475" in pictures.slope_at(0.95).alt
    assert pictures.spread_through_layers().svg == pictures.spread_through_layers().svg


def test_quiet_start_up_drops_what_is_written_past_python(capfd):
    with pytest.raises(RuntimeError), quiet.start_up():
        os.write(2, b"noise")
        raise RuntimeError
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
