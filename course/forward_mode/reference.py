"""Forward mode: dual numbers, and the rules by which arrays carry their derivatives along.

The derivative of an array a of shape S with respect to a tracked array w of shape T is an array da of shape S + T:
``da[s][t]`` is the derivative of ``a[s]`` with respect to ``w[t]``. With T = () it is a tangent, and a rule is a
Jacobian-vector product. The rules know nothing of w; they take da and return the derivative of the result.
``tensor.py`` builds a tensor on them, ``network.py`` a network on that.

Sources: R. Wengert, "A simple automatic derivative evaluation program", Communications of the ACM 7 (1964);
W. Clifford, "Preliminary sketch of biquaternions" (1873), for dual numbers; A. Griewank and A. Walther,
"Evaluating Derivatives", 2nd ed. (2008), chapters 3 and 4, for forward and reverse mode and their cost.
"""

import math

import numpy as np


class Dual:
    """A number that carries its tangent: value + derivative·ε, where ε² = 0.

    ``Dual(x, 1.0)`` is a variable that moves, ``Dual(c)`` a constant. The
    operators + − · / take duals and plain numbers on either side; the exponent
    of ** is a constant.
    """

    __array_ufunc__ = None  # a NumPy number on the left lets the dual answer

    def __init__(self, value, derivative=0.0):
        self.value, self.derivative = float(value), float(derivative)

    def __repr__(self):
        return f"Dual({self.value:g}, {self.derivative:g})"

    @staticmethod
    def of(number):
        """The number as a dual; a plain one is a constant."""
        return number if isinstance(number, Dual) else Dual(number)

    def __add__(self, other):
        other = Dual.of(other)
        return Dual(self.value + other.value, self.derivative + other.derivative)

    def __mul__(self, other):
        other = Dual.of(other)
        return Dual(self.value * other.value, self.derivative * other.value + self.value * other.derivative)

    def __pow__(self, n):
        return Dual(self.value**n, n * self.value ** (n - 1) * self.derivative)

    def __neg__(self):
        return -1 * self

    def __sub__(self, other):
        return self + -1 * Dual.of(other)

    def __rsub__(self, other):
        return Dual.of(other) - self

    def __truediv__(self, other):
        return self * Dual.of(other) ** -1

    def __rtruediv__(self, other):
        return Dual.of(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        return Dual(math.exp(self.value), math.exp(self.value) * self.derivative)

    def log(self):
        return Dual(math.log(self.value), self.derivative / self.value)


def align(a, da):
    """The array a with axes of length 1 appended, to match those of da.

    Then ``align(a, da) * da`` multiplies all that belongs to a[s] by a[s].
    """
    return np.reshape(a, np.shape(a) + (1,) * (np.ndim(da) - np.ndim(a)))


def product_derivative(a, da, b, db):
    """The derivative of the product a * b, entry by entry.

    a, b: values, numbers or arrays of one shape S. da, db: their derivatives
    with respect to one and the same w of shape T (which may be (), a single
    number), arrays of shape S + T.
    Returns an array of shape S + T; what was given is left as it was.
    Raises ValueError if the shapes do not fit.
    """
    a, da, b, db = (np.asarray(given) for given in (a, da, b, db))
    if a.shape != b.shape:
        raise ValueError(f"product_derivative: a and b must have one shape, got {a.shape} and {b.shape}")
    if da.shape != db.shape or da.shape[: a.ndim] != a.shape:
        raise ValueError(
            f"product_derivative: da and db must have one shape that begins with {a.shape}, "
            f"got {da.shape} and {db.shape}"
        )
    return da * align(b, da) + align(a, db) * db


def matmul_derivative(a, da, b, db):
    """The derivative of the matrix product a @ b.

    a: array (n, k); b: array (k, m). da, db: their derivatives with respect to
    one and the same w of shape T (any number of axes, or none), arrays of
    shape (n, k) + T and (k, m) + T. No Python loop runs over their single entries.
    Returns an array of shape (n, m) + T; what was given is left as it was.
    Raises ValueError if the shapes do not fit.
    """
    a, da, b, db = (np.asarray(given) for given in (a, da, b, db))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"matmul_derivative: a and b must be (n, k) and (k, m), got {a.shape} and {b.shape}")
    if da.shape[:2] != a.shape or db.shape[:2] != b.shape or da.shape[2:] != db.shape[2:]:
        raise ValueError(
            f"matmul_derivative: da and db must be {a.shape} + T and {b.shape} + T, got {da.shape} and {db.shape}"
        )
    (n, k), m, T = a.shape, b.shape[1], da.shape[2:]
    through_a = b.T @ da.reshape(n, k, math.prod(T))  # for each row of a, (m, k) @ (k, all of T)
    through_b = a @ db.reshape(k, m * math.prod(T))
    return through_a.reshape(n, m, *T) + through_b.reshape(n, m, *T)


