"""A tensor that carries its own derivatives while it is computed, and functions of such tensors.

Nothing is recorded and nothing is run backward: when a result exists, its derivatives exist.
"""

import numpy as np

from course.forward_mode.reference import align, matmul_derivative, product_derivative, softmax


class Tensor:
    """A float64 array with its derivatives with respect to every tracked tensor that went into it.

    ``Tensor(value, requires_grad=True)`` is tracked: all computed from it carries a derivative with respect to it.
    ``t.by(w)`` is the derivative of t by the tracked tensor w, an array of shape t.shape + w.shape.
    The operators + − * @ take tensors, arrays and numbers on either side; + − * broadcast as NumPy does.
    Raises TypeError for a value that is not made of real numbers.
    """

    tracking = True  # turned off by no_tracking
    __array_ufunc__ = None  # an array on the left lets the tensor answer

    def __init__(self, value, requires_grad=False, derivatives=None):
        if np.asarray(value).dtype.kind not in "biuf":
            raise TypeError(f"Tensor: value must be real numbers, got {np.asarray(value).dtype}")
        self.value = np.asarray(value, dtype=float)
        self.requires_grad = requires_grad
        self.derivatives = derivatives or {}  # from tracked tensor to array

    def __repr__(self):
        return f"Tensor({self.value}{', requires_grad=True' if self.requires_grad else ''})"

    @property
    def shape(self):
        return self.value.shape

    @property
    def tracked(self):
        """The tracked tensors on which this one depends."""
        return [self] if self.requires_grad else list(self.derivatives)

    def by(self, w):
        """The derivative with respect to w, array of shape self.shape + w.shape; zeros if w did not go into it.

        By itself a tensor has the derivative 1 where both indices are the same, else 0 (Kronecker's delta).
        Raises ValueError if w is not tracked.
        """
        if not w.requires_grad:
            raise ValueError(f"by: w must be a tracked tensor (requires_grad=True), got {w!r:.80}")
        if w is self:
            return np.eye(w.value.size).reshape(w.shape + w.shape)
        if w in self.derivatives:
            return self.derivatives[w]
        return np.zeros(self.shape + w.shape)

    @staticmethod
    def of(value):
        """The value as a tensor; arrays and numbers are constants."""
        return value if isinstance(value, Tensor) else Tensor(value)

    @staticmethod
    def result(value, rule, *inputs):
        """A tensor of this value; by each w its derivative is the rule, applied to those of the inputs by w."""
        if not Tensor.tracking:
            return Tensor(value)
        tracked = dict.fromkeys(w for t in inputs for w in t.tracked)
        return Tensor(value, derivatives={w: np.asarray(rule(*(t.by(w) for t in inputs))) for w in tracked})

    @staticmethod
    def added_up(value, *terms):
        """A tensor of this value; terms are dicts of derivatives, which are added where they are by the same w."""
        total: dict = {}
        for w, d in (item for term in terms for item in term.items() if Tensor.tracking):
            total[w] = total[w] + np.asarray(d) if w in total else np.asarray(d)
        return Tensor(value, derivatives=total)

    def spread(self, shape):
        """This tensor, repeated along the axes that broadcasting to this shape adds or stretches."""
        if self.shape == shape:
            return self
        ones = (1,) * (len(shape) - self.value.ndim) + self.shape
        return Tensor.result(
            np.broadcast_to(self.value, shape),
            lambda d: np.broadcast_to(d.reshape(ones + d.shape[self.value.ndim :]), shape + d.shape[self.value.ndim :]),
            self,
        )

    def __add__(self, other):
        shape = np.broadcast_shapes(self.shape, np.shape(getattr(other, "value", other)))
        a, b = self.spread(shape), Tensor.of(other).spread(shape)
        return Tensor.added_up(a.value + b.value, *({w: t.by(w) for w in t.tracked} for t in (a, b)))

    def __mul__(self, other):
        shape = np.broadcast_shapes(self.shape, np.shape(getattr(other, "value", other)))
        a, b = self.spread(shape), Tensor.of(other).spread(shape)
        return Tensor.result(a.value * b.value, lambda da, db: product_derivative(a.value, da, b.value, db), a, b)

    def __matmul__(self, other):
        a, b = self, Tensor.of(other)
        if a.value.ndim != 2 or b.value.ndim != 2 or a.shape[1] != b.shape[0]:
            raise ValueError(f"@: the shapes must be (n, k) and (k, m), got {a.shape} and {b.shape}")
        return Tensor.result(a.value @ b.value, lambda da, db: matmul_derivative(a.value, da, b.value, db), a, b)

    def __rmatmul__(self, other):
        return Tensor.of(other) @ self

    def __neg__(self):
        return Tensor.result(-self.value, lambda d: -d, self)

    def __sub__(self, other):
        return self + -Tensor.of(other)

    def __rsub__(self, other):
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axis=None):
        """The sum of all entries, or along one axis or several."""
        chosen = range(self.value.ndim) if axis is None else np.atleast_1d(axis)
        axes = tuple(int(i) % self.value.ndim for i in chosen)  # from the front: behind them are the axes of w
        return Tensor.result(self.value.sum(axis), lambda d: d.sum(axes), self)

    def squeeze(self, axis=None):
        """Without the axes, or the given one, of length 1."""
        value = self.value.squeeze(axis)
        return Tensor.result(value, lambda d: d.reshape(value.shape + d.shape[self.value.ndim :]), self)

    @property
    def T(self):
        """The axes in the opposite order."""
        n = self.value.ndim
        return Tensor.result(self.value.T, lambda d: d.transpose(*range(n)[::-1], *range(n, d.ndim)), self)

    def transpose(self):
        return self.T

    def __getitem__(self, key):
        """The entries that NumPy would find under this key."""
        places = np.arange(self.value.size).reshape(self.shape)[key]
        n = self.value.ndim
        return Tensor.result(self.value[key], lambda d: d.reshape(self.value.size, *d.shape[n:])[places], self)


class no_tracking:
    """``with no_tracking():`` what is computed inside carries no derivatives."""

    def __enter__(self):
        self.before, Tensor.tracking = Tensor.tracking, False

    def __exit__(self, *error):
        Tensor.tracking = self.before


class Sigmoid:
    """1 / (1 + exp(-t)), entry by entry; the derivative is p (1 - p). Nothing overflows."""

    def __call__(self, t):
        p = np.exp(-np.logaddexp(0, -t.value))
        return Tensor.result(p, lambda d: align(p * (1 - p), d) * d, t)


class Log:
    """The natural logarithm, entry by entry; the derivative is 1 / t. Raises ValueError for entries <= 0."""

    def __call__(self, t):
        if t.value.size and not t.value.min() > 0:
            raise ValueError(f"Log: entries must be > 0, got {t.value.min()}")
        return Tensor.result(np.log(t.value), lambda d: align(1 / t.value, d) * d, t)


class ReLU:
    """max(0, t), entry by entry; the derivative is 1 where t > 0, else 0 (also at 0)."""

    def __call__(self, t):
        on = t.value > 0
        return Tensor.result(np.where(on, t.value, 0.0), lambda d: align(on, d) * d, t)


class Softmax:
    """Each row of scores (N, C) as probabilities of C classes. Nothing overflows."""

    def __call__(self, t):
        p, _ = softmax(t.value, np.zeros((*t.shape, 1)))
        return Tensor.result(p, lambda d: softmax(t.value, d)[1], t)
