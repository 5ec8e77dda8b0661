"""What students are given in unit 3: nodes, what an operation is, and some operations as examples.

An operation is a formula and its local derivatives; a node is a place where the result of an operation stays. Each
operation is two lines, value above slope, so that the module reads like a table of derivatives.
"""

import math
import operator


class Operation:
    """A formula and its local derivatives.

    ``compute(x)`` is its value, ``partial_derivative(x, i)`` the derivative of
    that value with respect to x[i]. x is a list of ``arity`` numbers; where
    arity is None, of any number of them. An operation that is called with
    nodes makes the node that applies it to them: ``Multiply()(a, b)``.
    Raises TypeError for inputs that are too few, too many or no nodes.
    """

    __slots__ = ()
    arity: int | None = 1

    def __call__(self, *inputs):
        if len(inputs) != (self.arity or max(1, len(inputs))):
            raise TypeError(f"{self}: takes {self.arity or '1 or more'} input(s), got {len(inputs)}")
        for node in inputs:
            if not hasattr(node, "inputs"):
                raise TypeError(f"{self}: every input must be a node, got {node!r}")
        return type(inputs[0])(operation=self, inputs=inputs)

    def __repr__(self):
        return type(self).__name__


class ConstantOperation(Operation):
    """An operation with a number of its own, ``self.constant``.

    The constant is no input and has no gradient.
    """

    __slots__ = ("constant",)

    def __init__(self, constant):
        self.constant = float(constant)

    def __repr__(self):
        return f"{type(self).__name__}({self.constant:g})"


class Node:
    """One number of a computation, with its operation and its inputs.

    A node without an operation is a leaf: its value is set from outside.
    ``gradient`` is the node's adjoint, the derivative of the graph's result
    with respect to it; None until a backward pass has found it.
    A node knows its inputs but not who uses it, so nodes form no circles of
    references.
    """

    __slots__ = ("gradient", "inputs", "name", "operation", "value")

    def __init__(self, value=None, name="", operation=None, inputs=()):
        self.value = None if value is None else float(value)
        self.gradient = None
        self.name, self.operation, self.inputs = name, operation, inputs

    def __repr__(self):
        label = self.name or (repr(self.operation) if self.operation else "input")
        return f"<{label}: value {self.value}, gradient {self.gradient}>"


class Add(Operation):
    """x₀ + x₁ + …, of one or more numbers."""

    __slots__ = ()
    arity = None

    def compute(self, x):
        return sum(x)

    def partial_derivative(self, x, i):
        return 1.0


class Subtract(Operation):
    """x₀ − x₁."""

    __slots__ = ()
    arity = 2

    def compute(self, x):
        return x[0] - x[1]

    def partial_derivative(self, x, i):
        return 1.0 if i == 0 else -1.0


class Power(ConstantOperation):
    """x₀ to the power of a constant.

    Raises ValueError for a root of x < 0, ZeroDivisionError for a negative
    power of 0.
    """

    __slots__ = ()

    def compute(self, x):
        if x[0] < 0 and self.constant % 1:
            raise ValueError(f"{self}: x must be >= 0 for a power that is not whole, got {x[0]}")
        return x[0] ** self.constant

    def partial_derivative(self, x, i):
        return self.constant * x[0] ** (self.constant - 1) if self.constant else 0.0


class Sigmoid(Operation):
    """1 / (1 + e⁻ˣ), written so that e is never raised to a large number."""

    __slots__ = ()

    def compute(self, x):
        e = math.exp(-abs(x[0]))
        return (1.0 if x[0] >= 0 else e) / (1.0 + e)

    def partial_derivative(self, x, i):
        e = math.exp(-abs(x[0]))
        return e / (1.0 + e) ** 2


class Tanh(Operation):
    """The hyperbolic tangent."""

    __slots__ = ()

    def compute(self, x):
        return math.tanh(x[0])

    def partial_derivative(self, x, i):
        return 1.0 - math.tanh(x[0]) ** 2


class ReLU(Operation):
    """x₀ where it is > 0, else 0. At the kink the derivative is set to 0."""

    __slots__ = ()

    def compute(self, x):
        return x[0] if x[0] > 0 else 0.0

    def partial_derivative(self, x, i):
        return 1.0 if x[0] > 0 else 0.0


class WeightedSum(Operation):
    """A whole neuron's score in one node: w₀x₀ + … + wₙ₋₁xₙ₋₁ + b.

    The inputs are w₀ … wₙ₋₁, x₀ … xₙ₋₁, b. An even number of them is a sum
    without b.
    """

    __slots__ = ()
    arity = None

    def compute(self, x):
        n = len(x) // 2
        return sum(map(operator.mul, x[:n], x[n:])) + sum(x[2 * n :])

    def partial_derivative(self, x, i):
        n = len(x) // 2
        return x[i + n] if i < n else x[i - n] if i < 2 * n else 1.0