def softmax(z, dz):
    """The softmax of each row of z, and its derivative.

    z: scores, array (N, C) for C classes, whole numbers and scores of any size
    allowed: ±800 gives no overflow and no NaN. dz: their derivative with
    respect to some w of shape T (any number of axes, or none), (N, C) + T.
    Returns (p, dp): the probabilities (N, C) and their derivative (N, C) + T;
    what was given is left as it was.
    Raises ValueError if the shapes do not fit.
    """
    z, dz = np.asarray(z, dtype=float), np.asarray(dz)
    if z.ndim != 2 or z.shape[1] == 0:
        raise ValueError(f"softmax: z must have shape (N, C) with C > 0, got {z.shape}")
    if dz.shape[:2] != z.shape:
        raise ValueError(f"softmax: dz must have a shape that begins with {z.shape}, got {dz.shape}")
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    weighted = align(p, dz) * dz
    dp = weighted - align(p, dz) * weighted.sum(axis=1, keepdims=True)
    return p, dp


def linear_layer(x, W, b):
    """The layer y = x @ W + b, and its derivatives with respect to W and b.

    x: array (N, k), one example a row; W: array (k, m); b: array (m,).
    Returns (y, by_W, by_b): arrays (N, m), (N, m) + (k, m), (N, m) + (m,). The
    entry by_W[n, j, i, l] belongs to y[n, j] and W[i, l], and by_b[n, j, l] to
    y[n, j] and b[l]. No Python loop runs over single entries of by_W.
    Raises ValueError if the shapes do not fit.
    """
    x, W, b = (np.asarray(given, dtype=float) for given in (x, W, b))
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0]:
        raise ValueError(f"linear_layer: x and W must be (N, k) and (k, m), got {x.shape} and {W.shape}")
    if b.shape != W.shape[1:]:
        raise ValueError(f"linear_layer: b must have shape {W.shape[1:]} to go with W, got {b.shape}")
    (N, k), m = x.shape, len(b)
    y = x @ W + b
    outputs = np.arange(m)
    by_W = np.zeros((N, m, k, m))
    by_W[:, outputs, :, outputs] = x
    by_b = np.zeros((N, m, m))
    by_b[:, outputs, outputs] = 1.0
    return y, by_W, by_b


def training_step(parameters, p, derivatives, labels, learning_rate):
    """One step of gradient descent on the mean log loss of a batch.

    parameters: dict from names to arrays of any shape. p: array (N,), the
    probability of label 1, computed with these parameters, never 0 or 1.
    derivatives: dict from the same names to the derivative of p with respect
    to that parameter, array (N,) + its shape. labels: array (N,) of 0 and 1.
    Returns (loss, updated): the loss before the step, and a dict of the
    parameters after it, new arrays; what was given is left as it was.
    Raises ValueError for a learning rate that is not > 0, an empty batch, and
    for other shapes, names or labels.
    """
    p, labels = np.asarray(p, dtype=float), np.asarray(labels)
    if not learning_rate > 0:
        raise ValueError(f"training_step: learning_rate must be > 0, got {learning_rate}")
    if p.ndim != 1 or p.size == 0 or labels.shape != p.shape:
        raise ValueError(f"training_step: p and labels must be (N,) with N > 0, got {p.shape} and {labels.shape}")
    others = labels[~np.isin(labels, (0, 1))]
    if others.size:
        raise ValueError(f"training_step: labels must be 0 or 1, got {others[0]}")
    for name, w in parameters.items():
        shape = p.shape + np.shape(w)
        if name not in derivatives or np.shape(derivatives[name]) != shape:
            raise ValueError(f"training_step: derivatives[{name!r}] must be {shape}, got {derivatives.get(name)!r:.80}")
    N = len(p)
    loss = -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    slopes = ((1 - labels) / (1 - p) - labels / p) / N
    gradients = {name: np.tensordot(slopes, derivatives[name], axes=1) for name in parameters}
    updated = {name: w - learning_rate * gradients[name] for name, w in parameters.items()}
    return loss, updated
