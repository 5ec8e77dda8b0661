"""A reverse-mode engine for whole arrays: operations with their rules, tensors, one walk backward.

A ``Tensor`` is tracked; a plain array or number is a constant. Where no input is a tensor, an operation
returns plain NumPy, so one function serves for training, prediction and numeric gradients.

Sources: A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed. (2008), chapter 3, for the reverse
mode; A. Kahn, "Topological sorting of large networks", Communications of the ACM 5 (1962), for the order.
"""

import numpy as np

from course.tensor_engine.by_hand import start as start
from course.tensor_engine.by_hand import two_hidden_layers as two_hidden_layers
from course.tensor_engine.descent import gradients as gradients
from course.tensor_engine.descent import sgd_step as sgd_step
from course.tensor_engine.rules import (
    matmul_left,
    matmul_right,
    mean_rule,
    sigmoid_cross_entropy_gradient,
    softmax_cross_entropy_gradient,
    sum_rule,
    unbroadcast,
)

# glibc returns large arrays to the system when they are freed and fetches the next ones page by page. Once it has
# seen a larger one go, it keeps them: a step on 569 examples then takes half the time. Nothing is written here.
np.empty(1 << 21)


class Operation:
    """A function of arrays, and for each of its inputs a rule, a VJP.

    forward(*inputs) returns the result y. A rule is a function of (g, y,
    *inputs), where g is the upstream gradient; it returns the gradient with
    respect to its input. It need not care for broadcasting, which
    ``Tensor.backward`` undoes. Inputs without a rule come last; they are
    settings, such as an axis.
    """

    __slots__ = ("forward", "name", "rules")

    def __init__(self, name, forward, *rules):
        self.name, self.forward, self.rules = name, forward, rules

    def __call__(self, *inputs):
        """The result as a Tensor; as plain NumPy if no input is one.

        Raises ValueError if shapes do not fit, and TypeError for a setting that
        is a Tensor.
        """
        values: list = []
        edges: list = []
        try:
            for x in inputs:
                if isinstance(x, Tensor):
                    edges.append((x, self.rules[len(values)]))
                    x = x.value
                values.append(x)
        except IndexError:
            raise TypeError(f"{self.name}: input {len(values)} is a setting and cannot be a Tensor") from None
        try:
            y = self.forward(*values)
        except ValueError as error:
            shapes = " and ".join(str(np.shape(value)) for value in values[: len(self.rules)])
            raise ValueError(f"{self.name}: cannot be computed for inputs of shape {shapes}: {error}") from error
        return Tensor(y, edges, values) if edges else y


class Tensor:
    """An array that remembers what it was computed from.

    value: array of floats; whole numbers become float64, float32 stays.
    grad: None, and after ``backward`` the gradient with respect to this
    tensor, in its shape; two tensors may share it, so do not write into it.
    A tensor points to its inputs and nothing points back: there are no cycles,
    and memory is freed at once.
    """

    __slots__ = ("edges", "grad", "inputs", "value")
    __array_ufunc__ = None  # so NumPy leaves array + tensor to the tensor

    def __init__(self, value, edges=(), inputs=()):
        """A leaf with a copy of value, or the result of an operation.

        edges: a pair (input, its rule) for each input that is a tensor;
        inputs: the values of all inputs.
        Raises TypeError if value is not an array of real numbers.
        """
        if not edges:
            value = np.array(value)
            if value.dtype.kind not in "fiu":
                raise TypeError(f"Tensor: value must be an array of real numbers, got dtype {value.dtype}")
            value = value if value.dtype.kind == "f" else value.astype(float)
        self.value, self.grad, self.edges, self.inputs = value, None, edges, inputs

    def backward(self, gradient=None):
        """Fill ``grad`` of this tensor and of all that it was computed from.

        gradient: where to start, in this tensor's shape; by default 1, for a
        tensor of one number. Each call starts anew, so a second one gives the
        same gradients. Raises ValueError for a wrong shape.
        """
        shape = self.value.shape
        if gradient is None:
            if self.value.size != 1:
                raise ValueError(f"backward: the tensor must be one number, got shape {shape}; or pass a gradient")
            gradient = self.value.dtype.type(1) if shape == () else np.ones(shape, self.value.dtype)
        elif np.shape(gradient) != shape:
            raise ValueError(f"backward: gradient must have shape {shape}, got {np.shape(gradient)}")
        missing = count_uses(self)
        for tensor in missing:
            tensor.grad = None
        self.grad, ready = gradient, [self]
        while ready:
            tensor = ready.pop()
            g, y, inputs = tensor.grad, tensor.value, tensor.inputs
            for x, rule in tensor.edges:
                back = rule(g, y, *inputs)
                if back.shape != x.value.shape:
                    back = unbroadcast(back, x.value.shape)
                x.grad = back if x.grad is None else x.grad + back
                missing[x] -= 1
                if not missing[x]:
                    ready.append(x)

    # fmt: off
    @property
    def shape(self): return self.value.shape
    @property
    def T(self): return transposed(self)
    def __add__(self, other): return add(self, other)
    def __radd__(self, other): return add(other, self)
    def __sub__(self, other): return subtract(self, other)
    def __rsub__(self, other): return subtract(other, self)
    def __mul__(self, other): return multiply(self, other)
    def __rmul__(self, other): return multiply(other, self)
    def __truediv__(self, other): return divide(self, other)
    def __rtruediv__(self, other): return divide(other, self)
    def __matmul__(self, other): return matmul(self, other)
    def __rmatmul__(self, other): return matmul(other, self)
    def __pow__(self, n): return power(self, n)
    def __rpow__(self, other): return power(other, self)
    def __neg__(self): return multiply(self, -1)
    def __getitem__(self, key): return indexed(self, key)
    def __repr__(self): return f"Tensor({self.value})"
    def reshape(self, *shape): return reshaped(self, shape)
    def sum(self, axis=None, keepdims=False): return total(self, axis, keepdims)
    def mean(self, axis=None, keepdims=False): return average(self, axis, keepdims)
    # fmt: on


