"""Unit 3: what learners get wrong, named and with a hint, and other ways to be right.

Alternatives that are classes stand in functions of their own: their source is found by the name of class and function.
"""

import math

from course.custom_graph.check import unit
from course.custom_graph.operations import ConstantOperation, Operation

# --- operations -----------------------------------------------------------------------------------

unit.mistake_in(
    "Multiply",
    "factors not swapped",
    {"x[1 - i]": "x[i]"},
    "The derivative of x₀·x₁ with respect to x₀ is x₁: each factor has the other one as its slope.",
)
unit.mistake_in(
    "Multiply",
    "the same slope for both factors",
    {"x[1 - i]": "x[1]"},
    "Use i: it says by which of the two inputs to differentiate.",
)
unit.mistake_in(
    "Multiply",
    "slopes of a sum",
    {"x[1 - i]": "1.0"},
    "The slope of a sum is 1. A product changes the faster, the larger the other factor is.",
)
unit.mistake_in(
    "Multiply",
    "the product as its own slope",
    {"return x[1 - i]": "return x[0] * x[1]"},
    "Differentiate by x[i] alone: the other factor is a constant then, and x[i] itself goes away.",
)
unit.mistake_in(
    "Exp",
    "power rule",
    {"def partial_derivative(self, x, i):\n        return math.exp(x[0])":
     "def partial_derivative(self, x, i):\n        return x[0] * math.exp(x[0] - 1)"},
    "The power rule is for xⁿ. Here x is the exponent, and eˣ is its own derivative.",
)  # fmt: skip
unit.mistake_in(
    "Exp",
    "a slope of x",
    {"def partial_derivative(self, x, i):\n        return math.exp(x[0])":
     "def partial_derivative(self, x, i):\n        return x[0]"},
    "eˣ is its own derivative, so the slope is eˣ, not x.",
)  # fmt: skip
unit.mistake_in(
    "Exp",
    "2 to the power of x",
    {"def compute(self, x):\n        return math.exp(x[0])": "def compute(self, x):\n        return 2.0 ** x[0]"},
    "The base is e = 2.718…: use math.exp.",
)
unit.mistake_in(
    "Inverse",
    "sign lost",
    {"-1.0 / x[0] ** 2": "1.0 / x[0] ** 2"},
    "1/x falls as x grows, on either side of 0, so its slope is negative.",
)
unit.mistake_in(
    "Inverse",
    "x not squared",
    {"-1.0 / x[0] ** 2": "-1.0 / x[0]"},
    "1/x is x to the power of −1; the power rule lowers the exponent to −2.",
)
unit.mistake_in(
    "Inverse",
    "brackets missing",
    {"-1.0 / x[0] ** 2": "-1.0 / x[0] * x[0]"},
    "-1 / x * x is (-1 / x)·x in Python, which is −1: write x ** 2, or brackets.",
)
unit.mistake_in(
    "Inverse",
    "the inverse of the slope",
    {"-1.0 / x[0] ** 2": "1.0"},
    "Differentiate 1/x as a whole: the derivative of an inverse is not the inverse of the derivative.",
)
unit.mistake_in(
    "Scale",
    "derivative with respect to the constant",
    {"return self.constant\n": "return x[0]\n"},
    "That is the derivative with respect to the constant. The input is x₀, so its slope is the constant.",
)
unit.mistake_in(
    "Scale",
    "a slope of 1",
    {"return self.constant\n": "return 1.0\n"},
    "If x₀ moves by 1, how far does constant · x₀ move?",
)
unit.mistake_in(
    "Scale",
    "divided by the constant",
    {"self.constant * x[0]": "x[0] / self.constant"},
    "The result is the constant times x₀.",
)
unit.mistake_in(
    "AddConstant",
    "a slope of 0",
    {"return 1.0": "return 0.0"},
    "The constant has the slope 0, but x₀ is added to it and has the slope 1.",
)
unit.mistake_in(
    "AddConstant",
    "the constant as slope",
    {"return 1.0": "return self.constant"},
    "Adding a number shifts the curve up and leaves its slope as it is: 1.",
)
unit.mistake_in(
    "AddConstant",
    "x as slope",
    {"return 1.0": "return x[0]"},
    "If x₀ moves by 1, the sum moves by 1, wherever x₀ is.",
)
unit.mistake_in(
    "Log",
    "base 10",
    {"math.log(x[0])": "math.log10(x[0])"},
    "math.log is the natural logarithm; math.log10 has the base 10 and another slope.",
)
unit.mistake_in(
    "Log",
    "base 2",
    {"math.log(x[0])": "math.log2(x[0])"},
    "math.log is the natural logarithm; math.log2 has the base 2 and another slope.",
)
unit.mistake_in(
    "Log",
    "slope of 1/x",
    {"1.0 / x[0]": "-1.0 / x[0] ** 2"},
    "You have differentiated twice: the slope of ln x is 1/x.",
)
unit.mistake_in(
    "Log",
    "one over the logarithm",
    {"1.0 / x[0]": "1.0 / math.log(x[0])"},
    "The slope of ln x is 1/x, one over the input and not over the result.",
)

