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


@pytest.mark.parametrize("name", ["forward_difference", "central_difference", "complex_step", "jacobian"])
@pytest.mark.parametrize("h", [0.0, -1e-5])
def test_a_step_must_be_positive(name, h):
    with pytest.raises(ValueError, match=f"{name}: h must be > 0, got {h}"):
        getattr(reference, name)(f, POINT, h)