def count_uses(result):
    """How often each tensor is an input on the way to the result."""
    uses, stack = {result: 0}, [result]
    while stack:
        for x, _ in stack.pop().edges:
            if x in uses:
                uses[x] += 1
            else:
                uses[x] = 1
                stack.append(x)
    return uses


def matmul_forward(A, B):
    """A B, for matrices or stacks of them."""
    if np.ndim(A) < 2 or np.ndim(B) < 2:
        raise ValueError("both must be matrices; reshape a vector to (1, n) or (n, 1)")
    return A @ B


def linear_forward(x, W, b):
    """x W + b, for x (N, inputs), W (inputs, outputs), b (outputs,)."""
    if np.ndim(x) < 2 or np.ndim(W) < 2:
        raise ValueError("x must be a batch (N, inputs) and W (inputs, outputs)")
    y = x @ W
    y += b
    return y


def logsumexp_forward(x):
    """ln Σ exp(x) along the last axis, without overflow."""
    largest = x.max(axis=-1, keepdims=True)
    return (np.log(np.exp(x - largest).sum(axis=-1, keepdims=True)) + largest)[..., 0]


def scattered(g, x, key):
    """Zeros in the shape of x, with g added wherever key reads."""
    back = np.zeros_like(x)
    np.add.at(back, key, g)
    return back


# --- the table: name, y = forward(…), and what comes back to each input ---------------------------

# fmt: off
add = Operation("add", np.add,
    lambda g, y, a, b: g,
    lambda g, y, a, b: g)
subtract = Operation("subtract", np.subtract,
    lambda g, y, a, b: g,
    lambda g, y, a, b: -g)
multiply = Operation("multiply", np.multiply,
    lambda g, y, a, b: g * b,
    lambda g, y, a, b: g * a)
divide = Operation("divide", np.true_divide,
    lambda g, y, a, b: g / b,
    lambda g, y, a, b: -g * y / b)
matmul = Operation("matmul", matmul_forward,
    matmul_left,
    matmul_right)
linear = Operation("linear", linear_forward,
    lambda g, y, x, W, b: matmul_left(g, y, x, W),
    lambda g, y, x, W, b: matmul_right(g, y, x, W),
    lambda g, y, x, W, b: g)
power = Operation("power", lambda x, n: x**n,
    lambda g, y, x, n: g * n * x ** (n - 1),
    lambda g, y, x, n: g * y * np.log(x))
exp = Operation("exp", np.exp, lambda g, y, x: g * y)
log = Operation("log", np.log, lambda g, y, x: g / x)
relu = Operation("relu", lambda x: np.maximum(x, 0),
    lambda g, y, x: g * (y > 0))
sigmoid = Operation("sigmoid", lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    lambda g, y, x: g * y * (1 - y))
logsumexp = Operation("logsumexp", logsumexp_forward,
    lambda g, y, x: g[..., None] * np.exp(x - y[..., None]))
total = Operation("sum",
    lambda x, axis, keepdims: np.sum(x, axis, keepdims=keepdims),
    sum_rule)
average = Operation("mean",
    lambda x, axis, keepdims: np.mean(x, axis, keepdims=keepdims),
    mean_rule)
reshaped = Operation("reshape", lambda x, shape: x.reshape(*shape),
    lambda g, y, x, shape: g.reshape(x.shape))
transposed = Operation("transpose", np.transpose, lambda g, y, x: g.T)
indexed = Operation("index", lambda x, key: x[key],
    lambda g, y, x, key: scattered(g, x, key))
# fmt: on


def scaled(g, y, gradient):
    """The rule of a loss whose gradient was computed along with it."""
    return g * gradient


def with_known_gradient(loss_and_gradient, logits, labels):
    """The loss as a tensor with its gradient; a number for plain logits."""
    if not isinstance(logits, Tensor):
        return loss_and_gradient(logits, labels)[0]
    loss, gradient = loss_and_gradient(logits.value, labels)
    return Tensor(loss, [(logits, scaled)], [gradient])


def softmax_cross_entropy(logits, labels):
    """Mean softmax cross-entropy of logits (N, K) and labels (N,)."""
    return with_known_gradient(softmax_cross_entropy_gradient, logits, labels)


def sigmoid_cross_entropy(logits, labels):
    """Mean sigmoid cross-entropy of logits and labels of one shape."""
    return with_known_gradient(sigmoid_cross_entropy_gradient, logits, labels)


def network(parameters, X):
    """Logits of a network of linear layers with ReLU between them.

    parameters: [W1, b1, W2, b2, …], tensors or arrays, W (inputs, outputs) and
    b (outputs,); X: (N, inputs).
    Raises ValueError unless one or more layers have a W and a b each.
    """
    if len(parameters) < 2 or len(parameters) % 2:
        raise ValueError(f"network: parameters must be pairs of W and b, got {len(parameters)} arrays")
    for i in range(0, len(parameters) - 2, 2):
        X = relu(linear(X, parameters[i], parameters[i + 1]))
    return linear(X, parameters[-2], parameters[-1])