unit.mistake_in(
    "Exp",
    "the last value as slope",
    {"__slots__ = ()": '__slots__ = ("last",)',
     "def compute(self, x):\n        return math.exp(x[0])":
     "def compute(self, x):\n        self.last = math.exp(x[0])\n        return self.last",
     "def partial_derivative(self, x, i):\n        return math.exp(x[0])":
     "def partial_derivative(self, x, i):\n        return self.last"},
    "An operation keeps nothing: one object may belong to many nodes. Compute the slope from x.",
)  # fmt: skip

NUDGED = """def partial_derivative(self, x, i):
        h = 1e-6
        above, below = list(x), list(x)
        above[i] += h
        below[i] -= h
        return (self.compute(above) - self.compute(below)) / (2 * h)"""

for operation, slope in (
    ("Multiply", "x[1 - i]"), ("Exp", "math.exp(x[0])"), ("Inverse", "-1.0 / x[0] ** 2"),
    ("Scale", "self.constant"), ("AddConstant", "1.0"), ("Log", "1.0 / x[0]"),
):  # fmt: skip
    unit.mistake_in(
        operation,
        f"the slope of {operation} found by nudging",
        {f"def partial_derivative(self, x, i):\n        return {slope}": NUDGED},
        "A difference of two values is not exact, and fails for very large and very small numbers: write the formula.",
    )
    unit.mistake_in(
        operation,
        f"the slope of {operation} not returned",
        {f"def partial_derivative(self, x, i):\n        return {slope}":
         f"def partial_derivative(self, x, i):\n        {slope}"},
        "The slope is computed and dropped: put return in front of it.",
    )  # fmt: skip

LIST = "x is a list, here with one number in it: compute with x[0]."
VALUE, SLOPE = "def compute(self, x):\n        return ", "def partial_derivative(self, x, i):\n        return "
for operation, value, slope in (
    ("Exp", "math.exp(x[0])", "math.exp(x[0])"), ("Inverse", "1.0 / x[0]", "-1.0 / x[0] ** 2"),
    ("Log", "math.log(x[0])", "1.0 / x[0]"), ("Scale", "self.constant * x[0]", ""),
    ("AddConstant", "x[0] + self.constant", ""),
):  # fmt: skip
    unit.mistake_in(
        operation,
        f"{operation} of the list instead of its number",
        {
            head + formula: head + formula.replace("[0]", "")
            for head, formula in ((VALUE, value), (SLOPE, slope))
            if formula
        },
        LIST,
    )


def on_its_own():
    @unit.alternative("without the base class, with an if")
    class Multiply:
        def compute(self, x):
            a, b = x
            return a * b

        def partial_derivative(self, x, i):
            if i == 0:
                return x[1]
            return x[0]

    @unit.alternative("in NumPy")
    class Exp(Operation):
        import numpy as np

        def compute(self, x):
            return self.np.exp(x)[0]

        def partial_derivative(self, x, i):
            return self.np.exp(x)[i]

    @unit.alternative("one calls the other")
    class Inverse(Operation):
        def compute(self, x):
            return x[0] ** -1.0

        def partial_derivative(self, x, i):
            return -(self.compute(x) ** 2)

    @unit.alternative("with an __init__ of its own, in float32")
    class Scale(Operation):
        def __init__(self, c):
            import numpy as np

            self.c = np.float32(c)

        def compute(self, x):
            return self.c * type(self.c)(x[0])

        def partial_derivative(self, x, i):
            return self.c

    @unit.alternative("slope as an int")
    class AddConstant(ConstantOperation):
        def compute(self, x):
            return sum(x, start=self.constant)

        def partial_derivative(self, x, i):
            return 1

    @unit.alternative("with a class attribute and a power")
    class Inverse(Operation):
        arity = 1

        def compute(self, x):
            return pow(x[0], -1)

        def partial_derivative(self, x, i):
            return -pow(x[i], -2)

    @unit.alternative("from other functions")
    class Log(Operation):
        def compute(self, x):
            return math.log2(x[0]) / math.log2(math.e)

        def partial_derivative(self, x, i):
            return math.exp(-self.compute(x))


on_its_own()

# --- backward_through -----------------------------------------------------------------------------

