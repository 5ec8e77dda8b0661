"""Unit 1: its figures, and clear errors for input that makes no sense."""

import numpy as np
import pytest

from course.numeric_gradient import reference

POINT = np.array([-2.0, 5.0, -4.0])


def f(v):
    return (v[0] + v[1]) * v[2]


@pytest.mark.parametrize("method", [reference.forward_difference, reference.central_difference, reference.complex_step])
def test_gradient_of_the_lessons_function(method):
    assert f(POINT) == -12
    np.testing.assert_allclose(method(f, POINT), [-4, -4, 3], rtol=1e-9)


def test_what_a_forward_step_sees():
    np.testing.assert_allclose([f(POINT + s) for s in 1e-5 * np.eye(3)], [-12.00004, -12.00004, -11.99997], atol=1e-12)


def test_complex_step_is_exact():
    assert reference.complex_step(np.sin, np.array(1.0)) == np.cos(1)


def test_any_shape():
    x = np.arange(24.0).reshape(2, 3, 4)
    for method in (reference.forward_difference, reference.central_difference, reference.complex_step):
        assert method(lambda v: (v**2).sum(), x).shape == x.shape
        assert method(lambda v: v**2, np.array(3.0)) == pytest.approx(6, rel=1e-4)


def test_relative_error_of_zeros_is_zero():
    assert reference.relative_error(np.zeros(3), np.zeros(3)) == 0
    assert reference.relative_error(1.0, -1.0) == 1


def test_a_complex_step_goes_through_maximum_and_finds_0_through_abs():
    x = np.array([2.0, -2.0])
    np.testing.assert_array_equal(reference.complex_step(lambda v: np.maximum(v, 0).sum(), x), [1, 0])
    np.testing.assert_array_equal(reference.complex_step(lambda v: np.abs(v).sum(), x), [0, 0])


def test_in_float32_the_distance_between_the_places_is_the_better_divisor():
    x = np.random.default_rng(0).uniform(0.5, 2, size=10_000).astype(np.float32)
    for h in np.array([1e-2, 1e-3, 1e-4, 1e-5], dtype=np.float32):
        rise, distance = np.sin(x + h) - np.sin(x - h), (x + h) - (x - h)
        by_h, by_distance = (np.median(np.abs(rise / width - np.cos(x))) for width in (2 * h, distance))
        assert by_h / 2 < by_distance < by_h < 2e-3


def test_right_gradients_may_have_a_large_relative_error():
    top = np.array([np.pi / 2])
    numeric = reference.central_difference(lambda v: np.sin(v).sum(), top)
    assert reference.relative_error(np.cos(top), numeric) == 1 and np.allclose(np.cos(top), numeric, atol=1e-7)
    beside = reference.central_difference(lambda v: np.maximum(v, 0).sum(), np.array([3e-6]))
    assert beside == pytest.approx(0.65)


@pytest.mark.parametrize(
    ("f", "claimed", "x", "why"),
    [
        (np.sin, np.cos(1), 1.0, "agrees"),
        (np.sin, np.cos(np.pi / 2), np.pi / 2, "too small to compare"),
        (lambda v: np.maximum(0, v), 1.0, 3e-6, "kink"),
        (lambda v: np.maximum(0, v), 0.0, -3e-6, "kink"),
        (lambda v: np.maximum(0, v), 0.0, 0.0, "kink"),
        (lambda v: np.maximum(0, v), 1.0, 0.0, "kink"),
        (lambda v: np.maximum(0, v), 0.0, 3e-6, "wrong gradient"),
        (lambda v: np.maximum(0, v), 2.0, 0.0, "wrong gradient"),
        (lambda v: v**2, 1.0, 1.0, "wrong gradient"),
    ],
)
def test_why_a_gradient_of_one_entry_fails(f, claimed, x, why):
    assert reference.why_it_fails(lambda v: f(v).sum(), np.array([claimed]), np.array([x])) == why


def test_one_wrong_entry_makes_a_gradient_wrong_whatever_excuses_the_others():
    x, claimed = np.array([np.pi / 2, 3e-6, 1.0]), np.array([1e-13, 1.0, 2.0])

    def f(v):
        return np.sin(v[0]) + np.maximum(0, v[1]) + v[2] ** 2

    assert reference.why_it_fails(f, claimed, x) == "kink"
    assert reference.why_it_fails(f, claimed * [1, 1, 1.2], x) == "wrong gradient"
    assert reference.why_it_fails(lambda v: 1e5 * (v**3).sum(), 3e5 * x[2:] ** 2, x[2:]) == "agrees"


def test_a_claim_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"why_it_fails: gradient must have shape \(3,\) as x, got \(2,\)"):
        reference.why_it_fails(f, np.zeros(2), POINT)


def test_the_dot_product_test_tells_a_right_vjp_from_a_wrong_one():
    rng = np.random.default_rng(2)
    W, x, u, v = rng.normal(size=(40, 30)) / 6, rng.normal(size=40), rng.normal(size=40), rng.normal(size=30)
    y = np.tanh(x @ W)
    along = v @ (np.tanh((x + 1e-5 * u) @ W) - np.tanh((x - 1e-5 * u) @ W)) / 2e-5
    assert W @ (v * (1 - y**2)) @ u == pytest.approx(along, rel=1e-7)
    assert W @ (v * (1 - y)) @ u != pytest.approx(along, rel=0.01)


def test_extrapolation_falls_as_the_exercise_says():
    def central(h):
        return (np.sin(1 + h) - np.sin(1 - h)) / (2 * h)

    def once(h):
        return (4 * central(h / 2) - central(h)) / 3

    def twice(h):
        return (16 * once(h / 2) - once(h)) / 15

    for combined, times in ((once, 16), (twice, 64)):
        assert (combined(0.1) - np.cos(1)) / (combined(0.05) - np.cos(1)) == pytest.approx(times, rel=0.02)


@pytest.mark.parametrize("name", ["forward_difference", "central_difference", "complex_step", "jacobian"])
@pytest.mark.parametrize("h", [0.0, -1e-5])
def test_a_step_must_be_positive(name, h):
    with pytest.raises(ValueError, match=f"{name}: h must be > 0, got {h}"):
        getattr(reference, name)(f, POINT, h)
