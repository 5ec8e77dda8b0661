"""Unit 9: its figures, the agreement of NumPy, PyTorch and Keras, and clear errors for input that makes no sense."""

import numpy as np
import pytest
from lazily import Lazily

from course.check import load
from course.check.comparing import EQUAL
from course.check.plain import caught
from course.numeric_gradient.reference import central_difference, relative_error
from course.softmax_network import pictures, planted

keras, tf, torch = Lazily("keras"), Lazily("tensorflow"), Lazily("torch")
reference, check = Lazily("course.softmax_network.reference"), Lazily("course.softmax_network.check")

RNG = np.random.default_rng(9)
W1, W2 = RNG.normal(0, 0.1, size=(20, 10)), RNG.normal(0, 0.1, size=(3, 20))
X, LABEL = np.arange(10), np.array([0, 0, 1])
PARAMETERS = {"W1": W1, "W2": W2}


def loss(parameters):
    return reference.forward(parameters["W1"], parameters["W2"], X, LABEL)[-1]


def gradients():
    _, z1, _, p, _ = reference.forward(W1, W2, X, LABEL)
    _, dW2, _, dW1 = reference.backward(W2, X, LABEL, z1, p)
    return {"W1": dW1, "W2": dW2}


def close(a, b):
    return np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=0, atol=1e-15)


def test_figures_of_the_way_forward():
    h1, z1, h2, p, L = reference.forward(W1, W2, X, LABEL)
    assert [np.shape(v) for v in (h1, z1, h2, p, L)] == [(20,), (20,), (3,), (3,), ()]
    np.testing.assert_allclose(p, [0.41134254, 0.31999193, 0.26866553], atol=1e-8)
    assert pytest.approx(1.314288046099) == L and p.sum() == pytest.approx(1, abs=1e-15)
    assert pytest.approx(-np.log(p[2]), abs=1e-15) == L
    assert z1.min() > 0.1 and z1.max() < 0.97  # no sigmoid is saturated
    wide = 1 / (1 + np.exp(-np.random.default_rng(9).normal(0, 1.0, size=(20, 10)) @ X))
    assert ((wide < 0.01) | (wide > 0.99)).sum() == 13


def test_figures_of_the_way_back():
    _, z1, _, p, _ = reference.forward(W1, W2, X, LABEL)
    dh2, dW2, dh1, dW1 = reference.backward(W2, X, LABEL, z1, p)
    assert [v.shape for v in (dh2, dW2, dh1, dW1)] == [(3,), (3, 20), (20,), (20, 10)]
    np.testing.assert_allclose(dh2, [0.41134254, 0.31999193, -0.73133447], atol=1e-8)
    assert abs(dh2.sum()) < 1e-15 and not dW1[:, 0].any()


def test_every_gradient_agrees_with_a_numeric_one():
    for name, gradient in gradients().items():
        numeric = central_difference(lambda w, name=name: loss({**PARAMETERS, name: w}), PARAMETERS[name])
        assert relative_error(gradient, numeric) < 1e-7


def test_pytorch_by_hand_and_by_autograd_agree_with_numpy():
    by_hand = reference.torch_by_hand(W1, W2, X, LABEL)
    first, second = (torch.tensor(W, requires_grad=True) for W in (W1, W2))
    scores = second @ torch.sigmoid(first @ torch.tensor(X, dtype=torch.float64))
    L = torch.nn.functional.cross_entropy(scores, torch.tensor(LABEL, dtype=torch.float64))
    L.backward()
    numpys = (loss(PARAMETERS), *gradients().values())
    for ours, hand, automatic in zip(numpys, by_hand, (L.detach(), first.grad, second.grad), strict=True):
        assert hand.dtype == torch.float64
        close(hand, automatic)
        close(hand, ours)


def test_keras_agrees():
    model = reference.keras_network(W1, W2)
    assert model.count_params() == 260
    with tf.GradientTape() as tape:
        scores = model(X[np.newaxis].astype("float64"))
        L = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[2], logits=scores)[0]
    kernel1, kernel2 = tape.gradient(L, model.trainable_variables)
    assert keras.backend.standardize_dtype(scores.dtype) == "float64"
    close(L, loss(PARAMETERS))
    close(kernel1.numpy().T, gradients()["W1"])
    close(kernel2.numpy().T, gradients()["W2"])