unit.mistake_in(
    "backward_through",
    "overwritten instead of added up",
    {"before.gradient +=": "before.gradient ="},
    "A node that is used more than once receives a share from each use: add them up with +=.",
)
unit.mistake_in(
    "backward_through",
    "gradients of the last run kept",
    {"node.gradient = 0.0": "node.gradient = node.gradient or 0.0"},
    "Set the gradient of every node to 0 before you begin, or the shares of the last run stay in the sums.",
)
unit.mistake_in(
    "backward_through",
    "only the inputs reset",
    {"node.gradient = 0.0": "node.gradient = 0.0 if node.operation is None else node.gradient or 0.0"},
    "The nodes between inputs and result add up shares as well: reset every node, not only the inputs.",
)
unit.mistake_in(
    "backward_through",
    "only the other nodes reset",
    {"node.gradient = 0.0": "node.gradient = 0.0 if node.operation else node.gradient or 0.0"},
    "Reset every node: the inputs keep the shares of the last run as well.",
)
unit.mistake_in(
    "backward_through",
    "nothing to begin with",
    {"    order[-1].gradient = 1.0\n": ""},
    "All stays 0 unless something arrives from the end: the derivative of the last node with respect to itself is 1.",
)
unit.mistake_in(
    "backward_through",
    "begun with the value of the last node",
    {"order[-1].gradient = 1.0": "order[-1].gradient = order[-1].value"},
    "The way back begins with the derivative of the last node with respect to itself, which is 1 whatever its value.",
)
unit.mistake_in(
    "backward_through",
    "every gradient begun at 1",
    {"node.gradient = 0.0": "node.gradient = 1.0"},
    "Only the last node begins at 1. All others begin at 0 and add up what arrives.",
)
unit.mistake_in(
    "backward_through",
    "local slopes only",
    {"node.gradient * node.operation": "node.operation"},
    "Chain rule: multiply the slope of the operation by the gradient that has arrived at its node.",
)
unit.mistake_in(
    "backward_through",
    "upstream added instead of multiplied",
    {"node.gradient * node.operation": "node.gradient + node.operation"},
    "Along one way the slopes are multiplied; only the shares of different ways are added.",
)
unit.mistake_in(
    "backward_through",
    "only the last node hands on its gradient",
    {"reversed(order)": "order"},
    "Start with the last node, whose gradient is complete, and go on to the first: reversed(order), and no return in "
    "the loop.",
)
unit.mistake_in(
    "backward_through",
    "always the derivative with respect to the first input",
    {"partial_derivative(x, i)": "partial_derivative(x, 0)"},
    "Each input has a slope of its own: partial_derivative(x, i) for input i.",
)
unit.mistake_in(
    "backward_through",
    "each input only once",
    {"enumerate(node.inputs)": "enumerate(dict.fromkeys(node.inputs))"},
    "In x·x the node x stands in the inputs twice and receives a share for each: do not drop the repetition.",
)
unit.mistake_in(
    "backward_through",
    "only the first input",
    {"enumerate(node.inputs)": "enumerate(node.inputs[:1])"},
    "An operation has a list of inputs. Hand a share to each of them.",
)
unit.mistake_in(
    "backward_through",
    "slopes at the node's own value",
    {"[before.value for before in node.inputs]": "[node.value for before in node.inputs]"},
    "The slope depends on what went into the operation: x is the list of the inputs' values.",
)
unit.mistake_in(
    "backward_through",
    "sign turned round",
    {"before.gradient +=": "before.gradient -="},
    "The shares are added. Going downhill, with a minus, comes later and elsewhere.",
)
unit.mistake_in(
    "backward_through",
    "the last node left out",
    {"reversed(order)": "reversed(order[:-1])"},
    "The last node is the one that has a gradient to begin with: the loop has to start with it.",
)

unit.mistake_in(
    "backward_through",
    "overwritten, and nothing reset",
    {"    for node in order:\n        node.gradient = 0.0\n": "", "before.gradient +=": "before.gradient ="},
    "Set every gradient to 0 before the way back begins, then add up with +=: with = the second share replaces it.",
)
unit.mistake_in(
    "backward_through",
    "never begun at 0",
    {"    for node in order:\n        node.gradient = 0.0\n": ""},
    "Set every gradient to 0 before the way back begins: at first it is None, and later it is left from the last run.",
)
unit.mistake_in(
    "backward_through",
    "ended at the first input of the graph",
    {"        x = [before.value": "        if node.operation is None:\n            break\n        x = [before.value"},
    "An input of the graph may stand anywhere in the list: go on to the nodes before it.",
)
unit.mistake_in(
    "backward_through",
    "the place looked up by the node",
    {"partial_derivative(x, i)": "partial_derivative(x, node.inputs.index(before))"},
    "index finds the first place of a node, also when it stands there twice. Use i, its place in the loop.",
)
unit.mistake_in(
    "backward_through",
    "the list turned round for good",
    {"for node in reversed(order)": "order.reverse()\n    for node in order"},
    "order.reverse() changes the list that was given. Go through reversed(order), which leaves it as it is.",
)
unit.mistake_in(
    "backward_through",
    "the list used up",
    {"for node in reversed(order):": "while order:\n        node = order.pop()"},
    "pop() takes the nodes out of the list that was given. Go through reversed(order), which leaves it as it is.",
)
unit.mistake_in(
    "backward_through",
    "divided by the input instead of its slope",
    {"partial_derivative(x, i)": "compute(x) / x[i]"},
    "Value over input is the slope of a product only, and fails for 0: ask the operation for partial_derivative(x, i).",
)
unit.mistake_in(
    "backward_through",
    "each operation's share averaged over its inputs",
    {"partial_derivative(x, i)": "partial_derivative(x, i) / len(x)"},
    "Each input receives the whole gradient times its own slope: nothing is divided among them.",
)


@unit.mistake(
    "every way on its own",
    "Where ways part and join, their number doubles each time. Add up all shares of a node before it hands them on.",
)
def backward_through(order):
    for node in order:
        node.gradient = 0.0
    waiting = [(order[-1], 1.0)]
    while waiting:
        node, share = waiting.pop()
        node.gradient += share
        x = [before.value for before in node.inputs]
        for i, before in enumerate(node.inputs):
            waiting.append((before, share * node.operation.partial_derivative(x, i)))


