"""Backpropagation by hand: stages, one neuron, SymPy, and the gradients of two losses over a batch.

Sources: D. Rumelhart, G. Hinton and R. Williams, "Learning representations by back-propagating errors",
Nature 323 (1986), for going backward; C. Cortes and V. Vapnik, "Support-vector networks",
Machine Learning 20 (1995), for the margin of the hinge loss.
"""

import numpy as np
import sympy


def staged_backward(x, y, z):
    """f = (x + y)·(x·z) at one point, and its gradient.

    x, y, z: numbers.
    Returns (f, gradient): a number, and an array (3,) with the partial
    derivatives with respect to x, y and z.
    Raises ValueError if x, y or z is not a single number.
    """
    for name, value in (("x", x), ("y", y), ("z", z)):
        if np.ndim(value) != 0:
            raise ValueError(f"staged_backward: {name} must be one number, got shape {np.shape(value)}")
    q = x + y
    r = x * z
    f = q * r
    df = 1.0
    dq = r * df
    dr = q * df
    dx = dq
    dy = dq
    dx += z * dr
    dz = x * dr
    return f, np.array([dx, dy, dz])


def neuron_backward(w, x, label=1):
    """Loss of one neuron for one example, and its gradient.

    w: array (3,), the last entry is the bias.
    x: array (2,). label: 0 or 1.
    Integers are allowed; w and x are left as they were.
    Returns (loss, gradient): a number, and an array (3,), the gradient
    with respect to w.
    Raises ValueError for other shapes and other labels.
    """
    w, x = np.asarray(w, dtype=float), np.asarray(x, dtype=float)
    if w.shape != (3,):
        raise ValueError(f"neuron_backward: w must have shape (3,), got {w.shape}")
    if x.shape != (2,):
        raise ValueError(f"neuron_backward: x must have shape (2,), got {x.shape}")
    if label not in (0, 1):
        raise ValueError(f"neuron_backward: label must be 0 or 1, got {label}")
    score = w[0] * x[0] + w[1] * x[1] + w[2]
    P = np.exp(-np.logaddexp(0, -score))  # 1 / (1 + exp(-score)) that never overflows
    loss = np.logaddexp(0, -score) if label == 1 else np.logaddexp(0, score)
    dscore = P - label
    dw = dscore * np.array([x[0], x[1], 1.0])
    return loss, dw


def symbolic_gradient(expression, variables):
    """The gradient of a SymPy expression, as a function of a point.

    variables: n SymPy symbols; their order is the order of the point's
    numbers and of the gradient's entries.
    Returns a function: it takes a sequence of n numbers and returns an
    array (n,).
    Raises ValueError if there are no variables, or if the expression
    has symbols that are none of them.
    """
    variables = list(variables)
    if not variables:
        raise ValueError("symbolic_gradient: variables must name at least one symbol, got none")
    unknown = sorted(str(symbol) for symbol in sympy.sympify(expression).free_symbols - set(variables))
    if unknown:
        raise ValueError(f"symbolic_gradient: all symbols must be variables, got also {', '.join(unknown)}")
    derivatives = [sympy.diff(expression, v) for v in variables]
    compute = sympy.lambdify(variables, derivatives)

    def gradient(point):
        return np.array(compute(*point), dtype=float)

    return gradient


def hinge_gradient(w, X, labels):
    """Mean hinge loss of a linear classifier, and its gradient.

    w: array (d,). X: array (n, d), one example a row.
    labels: array (n,) of 0 and 1. All are left as they were.
    Returns (loss, gradient): a number, and an array (d,), the gradient
    with respect to w.
    Raises ValueError for other shapes, an empty batch and other labels.
    """
    w, X, labels = (np.asarray(given, dtype=float) for given in (w, X, labels))
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(f"hinge_gradient: X must have shape (n, d) with n > 0, got {X.shape}")
    if w.shape != X.shape[1:]:
        raise ValueError(f"hinge_gradient: w must have shape {X.shape[1:]} to go with X, got {w.shape}")
    if labels.shape != X.shape[:1]:
        raise ValueError(f"hinge_gradient: labels must have shape {X.shape[:1]} to go with X, got {labels.shape}")
    others = labels[~np.isin(labels, (0, 1))]
    if others.size:
        raise ValueError(f"hinge_gradient: labels must be 0 or 1, got {others[0]:g}")
    scores = X @ w
    t = 2 * labels - 1
    margin = 1 - t * scores
    loss = np.mean(np.maximum(0, margin))
    dscores = np.where(margin > 0, -t, 0)
    dw = X.T @ dscores / len(X)
    return loss, dw


def cross_entropy_gradient(w, X, labels):
    """Mean cross-entropy of a linear classifier, and its gradient.

    w: array (d,). X: array (n, d), one example a row.
    labels: array (n,) of 0 and 1. All are left as they were.
    Returns (loss, gradient): a number, and an array (d,), the gradient
    with respect to w.
    Raises ValueError for other shapes, an empty batch and other labels.
    """
    w, X, labels = (np.asarray(given, dtype=float) for given in (w, X, labels))
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(f"cross_entropy_gradient: X must have shape (n, d) with n > 0, got {X.shape}")
    if w.shape != X.shape[1:]:
        raise ValueError(f"cross_entropy_gradient: w must have shape {X.shape[1:]} to go with X, got {w.shape}")
    if labels.shape != X.shape[:1]:
        raise ValueError(
            f"cross_entropy_gradient: labels must have shape {X.shape[:1]} to go with X, got {labels.shape}"
        )
    others = labels[~np.isin(labels, (0, 1))]
    if others.size:
        raise ValueError(f"cross_entropy_gradient: labels must be 0 or 1, got {others[0]:g}")
    scores = X @ w
    t = 2 * labels - 1
    loss = np.mean(np.logaddexp(0, -t * scores))
    P = np.exp(-np.logaddexp(0, -scores))
    dw = X.T @ (P - labels) / len(X)
    return loss, dw