def test_scores_of_800():
    large = np.array([800.0, 0.0, -800.0])
    np.testing.assert_array_equal(reference.log_softmax(large), [0, -800, -1600])
    assert reference.loss_from_scores(large[np.newaxis], [2])[2] == 1600
    W = large[:, np.newaxis] * np.ones((1, 4)) / 2  # the hidden numbers are 1/2 each
    _, _, h2, p, L = reference.forward(np.zeros((4, 2)), W, np.ones(2), [0, 0, 1])
    assert h2.tolist() == large.tolist() and p.tolist() == [1, 0, 0] and L == 1600


def test_softmax_of_the_lesson():
    s = np.array([2.0, 1.0, -1.0, 0.5])
    for scores, figures in (
        (s, [0.6095, 0.2242, 0.0303, 0.1360]),
        (s + 5, [0.6095, 0.2242, 0.0303, 0.1360]),
        (s / 0.5, [0.8420, 0.1140, 0.0021, 0.0419]),
        (s / 5, [0.3217, 0.2634, 0.1766, 0.2383]),
    ):
        np.testing.assert_allclose(np.exp(reference.log_softmax(scores)), figures, atol=5e-5)
    assert -reference.log_softmax(s)[1] == pytest.approx(1.495181898085856)


def test_loss_from_scores_agrees_with_the_libraries():
    scores = np.array([[1.5, 0.3, 2.2], [0.1, 4.0, -1.0], [2.0, 1.0, 0.0], [3.0, 3.5, 1.0]])
    classes = np.array([0, 1, 0, 2])
    p, predicted, mean = reference.loss_from_scores(scores, classes)
    np.testing.assert_allclose(p[0], [0.301664, 0.090859, 0.607477], atol=1e-6)
    assert predicted.tolist() == [2, 1, 0, 1] and scores.argmax(axis=0).tolist() == [3, 1, 0]
    assert mean == pytest.approx(1.164144737651)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=scores).numpy()
    np.testing.assert_allclose(losses, [1.1984, 0.0266, 0.4076, 3.0239], atol=5e-5)
    twice = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=p).numpy()
    np.testing.assert_allclose(twice, [1.1530, 0.5683, 0.7972, 1.4077], atol=5e-5)
    close(losses.mean(), mean)
    close(torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(classes)), mean)


def test_a_right_gradient_of_saturated_sigmoids_needs_an_absolute_tolerance():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        large = {"W1": rng.normal(size=(20, 10)), "W2": rng.normal(size=(3, 20))}
        _, z1, _, p, _ = reference.forward(large["W1"], large["W2"], X, LABEL)
        _, dW2, _, dW1 = reference.backward(large["W2"], X, LABEL, z1, p)
        right = {"W1": dW1, "W2": dW2}
        with pytest.raises(ValueError, match="has the error"):
            reference.gradient_check(loss, large, right)
        for name, gradient in right.items():
            numeric = central_difference(lambda w, name=name, large=large: loss({**large, name: w}), large[name], 1e-3)
            assert np.allclose(gradient, numeric, rtol=1e-4, atol=1e-4)


def test_gradient_check_passes_and_names_what_is_wrong():
    right = gradients()
    errors = reference.gradient_check(loss, PARAMETERS, right)
    assert errors.keys() == {"W1", "W2"} and max(errors.values()) < 1e-5
    wrong = right["W2"].copy()
    wrong[1, 7] *= 1.02
    with pytest.raises(
        ValueError, match=r"gradient_check: W2\[1, 7\] has the error 9.9e-03, above 0.0001: the gradient"
    ):
        reference.gradient_check(loss, PARAMETERS, {**right, "W2": wrong})
    wrong[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"W2\[2, 3\] has the error nan"):
        reference.gradient_check(loss, PARAMETERS, {**right, "W2": wrong})
    with pytest.raises(ValueError, match=r"the gradient of W1 must have shape \(20, 10\), got \(10, 20\)"):
        reference.gradient_check(loss, PARAMETERS, {**right, "W1": right["W1"].T})
    with pytest.raises(ValueError, match=r"gradients must be named \['W1', 'W2'\], got \['W1'\]"):
        reference.gradient_check(loss, PARAMETERS, {"W1": right["W1"]})
    for name in ("epsilon", "threshold"):
        with pytest.raises(ValueError, match=f"gradient_check: {name} must be > 0, got 0.0"):
            reference.gradient_check(loss, PARAMETERS, right, **{name: 0.0})