@unit.mistake(
    "handed on before the sum is complete",
    "A node used by several others must wait for the shares of all of them. Go through reversed(order), once.",
)
def backward_through(order):
    for node in order:
        node.gradient = 0.0

    def back(node, gradient):
        node.gradient += gradient
        x = [before.value for before in node.inputs]
        for i, before in enumerate(node.inputs):
            back(before, node.gradient * node.operation.partial_derivative(x, i))

    back(order[-1], 1.0)


@unit.mistake(
    "found by nudging",
    "Nudging runs the graph anew for every node and is not exact. Multiply and add up the slopes on one way back.",
)
def backward_through(order):
    def last(fixed, number):
        values = {}
        for node in order:
            if node is fixed:
                values[node] = number
            elif node.operation is None:
                values[node] = node.value
            else:
                values[node] = node.operation.compute([values[before] for before in node.inputs])
        return values[order[-1]]

    for node in order:
        node.gradient = (last(node, node.value + 1e-5) - last(node, node.value - 1e-5)) / 2e-5


@unit.alternative("a stack of the nodes left, and operations only")
def backward_through(order):
    for node in order:
        node.gradient = 0.0
    order[-1].gradient = 1.0
    left = [node for node in order if node.operation]
    while left:
        node = left.pop()
        values = [source.value for source in node.inputs]
        slopes = [node.operation.partial_derivative(values, k) for k in range(len(values))]
        for source, slope in zip(node.inputs, slopes):
            source.gradient += slope * node.gradient


@unit.alternative("with an index, from the last node down")
def backward_through(order):
    for node in order:
        node.gradient = 0
    order[-1].gradient = 1
    for k in range(len(order) - 1, -1, -1):
        node = order[k]
        for i in range(len(node.inputs)):
            x = [n.value for n in node.inputs]
            node.inputs[i].gradient = node.inputs[i].gradient + node.operation.partial_derivative(x, i) * node.gradient


@unit.alternative("a dict of gradients, written into the nodes at the end")
def backward_through(order):
    found = {node: 0.0 for node in order}
    found[order[-1]] = 1.0
    for node in order[::-1]:
        if node.operation is not None:
            x = [n.value for n in node.inputs]
            for i, n in enumerate(node.inputs):
                found[n] += found[node] * node.operation.partial_derivative(x, i)
    for node, gradient in found.items():
        node.gradient = gradient
    return found


@unit.alternative("each node collects from those that use it")
def backward_through(order):
    for k, node in reversed(list(enumerate(order))):
        shares = [1.0 if node is order[-1] else 0.0]
        for user in order[k + 1 :]:
            x = [n.value for n in user.inputs]
            for i, n in enumerate(user.inputs):
                if n is node:
                    shares.append(user.gradient * user.operation.partial_derivative(x, i))
        node.gradient = sum(shares)


@unit.alternative("a matrix of slopes, solved by NumPy")
def backward_through(order):
    import numpy as np

    place = {id(node): k for k, node in enumerate(order)}
    slopes = np.zeros((len(order), len(order)))
    for k, node in enumerate(order):
        x = [n.value for n in node.inputs]
        for i, n in enumerate(node.inputs):
            slopes[place[id(n)], k] += node.operation.partial_derivative(x, i)
    seed = np.zeros(len(order))
    seed[-1] = 1
    gradients = np.linalg.solve(np.eye(len(order)) - slopes, seed)
    for node, gradient in zip(order, gradients):
        node.gradient = gradient


# --- topological_order ----------------------------------------------------------------------------

unit.mistake_in(
    "topological_order",
    "the output first",
    {"return order": "return order[::-1]"},
    "Your list goes from the output to the inputs. Turn it round: inputs first.",
)
unit.mistake_in(
    "topological_order",
    "the output is missing",
    {"return order": "return order[:-1]"},
    "The output belongs to the list: it is the last node.",
)
unit.mistake_in(
    "topological_order",
    "the inputs of the graph are missing",
    {"return order": "return [node for node in order if node.operation is not None]"},
    "Nodes without an operation belong to the list too: their gradients are the ones that we want.",
)
unit.mistake_in(
    "topological_order",
    "a cycle goes unnoticed",
    {"                elif not finished[before]:\n": "                elif False:\n"},
    "If you meet a node whose own inputs are still being listed, it needs itself: raise a ValueError.",
)
unit.mistake_in(
    "topological_order",
    "a cycle with another kind of error",
    {"raise ValueError(": "raise RuntimeError("},
    "The docstring says which kind of error a cycle raises: ValueError.",
)
unit.mistake_in(
    "topological_order",
    "a node used twice taken for a cycle",
    {"elif not finished[before]": "else"},
    "Meeting a node again is no cycle. It is one only if that node's own inputs are not yet all listed.",
)
unit.mistake_in(
    "topological_order",
    "a generator",
    {"order.append(node)": "yield node", "    return order\n": ""},
    "A generator can be gone through only once, and the graph goes through its list many times: return a list.",
)
unit.mistake_in(
    "topological_order",
    "a set",
    {"return order": "return set(order)"},
    "A set has no order: return the list.",
)
unit.mistake_in(
    "topological_order",
    "names instead of nodes",
    {"return order": "return [node.name for node in order]"},
    "Return the nodes themselves: their values and gradients are needed.",
)
unit.mistake_in(
    "topological_order",
    "listed before its inputs",
    {"            finished[node] = False\n": "            finished[node] = False\n            order.append(node)\n",
     "                finished[node] = True\n                order.append(node)":
     "                finished[node] = True"},
    "A node is met before its inputs. List it on the second visit, when they are all listed.",
)  # fmt: skip
unit.mistake_in(
    "topological_order",
    "only the first input followed",
    {"in node.inputs:": "in node.inputs[:1]:"},
    "A node may have several inputs, and all of them have to come before it.",
)


