"""A graph of one's own: a scalar engine for reverse-mode differentiation.

Sources: R. Wengert, "A simple automatic derivative evaluation program", Communications of the ACM 7 (1964), for
computing along a list of elementary steps; S. Linnainmaa, "Taylor expansion of the accumulated rounding error",
BIT 16 (1976), for going through it backward; A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed.,
SIAM 2008, chapters 2 to 4; R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1
(1972), for the topological order.
"""

import math

from course.custom_graph.moons import descend, moon_network  # noqa: F401, shown in the lesson
from course.custom_graph.operations import (  # noqa: F401, all shown in the lesson
    Add,
    ConstantOperation,
    Node,
    Operation,
    Power,
    ReLU,
    Sigmoid,
    Subtract,
    Tanh,
    WeightedSum,
)


class Multiply(Operation):
    """x₀ · x₁."""

    __slots__ = ()
    arity = 2

    def compute(self, x):
        a, b = x
        return a * b

    def partial_derivative(self, x, i):
        return x[1 - i]


class Exp(Operation):
    """e to the power of x₀."""

    __slots__ = ()

    def compute(self, x):
        return math.exp(x[0])

    def partial_derivative(self, x, i):
        return math.exp(x[0])


class Inverse(Operation):
    """1 / x₀."""

    __slots__ = ()

    def compute(self, x):
        return 1.0 / x[0]

    def partial_derivative(self, x, i):
        return -1.0 / x[0] ** 2


class Scale(ConstantOperation):
    """x₀ times the constant."""

    __slots__ = ()

    def compute(self, x):
        return self.constant * x[0]

    def partial_derivative(self, x, i):
        return self.constant


class AddConstant(ConstantOperation):
    """x₀ plus the constant."""

    __slots__ = ()

    def compute(self, x):
        return x[0] + self.constant

    def partial_derivative(self, x, i):
        return 1.0


class Log(Operation):
    """The natural logarithm of x₀."""

    __slots__ = ()

    def compute(self, x):
        return math.log(x[0])

    def partial_derivative(self, x, i):
        return 1.0 / x[0]


def forward_through(order):
    """Compute the value of every node of a list, each after its inputs.

    Raises ValueError for a leaf without a value. An error inside an operation
    is raised on, with a note that names the node.
    """
    for node in order:
        if node.operation is None:
            if node.value is None:
                raise ValueError(f"forward pass: every input needs a value, {node} has none")
            continue
        try:
            node.value = node.operation.compute([before.value for before in node.inputs])
        except (ArithmeticError, ValueError) as error:
            error.add_note(f"forward pass: in {node}, from {list(node.inputs)}")
            raise


def backward_through(order):
    """Set the gradient of every node of a list.

    It is the derivative of the last node's value with respect to the node's
    own. What the gradients were before makes no difference.
    order: nodes with values, each after its inputs. A node may be an input of
    many others, and several times of one. The list and the values are left as
    they were. Lists of 100,000 nodes are no problem, whatever the number of
    paths through them.
    Raises ValueError for an empty list, and for nodes without a value.
    """
    if not order:
        raise ValueError("backward pass: the order must hold at least one node, got none")
    for node in order:
        if node.value is None:
            raise ValueError(f"backward pass: every node needs a value, {node} has none; run the forward pass first")
    for node in order:
        node.gradient = 0.0
    order[-1].gradient = 1.0
    for node in reversed(order):
        x = [before.value for before in node.inputs]
        for i, before in enumerate(node.inputs):
            before.gradient += node.gradient * node.operation.partial_derivative(x, i)


def topological_order(output):
    """List the nodes that the output is computed from, the output last.

    Every node stands in the list once, and after all of its inputs. Any depth
    is allowed: 100,000 nodes in a row are no problem, and each node is looked
    at a few times only, whatever the number of paths that lead to it.
    Raises ValueError if the graph has a cycle, a node that needs itself.
    """
    order, finished = [], {}  # finished[node] is False while what the node needs is being listed
    waiting = [output]
    while waiting:
        node = waiting[-1]
        if node not in finished:
            finished[node] = False
            for before in node.inputs:
                if before not in finished:
                    waiting.append(before)
                elif not finished[before]:
                    raise ValueError(f"topological_order: the graph must have no cycle, {before} needs itself")
        else:
            waiting.pop()
            if not finished[node]:
                finished[node] = True
                order.append(node)
    return order


class Graph:
    """All that one output is computed from, as a program to be run many times.

    The order of the nodes is found once, when the graph is made. Set the
    values of ``inputs``, the leaves, then call ``forward_pass`` and
    ``backprop`` as often as you like.
    Raises TypeError if the output is no node, and ValueError for a cycle.
    """

    def __init__(self, output):
        if not hasattr(output, "inputs"):
            raise TypeError(f"Graph: the output must be a node, got {output!r}")
        self.output = output
        self.order = topological_order(output)
        self.inputs = [node for node in self.order if node.operation is None]

    def forward_pass(self):
        """Compute all values and return that of the output.

        Raises ValueError for a leaf without a value.
        """
        forward_through(self.order)
        return self.output.value

    def backprop(self):
        """Compute all gradients and return those of the leaves.

        Raises ValueError before the first forward pass.
        """
        backward_through(self.order)
        return [node.gradient for node in self.inputs]


def neuron_loss(w, x, op):
    """The graph of one neuron's loss for an example with label 1.

    w: three nodes, the last one the bias; x: two nodes; op: the operations of
    which the graph is made, by name, op.Multiply and so on.
    Returns the node of the loss.
    """
    p0 = op.Multiply()(x[0], w[0])
    p1 = op.Multiply()(x[1], w[1])
    score = op.Add()(p0, p1, w[2])
    e = op.Exp()(op.Scale(-1)(score))
    P = op.Inverse()(op.AddConstant(1)(e))
    return op.Scale(-1)(op.Log()(P))


class Softplus(Operation):
    """The softplus of x₀, for every float: 1000 and -1000 do no harm."""

    __slots__ = ()

    def compute(self, x):
        return max(x[0], 0.0) + math.log1p(math.exp(-abs(x[0])))

    def partial_derivative(self, x, i):
        e = math.exp(-abs(x[0]))
        return (1.0 if x[0] >= 0 else e) / (1.0 + e)


class Expression(Node):
    """A node written as a formula: ``x * w + 2``, ``1 / x``, ``(-x).exp()``.

    Numbers become constants.
    """

    __slots__ = ()

    def __add__(self, other):
        return Add()(self, other) if isinstance(other, Node) else AddConstant(other)(self)

    def __mul__(self, other):
        return Multiply()(self, other) if isinstance(other, Node) else Scale(other)(self)

    def __sub__(self, other):
        return Subtract()(self, other) if isinstance(other, Node) else AddConstant(-other)(self)

    def __truediv__(self, other):
        return self * (Inverse()(other) if isinstance(other, Node) else 1 / other)

    def __neg__(self):
        return Scale(-1)(self)

    def __rsub__(self, number):
        return -self + number

    def __rtruediv__(self, number):
        return Inverse()(self) * number

    def __pow__(self, number):
        return Power(number)(self)

    def exp(self):
        return Exp()(self)

    def log(self):
        return Log()(self)

    __radd__, __rmul__ = __add__, __mul__