def judgement(message, place, shape):
    """The check's judgement of an error with that message, which should name an entry of omega."""
    given = {"parameter": "omega", "others": ["kappa"], "entry": place, "shape": shape}
    return check.names_the_entry(given, caught(ValueError(message)))


@pytest.mark.parametrize("index", ["[1, 12]", "(1, 12)", "[1][12]", "(np.int64(1), np.int64(12))", "row 1, column 12"])
def test_an_index_may_be_written_in_any_way(index):
    assert judgement(f"omega: the worst entry is {index}.", (1, 12), (3, 14)) is EQUAL
    assert "the parameter" in judgement(f"the worst entry is {index}", (1, 12), (3, 14)).reason
    assert "the worst entry" in judgement(f"omega {index}", (12, 1), (13, 14)).reason


@pytest.mark.parametrize(
    ("message", "place", "shape"),
    [
        (
            "omega of shape (3, 14): 1 of 42 wrong, [1, 12]: 0.25 and 2e-01, error 1.1e-01 > 1e-4",
            (1, 12),
            (3, 14),
        ),
        ("omega[1, 12]: 2.11 is not 1.12, 11% off; the entry at (1, 12) counts as number 26", (1, 12), (3, 14)),
        ("1 wrong entry: omega[1][12], above 0.0001 by 0.11, epsilon 1e-3", (1, 12), (3, 14)),
        ("parameter 2 of 2: omega[16] of (17,) has the error 1.2e-01: -10.5 instead of 12.25", (16,), (17,)),
        ("index (16,) of omega, error 20% > 0.01%, the gradient is 1e+12, the difference 3e-11", (16,), (17,)),
    ],
)
def test_an_error_may_tell_more_than_a_name_and_an_index(message, place, shape):
    assert judgement(message, place, shape) is EQUAL


@pytest.mark.parametrize(
    ("message", "place", "shape"),
    [
        ("omega is wrong at [[0, 11], [1, 12], [2, 13]]", (1, 12), (3, 14)),
        ("omega is wrong at (0, 11) and row 1, column 12", (1, 12), (3, 14)),
        (f"omega{list(np.ndindex(3, 14))}", (1, 1), (3, 14)),
        (f"omega{list(range(17))}", (16,), (17,)),
    ],
)
def test_an_error_that_names_other_entries_too_does_not_name_the_worst(message, place, shape):
    assert judgement(message, place, shape).reason == "the error names other entries too"


def test_without_an_entry_one_parameter_is_to_be_named():
    assert judgement("omega holds NaN", (), (3,)) is EQUAL
    assert "another parameter" in judgement("kappa or omega", (), (3,)).reason
    assert "no error" in check.names_the_entry({"entry": ()}, None).reason
    assert "got the error KeyError" in check.names_the_entry({"entry": ()}, caught(KeyError("omega"))).reason