@unit.mistake(
    "by recursion",
    "A function that calls itself for every node fails after about 1,000 calls. Keep a list of waiting nodes instead.",
)
def topological_order(output):
    order, seen, open_ = [], set(), set()

    def visit(node):
        if node in open_:
            raise ValueError("a cycle")
        if node in seen:
            return
        open_.add(node)
        for before in node.inputs:
            visit(before)
        open_.discard(node)
        seen.add(node)
        order.append(node)

    visit(output)
    return order


@unit.mistake(
    "by recursion, and a cycle goes unnoticed",
    "A function that calls itself for every node fails after about 1,000 calls: keep a list of waiting nodes. And tell "
    "nodes whose inputs are still being listed from those that are listed: meeting one of them again is a cycle.",
)
def topological_order(output):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for before in node.inputs:
                visit(before)
            order.append(node)

    visit(output)
    return order


@unit.mistake(
    "listed when first met, then turned round",
    "A node met early by a short way may be needed by one that is met later. List it when its inputs are all listed.",
)
def topological_order(output):
    order, waiting, seen = [], [output], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            waiting.extend(node.inputs)
    return order[::-1]


@unit.mistake(
    "level by level from the output",
    "The shortest way to a node does not tell its place: there may be a longer one, along which it is needed earlier.",
)
def topological_order(output):
    order, seen = [output], {output}
    for node in order:
        for before in node.inputs:
            if before not in seen:
                seen.add(before)
                order.append(before)
    return order[::-1]


@unit.mistake(
    "nodes listed more than once",
    "Remember which nodes you have listed: one that is used twice still stands in the list once.",
)
def topological_order(output):
    order, waiting = [], [output]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(node.inputs)
    return order[::-1]


@unit.mistake(
    "each input listed right before its node",
    "The inputs of the inputs come earlier still: a node may be listed only after everything that it needs.",
)
def topological_order(output):
    order, seen, waiting = [], set(), [output]
    while waiting:
        node = waiting.pop()
        for before in node.inputs:
            if before not in seen:
                seen.add(before)
                order.append(before)
                waiting.append(before)
    return [*order, output]


@unit.mistake(
    "moved back whenever it is met again",
    "A node that is moved moves all its inputs again, and the work doubles at every joint. List each node once, when "
    "its inputs are listed.",
)
def topological_order(output):
    order, waiting = {}, [output]
    while waiting:
        node = waiting.pop()
        order.pop(node, None)
        order[node] = True
        waiting.extend(node.inputs)
    return list(order)[::-1]


@unit.mistake(
    "only a direct cycle noticed",
    "A cycle may lead through any number of nodes. Tell nodes whose inputs are still being listed from listed ones.",
)
def topological_order(output):
    order, listed, waiting = [], set(), [output]
    while waiting:
        node = waiting[-1]
        if any(node is before or node in before.inputs for before in node.inputs):
            raise ValueError("a cycle")
        missing = [before for before in node.inputs if before not in listed]
        waiting.extend(missing)
        if not missing:
            waiting.pop()
            if node not in listed:
                listed.add(node)
                order.append(node)
    return order


@unit.mistake(
    "the direct inputs only",
    "The inputs have inputs too: go on until nothing is left that has not been listed.",
)
def topological_order(output):
    return [*dict.fromkeys(output.inputs), output]


@unit.alternative("nodes whose inputs are all listed, one after the other (Kahn)")
def topological_order(output):
    users, missing, waiting = {output: []}, {}, [output]
    while waiting:
        node = waiting.pop()
        missing[node] = len(node.inputs)
        for before in node.inputs:
            if before not in users:
                users[before] = []
                waiting.append(before)
            users[before].append(node)
    ready = [node for node, count in missing.items() if count == 0]
    order = []
    while ready:
        node = ready.pop(0)
        order.append(node)
        for user in users[node]:
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    if len(order) < len(missing):
        raise ValueError("a cycle")
    return order


@unit.alternative("a stack of iterators")
def topological_order(output):
    order, begun, done = [], {id(output)}, set()
    stack = [(output, iter(output.inputs))]
    while stack:
        node, rest = stack[-1]
        for before in rest:
            if id(before) in done:
                continue
            if id(before) in begun:
                raise ValueError("the nodes form a circle")
            begun.add(id(before))
            stack.append((before, iter(before.inputs)))
            break
        else:
            stack.pop()
            done.add(id(node))
            order.append(node)
    return tuple(order)


