"""Backward passes with one planted error, for the task ``planted_bug``.

The network: X (n, d), hidden H = ReLU(A) with A = X W1 + b1, scores Z = H W2 + b2, and the mean cross-entropy of their
softmax. All its tables are square, n = d, so that no wrong shape gives an error away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

SIZE = 8  # examples, inputs, hidden units and classes
BESIDE, AWAY = 2e-6, 1e-3  # how near to the ReLU's kink a hidden unit may be put, and how far from it the others are
Parameters = dict[str, np.ndarray]
Loss = Callable[[Parameters], Any]


class Backward(NamedTuple):
    """What a backward pass has at hand, each n × n: the input, the hidden layer, and three upstream gradients."""

    X: np.ndarray
    H: np.ndarray
    dH: np.ndarray
    dA: np.ndarray
    dZ: np.ndarray


def relu_network(X: np.ndarray, parameters: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, H and Z, in the type of the parameters."""
    A = X @ parameters["W1"] + parameters["b1"]
    H = np.maximum(0, A)
    return A, H, H @ parameters["W2"] + parameters["b2"]


RIGHT: dict[str, Callable[[Backward], np.ndarray]] = {
    "W1": lambda v: v.X.T @ v.dA,
    "b1": lambda v: v.dA.sum(axis=0),
    "W2": lambda v: v.H.T @ v.dZ,
    "b2": lambda v: v.dZ.sum(axis=0),
}
"""Each parameter's gradient."""


def one_entry(gradient: np.ndarray) -> np.ndarray:
    """A copy with one wrong sign: that of the largest entry beside the first row and column."""
    wrong = gradient.copy()
    inner = wrong[1:, 1:]
    inner[np.unravel_index(np.abs(inner).argmax(), inner.shape)] *= -1
    return wrong


WRONG: dict[str, tuple[str, Callable[[Backward], np.ndarray]]] = {
    "sign of W1": ("W1", lambda v: -v.X.T @ v.dA),
    "sign of b1": ("b1", lambda v: -v.dA.sum(axis=0)),
    "sign of W2": ("W2", lambda v: -v.H.T @ v.dZ),
    "sign of b2": ("b2", lambda v: -v.dZ.sum(axis=0)),
    "W1 without 1/n": ("W1", lambda v: len(v.X) * v.X.T @ v.dA),
    "b1 without 1/n": ("b1", lambda v: len(v.X) * v.dA.sum(axis=0)),
    "W2 without 1/n": ("W2", lambda v: len(v.X) * v.H.T @ v.dZ),
    "b2 without 1/n": ("b2", lambda v: len(v.X) * v.dZ.sum(axis=0)),
    "W1 transposed": ("W1", lambda v: v.dA.T @ v.X),
    "W2 transposed": ("W2", lambda v: v.dZ.T @ v.H),
    "W1 without the mask": ("W1", lambda v: v.X.T @ v.dH),
    "b1 without the mask": ("b1", lambda v: v.dH.sum(axis=0)),
    "b1 over the wrong axis": ("b1", lambda v: v.dA.sum(axis=1)),
    "b2 over the wrong axis": ("b2", lambda v: v.dZ.sum(axis=1)),
    "one entry of W1": ("W1", lambda v: one_entry(v.X.T @ v.dA)),
    "one entry of W2": ("W2", lambda v: one_entry(v.H.T @ v.dZ)),
}
"""Each planted error: the parameter whose gradient is wrong, and that gradient."""


def planted(seed: int, error: str = "", kind: str = "") -> tuple[Loss, Parameters, Parameters]:
    """A network's loss, its parameters, and their gradients with an error of WRONG, or with none.

    kind: "" for an ordinary network; "near a kink": one example's hidden units are 2e-6 beside the ReLU's kink;
    "near 0": W2 is so small that the gradients of W1 and b1 nearly vanish; "a billion": the loss counts that much;
    "float32": the type of all numbers.
    """
    X, classes, parameters = network(np.random.default_rng(seed), kind)
    factor = 1_000_000_000 if kind == "a billion" else 1
    A, H, Z = relu_network(X, parameters)
    # This stands here and in no function of its own, and with a naive softmax: an answer may import this module.
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    dZ = (P - np.eye(SIZE, dtype=P.dtype)[classes]) / SIZE
    dH = dZ @ parameters["W2"].T
    values = Backward(X, H, dH, dH * (A > 0), dZ)
    gradients = {name: factor * gradient(values) for name, gradient in RIGHT.items()}
    if error:
        name, wrong = WRONG[error]
        gradients[name] = factor * wrong(values)

    def loss(given: Parameters) -> Any:
        Z = relu_network(X, given)[-1]
        return factor * np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(SIZE), classes])

    return loss, parameters, gradients


def network(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray, Parameters]:
    """Inputs, classes and parameters.

    The ReLU lets every hidden unit through for some examples, not for all. None is near the kink, but those that
    ``kind`` puts there.
    """
    X, classes = rng.normal(size=(SIZE, SIZE)), rng.permutation(SIZE) // 2
    W1, W2 = rng.normal(size=(2, SIZE, SIZE)) / np.sqrt(SIZE)
    b1, b2 = rng.normal(size=(2, SIZE)) / 2
    beside = slice(1, None) if kind == "near a kink" else slice(None)
    if kind == "near a kink":
        b1 = BESIDE * rng.choice([-1, 1], size=SIZE) - X[0] @ W1
    A = X @ W1 + b1
    share = (A > 0).mean(axis=0)
    if np.abs(A)[beside].min() < AWAY or share.min() == 0 or share.max() == 1:
        return network(rng, kind)
    if kind == "near 0":
        W2 = 1e-10 * W2
    kept = np.float32 if kind == "float32" else np.float64
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    return X.astype(kept), classes, {name: w.astype(kept) for name, w in parameters.items()}


def at_most(calls: int, loss: Loss) -> Loss:
    """The loss, which refuses after so many calls."""
    left = iter(range(calls))

    def counted(parameters: Parameters) -> Any:
        if next(left, None) is None:
            raise RuntimeError(f"the loss was called more than {calls} times")
        return loss(parameters)

    return counted