V, M = np.ones(3), np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reference.log_softmax(3.0), r"log_softmax: scores must have shape \(K,\) or \(N, K\) .* got \(\)"),
        (lambda: reference.log_softmax([]), r"log_softmax: .* got \(0,\)"),
        (lambda: reference.forward(M, M, M, V), r"forward: x must have shape \(D,\), got \(2, 3\)"),
        (lambda: reference.forward(M.T, M, V, V), r"forward: W1 must have shape \(H, 3\) to go with x, got \(3, 2\)"),
        (lambda: reference.forward(M, M, V, V), r"forward: W2 must have shape \(K, 2\) to go with W1, got \(2, 3\)"),
        (lambda: reference.forward(M, M.T, V, [0, 1]), r"forward: label must have shape \(3,\) .* got \(2,\)"),
        (lambda: reference.forward(M, M.T, V, V), "forward: label must add up to 1, got 3"),
        (lambda: reference.backward(M, M, V, V, V), r"backward: x must have shape \(D,\), got \(2, 3\)"),
        (lambda: reference.backward(M, V, V, V, V), r"backward: W2 must have shape \(K, H\) .* got \(2, 3\)"),
        (lambda: reference.backward(M, V, V, V, V[:2]), r"backward: label must have shape \(2,\) .* got \(3,\)"),
        (lambda: reference.loss_from_scores(V, [0]), r"loss_from_scores: scores must have shape \(N, K\)"),
        (lambda: reference.loss_from_scores(np.ones((0, 3)), []), r"loss_from_scores: .* got \(0, 3\)"),
        (lambda: reference.loss_from_scores(M, [0]), r"classes must have shape \(2,\) .* got \(1,\)"),
        (lambda: reference.loss_from_scores(M, [0.0, 1.0]), "classes must be whole numbers, got float64"),
        (lambda: reference.loss_from_scores(M, [0, 3]), "classes must be from 0 to 2, got 3"),
        (lambda: reference.loss_from_scores(M, [-1, 0]), "classes must be from 0 to 2, got -1"),
    ],
)
def test_input_that_makes_no_sense(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_inputs_are_left_as_they_were():
    scores, before = np.array([[800.0, -800.0]]), np.array([[800.0, -800.0]])
    reference.log_softmax(scores)
    reference.loss_from_scores(scores, [0])
    np.testing.assert_array_equal(scores, before)


def test_pictures_show_what_they_say():
    found, single = (pictures.losses(np.array([40.0, 60.0, 380.0, 800.0]), t) for t in (np.float64, np.float32))
    np.testing.assert_allclose(found["stable"], [80, 120, 760, 1600])
    assert np.isfinite(found["naive"]).tolist() == [True, True, False, False]
    assert np.isfinite(single["naive"]).tolist() == [True, False, False, False]
    assert found["with 1e-12 added"][-1] == pytest.approx(27.631, abs=1e-3)
    for draw in (pictures.layers, pictures.naive_against_stable, pictures.softmax):
        assert draw().svg == draw().svg
    assert [value for _, value in pictures.softmax_slider().values] == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


def test_points():
    assert {task.name: task.points for task in load("softmax_network").tasks.values()} == {
        "log_softmax": 1.5,
        "forward": 1.5,
        "backward": 2,
        "gradient_check": 2,
        "planted_bug": 1.5,
        "loss_from_scores": 1.5,
    }


KINDS = "", "near a kink", "near 0", "a billion", "float32"


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_backward_pass_agrees_with_pytorch(kind):
    loss, parameters, gradients = planted.planted(5, kind=kind)
    X, classes, _ = planted.network(np.random.default_rng(5), kind)
    W1, b1, W2, b2 = leaves = [torch.tensor(w, requires_grad=True) for w in parameters.values()]
    scores = torch.relu(torch.tensor(X) @ W1 + b1) @ W2 + b2
    mean = torch.nn.functional.cross_entropy(scores, torch.tensor(classes)) * (1e9 if kind == "a billion" else 1)
    found = torch.autograd.grad(mean, leaves)
    assert float(mean) == pytest.approx(float(loss(parameters)), rel=1e-6)
    for right, gradient in zip(found, gradients.values(), strict=True):
        np.testing.assert_allclose(gradient, right.numpy(), rtol=1e-4 if kind == "float32" else 1e-9, atol=1e-7)
        assert gradient.dtype == (np.float32 if kind == "float32" else np.float64)


@pytest.mark.parametrize("error", planted.WRONG)
def test_a_planted_error_is_in_one_gradient_and_is_found(error):
    _, _, right = planted.planted(6)
    loss, parameters, wrong = planted.planted(6, error)
    differ = [name for name in right if not np.allclose(right[name], wrong[name])]
    assert differ == [planted.WRONG[error][0]]
    assert reference.planted_bug(loss, parameters, wrong, np.random.default_rng(0)) == differ[0]


@pytest.mark.parametrize("kind", KINDS)
def test_right_gradients_are_not_taken_for_wrong_ones(kind):
    for seed in range(20):
        assert reference.planted_bug(*planted.planted(seed, kind=kind), np.random.default_rng(seed)) == "none"


def test_the_planted_networks_keep_away_from_the_kink_or_beside_it():
    for seed in range(20):
        X, _, parameters = planted.network(np.random.default_rng(seed), "")
        assert np.abs(planted.relu_network(X, parameters)[0]).min() > 1e-3
        X, _, parameters = planted.network(np.random.default_rng(seed), "near a kink")
        np.testing.assert_allclose(np.abs(planted.relu_network(X, parameters)[0][0]), 2e-6)


def test_a_loss_that_is_called_too_often_refuses():
    loss, parameters, gradients = planted.planted(7)
    assert reference.planted_bug(planted.at_most(60, loss), parameters, gradients, np.random.default_rng(0)) == "none"
    counted = planted.at_most(2, loss)
    assert counted(parameters) == counted(parameters) == loss(parameters)
    with pytest.raises(RuntimeError, match="the loss was called more than 2 times"):
        counted(parameters)