@unit.alternative("peeled off from the output, then turned round")
def topological_order(output):
    uses, found = {output: 0}, [output]
    for node in found:
        for before in node.inputs:
            if before not in uses:
                uses[before] = 0
                found.append(before)
            uses[before] += 1
    order, free = [], [output] if uses[output] == 0 else []
    while free:
        node = free.pop()
        order.append(node)
        for before in node.inputs:
            uses[before] -= 1
            if uses[before] == 0:
                free.append(before)
    if len(order) != len(found):
        raise ValueError("cycle")
    return list(reversed(order))


@unit.mistake(
    "membership looked up in lists",
    "`in` goes through a list item by item, which takes too long with 100,000 nodes. Use a set or dict.",
)
def topological_order(output):
    order, path, stack = [], [], [(output, False)]
    while stack:
        node, complete = stack.pop()
        if complete:
            path.remove(node)
            order.append(node)
        elif node not in order:
            if node in path:
                raise ValueError("cycle")
            path.append(node)
            stack.append((node, True))
            stack.extend((before, False) for before in node.inputs)
    return order


# --- neuron_loss ----------------------------------------------------------------------------------

unit.mistake_in(
    "neuron_loss",
    "bias forgotten",
    {"op.Add()(p0, p1, w[2])": "op.Add()(p0, p1)"},
    "The score has three terms; the third one is w₂ alone.",
)
unit.mistake_in(
    "neuron_loss",
    "bias multiplied instead of added",
    {"op.Add()(p0, p1, w[2])": "op.Multiply()(op.Add()(p0, p1), w[2])"},
    "w₂ is added to the two products.",
)
unit.mistake_in(
    "neuron_loss",
    "weights crossed",
    {"(x[0], w[0])": "(x[0], w[1])", "(x[1], w[1])": "(x[1], w[0])"},
    "x₀ goes with w₀ and x₁ with w₁.",
)
unit.mistake_in(
    "neuron_loss",
    "the same weight twice",
    {"(x[1], w[1])": "(x[1], w[0])"},
    "The second product is x₁·w₁.",
)
unit.mistake_in(
    "neuron_loss",
    "minus in the exponent forgotten",
    {"op.Exp()(op.Scale(-1)(score))": "op.Exp()(score)"},
    "It is e to the power of minus the score: scale the score by −1 first. With plus it is the loss for label 0.",
)
unit.mistake_in(
    "neuron_loss",
    "minus before the logarithm forgotten, or the inverse inside it",
    {"op.Scale(-1)(op.Log()(P))": "op.Log()(P)"},
    "A loss is not negative. Either the factor −1 in front of the logarithm is missing, or the Inverse inside it.",
)
unit.mistake_in(
    "neuron_loss",
    "1 + forgotten",
    {"op.AddConstant(1)(e)": "e"},
    "Below the fraction stands 1 + e to the power of minus the score.",
)
unit.mistake_in(
    "neuron_loss",
    "the probability instead of the loss",
    {"op.Scale(-1)(op.Log()(P))": "P"},
    "That is P. The loss is -ln P: two more nodes.",
)
unit.mistake_in(
    "neuron_loss",
    "minus P instead of -ln P",
    {"op.Scale(-1)(op.Log()(P))": "op.Scale(-1)(P)"},
    "The logarithm is missing between P and the factor −1.",
)
unit.mistake_in(
    "neuron_loss",
    "new nodes in the place of w",
    {"p0 =": "w = [type(node)(node.value) for node in w]\n    p0 ="},
    "Use the nodes that you were given. Copies of their values have gradients of their own, which nobody reads.",
)
unit.mistake_in(
    "neuron_loss",
    "inputs frozen into constants",
    {"op.Multiply()(x[0], w[0])": "op.Scale(x[0].value)(w[0])",
     "op.Multiply()(x[1], w[1])": "op.Scale(x[1].value)(w[1])"},
    "A constant takes the value that x has now, for ever. Multiply the nodes, so that the graph follows them.",
)  # fmt: skip
unit.mistake_in(
    "neuron_loss",
    "weights frozen into constants",
    {"op.Multiply()(x[0], w[0])": "op.Scale(w[0].value)(x[0])",
     "op.Multiply()(x[1], w[1])": "op.Scale(w[1].value)(x[1])"},
    "A constant has no gradient, and the gradient with respect to w is what we want. Multiply the nodes.",
)  # fmt: skip

unit.mistake_in(
    "neuron_loss",
    "an operation made of nodes",
    {"op.Add()(p0, p1, w[2])": "op.Add(p0, p1, w[2])"},
    "An operation is made first and called with nodes then: op.Add()(p0, p1, w[2]), with two pairs of brackets.",
)
unit.mistake_in(
    "neuron_loss",
    "an operation of nodes without the empty brackets",
    {"op.Multiply()(x[0], w[0])": "op.Multiply(x[0], w[0])"},
    "An operation is made first and called with nodes then: op.Multiply()(x[0], w[0]), with two pairs of brackets.",
)
unit.mistake_in(
    "neuron_loss",
    "the graph's node in a list",
    {"return op.Scale(-1)(op.Log()(P))": "return [op.Scale(-1)(op.Log()(P))]"},
    "Return the node itself, without a list around it.",
)
unit.mistake_in(
    "neuron_loss",
    "the notebook's operations instead of op's",
    {"op.Multiply()(x[0], w[0])": "Multiply()(x[0], w[0])"},
    "The operations come as an argument: write op.Multiply()(…), and so on for all of them.",
)
unit.mistake_in(
    "neuron_loss",
    "the value instead of the node",
    {"op.Multiply()(x[0], w[0])": "x[0].value * w[0].value", "op.Multiply()(x[1], w[1])": "x[1].value * w[1].value",
     "op.Add()(p0, p1, w[2])": "p0 + p1 + w[2].value", "op.Exp()(op.Scale(-1)(score))": "math.exp(-score)",
     "op.Inverse()(op.AddConstant(1)(e))": "1 / (1 + e)", "op.Scale(-1)(op.Log()(P))": "-math.log(P)"},
    "That computes a number. Build nodes instead: op.Multiply()(x[0], w[0]) is one.",
)  # fmt: skip


