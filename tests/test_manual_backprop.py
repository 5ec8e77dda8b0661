"""Unit 2: what its lesson claims beside its tasks."""

import numpy as np
import pytest
import sympy

from course.manual_backprop.reference import cross_entropy_gradient, hinge_gradient
from course.numeric_gradient.reference import jacobian


def drawn(seed, n=200):
    """A batch as the lesson draws it, with its weights to begin with."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 2)), np.ones(n)])
    labels = (X @ np.array([1.5, -1.0, 0.3]) + rng.normal(size=n) > 0).astype(int)
    return np.array([0.4, -0.9, 0.2]), X, labels


def test_who_has_a_say():
    """The derivatives of both losses with respect to a score, for label 1."""
    scores = np.array([[-2.0], [0.5], [1.5], [12.0]])
    hinge, entropy = (
        [method([1.0], score[np.newaxis], [1])[1][0] / score[0] for score in scores]
        for method in (hinge_gradient, cross_entropy_gradient)
    )
    assert hinge == [-1, -1, 0, 0]
    assert np.round(entropy, 2).tolist() == [-0.88, -0.38, -0.18, 0] and entropy[3] == pytest.approx(-6e-6, rel=0.05)


def test_every_step_downhill_lowers_both_losses():
    weights, X, labels = drawn(3, n=8)
    for method in (hinge_gradient, cross_entropy_gradient):
        moving, seen = weights.copy(), []
        for _ in range(50):
            loss, gradient = method(moving, X, labels)
            seen.append(loss)
            moving -= 0.5 * gradient
        assert seen[0] > seen[10] > seen[49]


def test_a_sigmoid_more_adds_four_operations_and_to_the_derivative_more_each_time():
    x = sympy.Symbol("x")
    nested, counted = x, []
    for _ in range(5):
        nested = 1 / (1 + sympy.exp(-nested))
        counted.append((sympy.count_ops(nested), sympy.count_ops(sympy.diff(nested, x))))
    before, after = np.diff(counted, axis=0).T
    assert set(before) == {4} and (np.diff(after) > 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_newtons_method_of_the_exercise_needs_fewer_than_ten_steps(seed):
    w, X, labels = drawn(seed)
    for _ in range(9):
        gradient = cross_entropy_gradient(w, X, labels)[1]
        P = 1 / (1 + np.exp(-X @ w))
        hessian = X.T @ ((P * (1 - P))[:, np.newaxis] * X) / len(X)
        np.testing.assert_allclose(hessian, jacobian(lambda w: cross_entropy_gradient(w, X, labels)[1], w), atol=1e-9)
        assert np.linalg.eigvalsh(hessian).min() > 0
        w = w - np.linalg.solve(hessian, gradient)
    assert np.linalg.norm(cross_entropy_gradient(w, X, labels)[1]) < 1e-12
