"""Gradients from function values alone: finite differences, the complex step, comparing gradients, the Jacobian.

Sources: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40 (1998), for the complex step; J. Nocedal and S. Wright, "Numerical Optimization",
2nd ed. (2006), section 8.1, for finite differences and their errors.
"""

import numpy as np


def forward_difference(f, x, h=1e-5):
    """Gradient of f at x by forward differences.

    f: takes an array of x's shape, returns one number.
    x: array of any shape, integers allowed; it is left as it was.
    h: step, in the units of x.
    Returns an array of x's shape; its error is of order h.
    Raises ValueError if h is not > 0.
    """
    if h <= 0:
        raise ValueError(f"forward_difference: h must be > 0, got {h}")
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    here = f(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        gradient[i] = (f(x) - here) / h
        x[i] = before
    return gradient


def central_difference(f, x, h=1e-5):
    """Gradient of f at x by central differences.

    f: takes an array of x's shape, returns one number.
    x: array of any shape, integers allowed; it is left as it was.
    h: step, in the units of x.
    Returns an array of x's shape; its error is of order h².
    Raises ValueError if h is not > 0.
    """
    if h <= 0:
        raise ValueError(f"central_difference: h must be > 0, got {h}")
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        above = f(x)
        x[i] = before - h
        below = f(x)
        gradient[i] = (above - below) / (2 * h)
        x[i] = before
    return gradient


def complex_step(f, x, h=1e-20):
    """Gradient of f at x by complex steps.

    f: takes a complex array of x's shape, returns one number, and is
    built from analytic functions.
    x: real array of any shape; it is left as it was.
    h: step, in the units of x.
    Returns a real array of x's shape; its error is of order h².
    Raises ValueError if h is not > 0.
    """
    if h <= 0:
        raise ValueError(f"complex_step: h must be > 0, got {h}")
    z = np.array(x, dtype=complex)
    gradient = np.zeros(z.shape)
    for j in np.ndindex(z.shape):
        before = z[j]
        z[j] = before + 1j * h
        gradient[j] = np.imag(f(z)) / h
        z[j] = before
    return gradient


def relative_error(a, b):
    """Largest relative error between the entries of two arrays.

    a, b: numbers or arrays of one shape.
    Returns a number from 0, if all entries are equal, to 1, if two of
    them have opposite signs or just one of them is 0.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = np.maximum(np.abs(a) + np.abs(b), np.finfo(float).tiny)
    return np.max(np.abs(a - b) / scale)


def why_it_fails(f, gradient, x):
    """Why a claimed gradient of f at x differs from the numeric one.

    f: takes an array of x's shape, returns one number.
    gradient: what is claimed, an array of x's shape.
    x: array of any shape. Both are left as they were.
    Returns one of the texts of the table above: "agrees",
    "too small to compare", "kink" or "wrong gradient".
    Raises ValueError if gradient has another shape than x.
    """
    gradient, x = np.asarray(gradient, dtype=float), np.asarray(x, dtype=float)
    if gradient.shape != x.shape:
        raise ValueError(f"why_it_fails: gradient must have shape {x.shape} as x, got {gradient.shape}")
    h = 1e-5
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    ahead = np.reshape([f(x + step) - f(x) for step in steps], x.shape) / h
    behind = np.reshape([f(x) - f(x - step) for step in steps], x.shape) / h
    central = (ahead + behind) / 2

    def near(slope, atol=1e-7):
        return np.isclose(gradient, slope, rtol=1e-3, atol=atol)

    if np.all(near(central, atol=0)):
        return "agrees"
    if np.all(near(central)):
        return "too small to compare"
    if np.all(near(central) | near(ahead) | near(behind)):
        return "kink"
    return "wrong gradient"


def jacobian(f, x, h=1e-5):
    """Jacobian of f at x by central differences.

    f: takes a vector (n,), returns a vector (m,).
    x: vector (n,), integers allowed; it is left as it was.
    h: step, in the units of x.
    Returns an array (m, n); its error is of order h².
    Raises ValueError if h is not > 0.
    """
    if h <= 0:
        raise ValueError(f"jacobian: h must be > 0, got {h}")
    x = np.array(x, dtype=float)
    columns = []
    for j in range(x.size):
        step = np.zeros_like(x)
        step[j] = h
        columns.append((f(x + step) - f(x - step)) / (2 * h))
    return np.stack(columns, axis=1)