@unit.alternative("a weighted sum and a sigmoid")
def neuron_loss(w, x, op):
    score = op.WeightedSum()(w[0], w[1], x[0], x[1], w[2])
    return op.Scale(-1)(op.Log()(op.Sigmoid()(score)))


@unit.alternative("ln(1 + e), without the inverse")
def neuron_loss(w, x, op):
    times, plus = op.Multiply(), op.Add()
    minus_score = op.Scale(-1.0)(plus(plus(times(w[0], x[0]), times(w[1], x[1])), w[2]))
    return op.Log()(op.AddConstant(1.0)(op.Exp()(minus_score)))


@unit.alternative("a loop, Subtract and Power")
def neuron_loss(w, x, op):
    score = w[2]
    for a, b in zip(w, x):
        score = op.Add()(score, op.Multiply()(a, b))
    zero = op.Scale(0)(score)
    P = op.Power(-1)(op.AddConstant(1)(op.Exp()(op.Subtract()(zero, score))))
    return op.Subtract()(zero, op.Log()(P))


@unit.alternative("the minus in front of every term")
def neuron_loss(w, x, op):
    terms = [op.Scale(-1)(t) for t in (op.Multiply()(*w[:1], *x[:1]), op.Multiply()(w[1], x[1]), w[2])]
    e = op.Exp()(op.Add()(*terms))
    return op.Scale(-1)(op.Log()(op.Inverse()(op.AddConstant(1)(e))))


@unit.alternative("a product of powers, without a node for the score")
def neuron_loss(w, x, op):
    terms = [op.Multiply()(w[0], x[0]), op.Multiply()(w[1], x[1]), w[2]]
    a, b, c = (op.Exp()(op.Scale(-1)(term)) for term in terms)
    return op.Log()(op.AddConstant(1)(op.Multiply()(op.Multiply()(a, b), c)))


# --- softplus -------------------------------------------------------------------------------------

VALUE = "max(x[0], 0.0) + math.log1p(math.exp(-abs(x[0])))"
SLOPE = "return (1.0 if x[0] >= 0 else e) / (1.0 + e)"

unit.mistake_in(
    "Softplus",
    "value overflows for large x",
    {VALUE: "math.log(1 + math.exp(x[0]))"},
    "e to the power of 800 is larger than any float. Take x out of the logarithm first: ln(1 + eˣ) = x + ln(1 + e⁻ˣ).",
)
unit.mistake_in(
    "Softplus",
    "exponent clipped",
    {VALUE: "math.log(1 + math.exp(min(x[0], 700.0)))"},
    "Clipping stops the overflow and returns 700 for every larger x, where the value should go on rising with x.",
)
unit.mistake_in(
    "Softplus",
    "straight too early",
    {VALUE: "x[0] if x[0] > 1 else math.log1p(math.exp(x[0]))"},
    "ln(1 + eˣ) comes near x only for x beyond about 30; before that the difference counts.",
)
unit.mistake_in(
    "Softplus",
    "without the part max(x, 0)",
    {VALUE: "math.log1p(math.exp(-abs(x[0])))"},
    "ln(1 + e⁻ˣ) is what remains after x was taken out of the logarithm: add x again where it is positive.",
)
unit.mistake_in(
    "Softplus",
    "logarithm to base 2",
    {VALUE: "max(x[0], 0.0) + math.log2(1 + math.exp(-abs(x[0])))"},
    "ln is the natural logarithm: math.log, or math.log1p.",
)
unit.mistake_in(
    "Softplus",
    "minus x instead of x",
    {VALUE: "max(-x[0], 0.0) + math.log1p(math.exp(-abs(x[0])))"},
    "That is ln(1 + e⁻ˣ), which falls. Softplus rises with x.",
)
unit.mistake_in(
    "Softplus",
    "a ReLU",
    {VALUE: "max(x[0], 0.0)", SLOPE: "return 1.0 if x[0] > 0 else 0.0"},
    "Softplus looks like a ReLU from afar, but it is smooth: the logarithm is missing.",
)
unit.mistake_in(
    "Softplus",
    "slope of a ReLU",
    {SLOPE: "return 1.0 if x[0] > 0 else 0.0"},
    "The slope has no jump at 0. Differentiate ln(1 + eˣ) by the chain rule.",
)
unit.mistake_in(
    "Softplus",
    "inner derivative forgotten",
    {SLOPE: "return (e if x[0] >= 0 else 1.0) / (1.0 + e)"},
    "The slope of ln u is 1/u; multiply it by the derivative of u = 1 + eˣ.",
)
unit.mistake_in(
    "Softplus",
    "slope of the sigmoid",
    {SLOPE: "return e / (1.0 + e) ** 2"},
    "The derivative of softplus is the sigmoid itself; you have differentiated once too often.",
)
unit.mistake_in(
    "Softplus",
    "the outer derivative forgotten",
    {SLOPE: "return math.exp(min(x[0], 700.0))"},
    "eˣ is the inner derivative. Divide it by 1 + eˣ, the derivative of the logarithm.",
)
unit.mistake_in(
    "Softplus",
    "slope overflows for large x",
    {SLOPE: "return math.exp(x[0]) / (1 + math.exp(x[0]))"},
    "For large x both parts of the fraction overflow. Divide both by eˣ before you compute them.",
)
unit.mistake_in(
    "Softplus",
    "slope overflows for negative x",
    {SLOPE: "return 1 / (1 + math.exp(-x[0]))"},
    "For large negative x, e⁻ˣ overflows. Use one form of the fraction for x ≥ 0 and another one for x < 0.",
)
unit.mistake_in(
    "Softplus",
    "value overflows for large x, slope for negative x",
    {VALUE: "math.log(1 + math.exp(x[0]))", SLOPE: "return 1 / (1 + math.exp(-x[0]))"},
    "Both formulas are right, and each overflows on one side. With e to the power of −|x| neither does.",
)
unit.mistake_in(
    "Softplus",
    "value and slope overflow for large x",
    {VALUE: "math.log(1 + math.exp(x[0]))", SLOPE: "return math.exp(x[0]) / (1 + math.exp(x[0]))"},
    "Both formulas are right and both overflow. Write them with e to the power of −|x|, which never does.",
)

unit.mistake_in(
    "Softplus",
    "e to the power of −x on both sides",
    {VALUE: "max(x[0], 0.0) + math.log1p(math.exp(-x[0]))"},
    "For x < 0, −x is positive: the form ln(1 + e⁻ˣ) belongs to x > 0. With −|x| it is right on both sides.",
)
unit.mistake_in(
    "Softplus",
    "straight beyond 20",
    {VALUE: "x[0] if x[0] > 20 else math.log1p(math.exp(x[0]))"},
    "At 20 the difference from x is still 2e-9, far more than a float's last digit: go straight beyond 40.",
)
unit.mistake_in(
    "Softplus",
    "slope 1 beyond 20",
    {SLOPE: "return 1.0 if x[0] > 20 else 0.0 if x[0] < -700 else 1 / (1 + math.exp(-x[0]))"},
    "At 20 the slope is still 2e-9 below 1. With e to the power of −|x| no threshold is needed.",
)
unit.mistake_in(
    "Softplus",
    "0 below -20",
    {VALUE: "0.0 if x[0] < -20 else " + VALUE},
    "ln(1 + eˣ) is small there, but not 0: it is about eˣ.",
)
unit.mistake_in(
    "Softplus",
    "e to the power of −|x| on both sides",
    {SLOPE: "return 1.0 / (1.0 + e)"},
    "1/(1 + e) is the slope for x ≥ 0. For x < 0 it is e/(1 + e).",
)
unit.mistake_in(
    "Softplus",
    "exponent clipped in the slope too early",
    {SLOPE: "return 1 / (1 + math.exp(-max(min(x[0], 30.0), -30.0)))"},
    "Clipping at 30 changes the slope there by 1e-13: use e to the power of −|x|, which needs no clipping.",
)
for step in (1e-5, 1e-6):
    unit.mistake_in(
        "Softplus",
        f"slope found by nudging, with a step of {step:g}",
        {SLOPE: f"return (self.compute([x[0] + {step}]) - self.compute([x[0] - {step}])) / (2 * {step})"},
        "A difference of two values has only some ten right digits: differentiate ln(1 + eˣ) with pencil and paper.",
    )


def with_numpy():
    @unit.alternative("logaddexp")
    class Softplus(Operation):
        import numpy as np

        def compute(self, x):
            return self.np.logaddexp(0, x[0])

        def partial_derivative(self, x, i):
            return self.np.exp(-self.np.logaddexp(0, -x[0]))


def with_branches():
    @unit.alternative("a branch for each side, without the base class")
    class Softplus:
        def compute(self, x):
            (x,) = x
            return x + math.log(1 + math.exp(-x)) if x > 0 else math.log(1 + math.exp(x))

        def partial_derivative(self, x, i):
            if x[i] > 0:
                return 1 / (1 + math.exp(-x[i]))
            return math.exp(x[i]) / (1 + math.exp(x[i]))


def with_thresholds():
    @unit.alternative("straight beyond 40, and the slope by tanh")
    class Softplus(Operation):
        def compute(self, x):
            return x[0] if x[0] > 40 else math.log1p(math.exp(x[0]))

        def partial_derivative(self, x, i):
            return (1 + math.tanh(x[0] / 2)) / 2


with_numpy(), with_branches(), with_thresholds()
