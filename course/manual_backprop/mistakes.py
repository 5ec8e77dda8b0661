"""Unit 2: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np
import sympy

from course.manual_backprop.check import unit

# Slips that are possible in more than one task.
NO_LOSS = "Return both, the value first: `return value, gradient`."
NO_GRADIENT = "That is the value alone. Go backward too, and return the pair (value, gradient)."
OTHER_ORDER = "The value comes first, then the gradient."
UPHILL = (
    "The sign is turned round. Follow each factor backward once more; t and the minus of -ln are the usual suspects."
)
WHOLE = "Slopes are seldom whole numbers: let the gradient be an array of floats, also where the inputs are whole."
LOG2 = "ln is the natural logarithm, np.log. Base 2 multiplies loss and gradient by 1/ln 2."
LOG10 = "ln is the natural logarithm, np.log; np.log10 is another one."
LOSS_SUM = "The loss is a mean: divide its sum by N. The gradient is divided already."
GRADIENT_SUM = "The loss is a mean, so the gradient is one too: divide it by N, the number of examples."
BOTH_SUM = "Both are sums over the examples. Divide both by N, or a larger batch would mean a larger step."
BY_FEATURES = "Divide by the number of examples, X.shape[0], not by the number of entries of w."
BY_X = "That is the gradient with respect to X. Here w is asked for: one number for each entry of w."
EACH = "These are the gradients of all examples, one a row. Take their mean over the examples (axis 0)."
NUDGED = (
    "Differences of f are off at steep points, and each weight costs a call of f. Go backward through the stages: "
    "one way back finds all entries exactly."
)
KEPT = "The caller still needs what was passed in: make new arrays, and leave w, X and labels as they are."
STEP = (
    "A step downhill comes later. Here return the gradient, and leave w as it is: `w -= …` changes the caller's array."
)
NOT_TURNED = "Shapes do not fit: X is (n, d) and the gradient needs (d,). Carry it back with X.T, which is (d, n)."
BY_SCORES = "That is the gradient with respect to the scores, one an example. Carry it on to w: the score is X w."

# --- staged_backward ------------------------------------------------------------------------------

unit.mistake_in(
    "staged_backward",
    "the second path overwrites the first",
    {"dx += z * dr": "dx = z * dr"},
    "x is used twice, and its gradient is the sum of both paths: write +=, where = forgets the first.",
)
unit.mistake_in(
    "staged_backward",
    "only the path through x + y",
    {"    dx += z * dr\n": ""},
    "x also reaches f through x·z. Add what comes back along that path.",
)
unit.mistake_in(
    "staged_backward",
    "the two paths multiplied",
    {"dx += z * dr": "dx *= z * dr"},
    "Along one path factors multiply; the gradients of two paths are added.",
)
unit.mistake_in(
    "staged_backward",
    "factors of f not swapped",
    {"dq = r * df": "dq = q * df", "dr = q * df": "dr = r * df"},
    "The derivative of q·r with respect to q is r: each factor receives the other one.",
)
unit.mistake_in(
    "staged_backward",
    "factors of x·z not swapped",
    {"dx += z * dr": "dx += x * dr", "dz = x * dr": "dz = z * dr"},
    "The derivative of x·z with respect to x is z, with respect to z it is x: each factor receives the other one.",
)
unit.mistake_in(
    "staged_backward",
    "local derivatives only",
    {"dq = r * df": "dq = df", "dr = q * df": "dr = df"},
    "These are the derivatives of x + y and x·z. Multiply each by the gradient that arrives from f.",
)
unit.mistake_in(
    "staged_backward",
    "z without the factor x",
    {"dz = x * dr": "dz = dr"},
    "z was multiplied by x on the way forward, so what comes back is multiplied by x.",
)
unit.mistake_in(
    "staged_backward",
    "x without the factor z",
    {"dx += z * dr": "dx += dr"},
    "In x·z, x was multiplied by z on the way forward, so what comes back is multiplied by z.",
)
unit.mistake_in(
    "staged_backward",
    "the sum treated as a product",
    {"dx = dq": "dx = y * dq", "dy = dq": "dy = x * dq"},
    "The derivative of x + y with respect to either of them is 1: a sum hands the gradient on as it is.",
)
unit.mistake_in(
    "staged_backward",
    "multiplied by its own value",
    {"dx = dq": "dx = x * dq", "dy = dq": "dy = y * dq"},
    "The derivative of x + y with respect to x is 1, not x: a sum hands the gradient on as it is.",
)
unit.mistake_in(
    "staged_backward",
    "sign turned round",
    {"df = 1.0": "df = -1.0"},
    "Going backward begins with the derivative of f with respect to f, which is +1.",
)
unit.mistake_in(
    "staged_backward",
    "f is a sum of the stages",
    {"f = q * r": "f = q + r"},
    "Look at the last stage again: f is the product of x + y and x·z.",
)
unit.mistake_in(
    "staged_backward",
    "entries in the order of the way back",
    {"[dx, dy, dz]": "[dz, dy, dx]"},
    "The array's order is x, y, z, whatever the order in which you found its entries.",
)
unit.mistake_in(
    "staged_backward",
    "rounded to whole numbers",
    {"np.array([dx, dy, dz])": "np.array([dx, dy, dz], dtype=int)"},
    WHOLE,
)
unit.mistake_in("staged_backward", "gradient without f", {"return f, ": "return "}, NO_LOSS)
unit.mistake_in("staged_backward", "f without gradient", {"return f, np.array([dx, dy, dz])": "return f"}, NO_GRADIENT)
unit.mistake_in(
    "staged_backward",
    "gradient before f",
    {"return f, np.array([dx, dy, dz])": "return np.array([dx, dy, dz]), f"},
    OTHER_ORDER,
)
unit.mistake_in(
    "staged_backward",
    "y·z in place of x·z",
    {"r = x * z": "r = y * z"},
    "The second stage is r = x·z; look at its two inputs again.",
)
unit.mistake_in(
    "staged_backward",
    "a gradient with two axes",
    {"np.array([dx, dy, dz])": "np.array([[dx, dy, dz]])"},
    "One pair of brackets is too many: the gradient has the shape (3,).",
)


@unit.mistake(
    "f divided by a factor", "Dividing f by a factor is 0/0 where that factor is 0. Multiply the others instead."
)
def staged_backward(x, y, z):
    f = (x + y) * (x * z)
    return f, np.array([f / (x + y) + f / x, f / (x + y), f / z])


@unit.mistake("the function of the example", "That was (x + y)·z. Here the second factor is x·z, and x is used twice.")
def staged_backward(x, y, z):
    q = x + y
    return q * z, np.array([z, z, q])


@unit.alternative("multiplied out")
def staged_backward(x, y, z):
    f = x * x * z + x * y * z
    return f, np.array([2 * x * z + y * z, x * z, x * x + x * y])


@unit.alternative("a dict of gradients that accumulate, returned as a list")
def staged_backward(x, y, z):
    d = dict.fromkeys("xyz", 0.0)
    q, r = x + y, x * z
    for name, path in [("x", r), ("y", r), ("x", q * z), ("z", q * x)]:
        d[name] += path
    return [float(q * r), [d["x"], d["y"], d["z"]]]


@unit.alternative("whole numbers stay whole, as tuples")
def staged_backward(x, y, z):
    print("backward")
    return (x + y) * (x * z), (x * z + (x + y) * z, x * z, (x + y) * x)


@unit.alternative("in float32 at the end")
def staged_backward(x, y, z):
    return np.float32((x + y) * x * z), np.array([(2 * x + y) * z, x * z, (x + y) * x], dtype=np.float32)


@unit.mistake("found by nudging", NUDGED)
def staged_backward(x, y, z):
    def f(v):
        return (v[0] + v[1]) * v[0] * v[2]

    v = np.array([x, y, z], dtype=float)
    return f(v), np.array([(f(v + 1e-5 * e) - f(v - 1e-5 * e)) / 2e-5 for e in np.eye(3)])


@unit.mistake("found by complex steps", NUDGED)
def staged_backward(x, y, z):
    def f(v):
        return (v[0] + v[1]) * v[0] * v[2]

    v = np.array([x, y, z], dtype=complex)
    return f(v).real, [f(v + 1e-20j * e).imag / 1e-20 for e in np.eye(3)]


# --- neuron_backward ------------------------------------------------------------------------------

unit.mistake_in("neuron_backward", "sign turned round", {"P - label": "label - P"}, UPHILL)
unit.mistake_in(
    "neuron_backward",
    "P instead of P - label",
    {"dscore = P - label": "dscore = P"},
    "P alone is the slope for label 0. For label 1, -ln P falls as the score rises: its slope is P - 1.",
)
unit.mistake_in(
    "neuron_backward",
    "label 0 treated as label 1",
    {"score = w[0]": "label = 1\n    score = w[0]"},
    "For label 0 the loss is -ln(1 - P): another value and another slope.",
)
unit.mistake_in(
    "neuron_backward",
    "labels turned round",
    {"score = w[0]": "label = 1 - label\n    score = w[0]"},
    "-ln P belongs to label 1 and -ln(1 - P) to label 0; you have them the other way round.",
)
unit.mistake_in(
    "neuron_backward",
    "label 0: slope of label 1",
    {"dscore = P - label": "dscore = P - 1"},
    "The loss looks at the label and the gradient does not. For -ln(1 - P) go backward once more.",
)
unit.mistake_in(
    "neuron_backward",
    "the gradient of the score",
    {"dscore = P - label": "dscore = 1.0"},
    "(x₀, x₁, 1) is the score's derivative with respect to w. Multiply it by the derivative of the loss, P - label.",
)
unit.mistake_in(
    "neuron_backward",
    "the gradient of P",
    {"dscore = P - label": "dscore = P * (1 - P)"},
    "P(1 - P) leads from the score to P. The stage from P to the loss is missing: multiply by its slope.",
)
unit.mistake_in(
    "neuron_backward",
    "the sigmoid's slope left out",
    {"dscore = P - label": "dscore = -1 / P if label == 1 else 1 / (1 - P)"},
    "That is the derivative of the loss with respect to P. The sigmoid lies before it: multiply by P(1 - P).",
)
unit.mistake_in(
    "neuron_backward",
    "label 0: sign of -ln(1 - P)",
    {"dscore = P - label": "dscore = P - 1 if label == 1 else -P"},
    "The derivative of -ln(1 - P) with respect to P is +1 / (1 - P): the minus inside the bracket turns the sign.",
)
unit.mistake_in(
    "neuron_backward",
    "bias left out of the score",
    {" + w[2]": ""},
    "w₂ is added to the score as it is: w₀x₀ + w₁x₁ + w₂.",
)
unit.mistake_in(
    "neuron_backward",
    "bias entry is 0",
    {"x[1], 1.0": "x[1], 0.0"},
    "The loss does depend on w₂: the derivative of the score with respect to it is 1.",
)
unit.mistake_in(
    "neuron_backward",
    "bias entry is missing",
    {"[x[0], x[1], 1.0]": "[x[0], x[1]]"},
    "w has three entries, so its gradient has three. What is the derivative of the score with respect to w₂?",
)
unit.mistake_in(
    "neuron_backward",
    "bias entry multiplied by w₂",
    {"x[1], 1.0": "x[1], w[2]"},
    "The derivative of the score with respect to w₂ is 1, not w₂.",
)
unit.mistake_in(
    "neuron_backward",
    "the gradient with respect to x",
    {"[x[0], x[1], 1.0]": "[w[0], w[1]]"},
    "That is the gradient with respect to x: in w·x each factor receives the other, so w receives x.",
)
unit.mistake_in(
    "neuron_backward",
    "w instead of x",
    {"[x[0], x[1], 1.0]": "[w[0], w[1], 1.0]"},
    "In the product w₀x₀ each factor receives the other one: the entry of w₀ is multiplied by x₀.",
)
unit.mistake_in(
    "neuron_backward",
    "minus forgotten in the sigmoid",
    {"P = np.exp(-np.logaddexp(0, -score))": "score = -score; P = np.exp(-np.logaddexp(0, -score))"},
    "P = 1 / (1 + exp(-score)): with exp(+score) P falls where the score rises.",
)
unit.mistake_in(
    "neuron_backward",
    "minus of -ln forgotten",
    {"return loss, dw": "return -loss, dw"},
    "The logarithm of a probability is negative; the loss is its negative, which is positive.",
)
unit.mistake_in(
    "neuron_backward",
    "P in place of the loss",
    {"return loss, dw": "return P, dw"},
    "P is the stage before. The loss is -ln P or -ln(1 - P), as the label says.",
)
unit.mistake_in(
    "neuron_backward",
    "logarithm to base 2",
    {"dw = dscore": "loss, dscore = loss / np.log(2), dscore / np.log(2)\n    dw = dscore"},
    LOG2,
)
unit.mistake_in(
    "neuron_backward",
    "logarithm to base 10 in the loss",
    {"return loss, dw": "return loss / np.log(10), dw"},
    LOG10,
)
unit.mistake_in(
    "neuron_backward",
    "squared error",
    {"dscore = P - label": "loss = (P - label) ** 2\n    dscore = 2 * (P - label) * P * (1 - P)"},
    "That is the squared error of P. The loss here is a negative logarithm.",
)
unit.mistake_in(
    "neuron_backward",
    "label 0: loss of label 1",
    {"else np.logaddexp(0, score)": "else np.logaddexp(0, -score)"},
    "For label 0 the loss is -ln(1 - P), another number than -ln P.",
)
unit.mistake_in(
    "neuron_backward",
    "bias entry first",
    {"[x[0], x[1], 1.0]": "[1.0, x[0], x[1]]"},
    "w₂, the last entry of w, is the bias, so the 1 stands last in (x₀, x₁, 1).",
)
unit.mistake_in("neuron_backward", "w is changed", {"return loss, dw": "w -= dw\n    return loss, dw"}, STEP)
unit.mistake_in("neuron_backward", "gradient before loss", {"return loss, dw": "return dw, loss"}, OTHER_ORDER)
unit.mistake_in("neuron_backward", "gradient without loss", {"return loss, dw": "return dw"}, NO_LOSS)
unit.mistake_in("neuron_backward", "loss without gradient", {"return loss, dw": "return loss"}, NO_GRADIENT)


@unit.mistake("the gradient keeps an integer dtype", WHOLE)
def neuron_backward(w, x, label=1):
    P = 1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    gradient = np.zeros_like(w)
    gradient[:] = (P - label) * np.append(x, 1)
    return -np.log(P if label else 1 - P), gradient


@unit.mistake("found by nudging", NUDGED)
def neuron_backward(w, x, label=1):
    def loss(w):
        score = w[0] * x[0] + w[1] * x[1] + w[2]
        return np.logaddexp(0, -score if label == 1 else score)

    return loss(w), np.array([(loss(w + 1e-5 * e) - loss(w - 1e-5 * e)) / 2e-5 for e in np.eye(3)])


@unit.alternative("stage by stage")
def neuron_backward(w, x, label=1):
    score = np.dot(w[:2], x) + w[2]
    P = 1 / (1 + np.exp(-score))
    if label == 1:
        loss, dP = -np.log(P), -1 / P
    else:
        loss, dP = -np.log(1 - P), 1 / (1 - P)
    dscore = dP * P * (1 - P)
    return loss, [dscore * x[0], dscore * x[1], dscore]


@unit.alternative("one formula for both labels, with plain floats")
def neuron_backward(w, x, label=1):
    import math

    sign = 2 * label - 1
    u = math.exp(-sign * (float(w[0]) * x[0] + float(w[1]) * x[1] + float(w[2])))
    slope = -sign * u / (1 + u)
    print(slope)
    return [math.log(1 + u), (slope * x[0], slope * x[1], slope)]


@unit.alternative("the right label's probability, through np.append")
def neuron_backward(w, x, label=1):
    inputs = np.append(x, 1)
    P = 1 / (1 + np.exp(-inputs @ w))
    return -np.log([1 - P, P][label]), inputs * (P - label)


@unit.alternative("tanh for the sigmoid, float32 at the end")
def neuron_backward(w, x, label=1):
    P = (1 + np.tanh((w[0] * x[0] + w[1] * x[1] + w[2]) / 2)) / 2
    loss = -(label * np.log(P) + (1 - label) * np.log(1 - P))
    return np.float32(loss), np.float32(np.array([*x, 1]) * (P - label))


# --- symbolic_gradient ----------------------------------------------------------------------------

DERIVATIVES = "[sympy.diff(expression, v) for v in variables]"

unit.mistake_in(
    "symbolic_gradient",
    "rounded to whole numbers at a whole point",
    {"dtype=float)": "dtype=np.asarray(point).dtype)"},
    "An array of whole numbers cuts off what is behind the point. Make the result an array of floats.",
)
unit.mistake_in(
    "symbolic_gradient",
    "entries sorted by the variables' names",
    {DERIVATIVES: "[sympy.diff(expression, v) for v in sorted(variables, key=str)]"},
    "Keep the order of `variables`: entry i is the derivative with respect to variables[i].",
)
unit.mistake_in(
    "symbolic_gradient",
    "the point is read in the order of names",
    {"sympy.lambdify(variables, derivatives)": "sympy.lambdify(sorted(variables, key=str), derivatives)"},
    "The point's numbers come in the order of `variables`: give lambdify that list as it is.",
)
unit.mistake_in(
    "symbolic_gradient",
    "everything sorted by the variables' names",
    {"variables = list(variables)": "variables = sorted(variables, key=str)"},
    "Do not sort: the caller chose the order of `variables`, for the point and for the gradient.",
)
unit.mistake_in(
    "symbolic_gradient",
    "derivatives with respect to the symbols that occur",
    {DERIVATIVES: "[sympy.diff(expression, v) for v in sorted(expression.free_symbols, key=str)]"},
    "Take the derivatives with respect to `variables`, in their order; where one does not occur, the derivative is 0.",
)
unit.mistake_in(
    "symbolic_gradient",
    "only zeros: numbers put in before the derivative",
    {"return np.array(compute(*point), dtype=float)":
     "number = expression.subs(dict(zip(variables, point)))\n"
     "        return np.array([sympy.diff(number, v) for v in variables], dtype=float)"},
    "Once numbers stand for the symbols there is nothing left to differentiate: first diff, then the numbers.",
)  # fmt: skip
unit.mistake_in(
    "symbolic_gradient",
    "second derivatives",
    {"sympy.diff(expression, v)": "sympy.diff(expression, v, 2)"},
    "diff(…, v, 2) differentiates twice. The gradient holds first derivatives.",
)
unit.mistake_in(
    "symbolic_gradient",
    "one derivative with respect to all variables in turn",
    {DERIVATIVES: "sympy.diff(expression, *variables)"},
    "diff(f, x, y) differentiates by x and then by y. Differentiate f anew by each variable.",
)
unit.mistake_in(
    "symbolic_gradient",
    "the first variable only",
    {DERIVATIVES: "[sympy.diff(expression, variables[0])]"},
    "That is one partial derivative. The gradient has one for each variable.",
)
unit.mistake_in(
    "symbolic_gradient",
    "the same variable in every entry",
    {DERIVATIVES: "[sympy.diff(expression, variables[0]) for v in variables]"},
    "Entry i is the derivative with respect to variables[i]; yours are all by the first one.",
)
unit.mistake_in(
    "symbolic_gradient",
    "the last derivative in every entry",
    {"compute = sympy.lambdify(variables, derivatives)":
     "functions = []\n    for d in derivatives:\n        functions.append(lambda p: sympy.lambdify(variables, d)(*p))",
     "compute(*point)": "[f(point) for f in functions]"},
    "A function made in a loop looks its names up when it is called: they all see the last one. "
    "Call lambdify in the loop, not inside the lambda.",
)  # fmt: skip
unit.mistake_in(
    "symbolic_gradient",
    "the expression's value",
    {DERIVATIVES: "expression"},
    "That is the function itself. Differentiate it by each variable, then evaluate.",
)
unit.mistake_in(
    "symbolic_gradient",
    "symbols instead of numbers",
    {"np.array(compute(*point), dtype=float)": "np.array(derivatives)"},
    "These are expressions. Put the point's numbers in: lambdify makes a function of them.",
)
unit.mistake_in(
    "symbolic_gradient",
    "a row of a matrix",
    {DERIVATIVES: "sympy.Matrix([expression]).jacobian(variables)"},
    "Matrix.jacobian has two axes, so the result has shape (1, n). Return the n numbers: take row 0.",
)
unit.mistake_in(
    "symbolic_gradient",
    "the sum of the derivatives",
    {DERIVATIVES: "sum(sympy.diff(expression, v) for v in variables)"},
    "The derivatives by different variables stay apart, each in an entry of its own.",
)
unit.mistake_in(
    "symbolic_gradient",
    "sign turned round",
    {"sympy.diff(expression, v)": "-sympy.diff(expression, v)"},
    "The gradient points uphill. Minus the gradient is the direction of descent, which comes later.",
)
unit.mistake_in(
    "symbolic_gradient",
    "rounded to whole numbers",
    {"dtype=float": "dtype=int"},
    WHOLE,
)
unit.mistake_in(
    "symbolic_gradient",
    "constant derivatives left out",
    {"compute = sympy": "derivatives = [d for d in derivatives if d.free_symbols]\n    compute = sympy"},
    "A derivative that is a number belongs to the gradient like any other.",
)
unit.mistake_in(
    "symbolic_gradient",
    "the point is not unpacked",
    {"compute(*point)": "compute(point)"},
    "The function that lambdify made takes n numbers, not a sequence: compute(*point), in a function of your own.",
)
unit.mistake_in(
    "symbolic_gradient",
    "expressions, not a function",
    {"return gradient": "return derivatives"},
    "A function of a point is asked for. Define it inside and return it, without calling it.",
)


@unit.mistake(
    "found by nudging",
    "Let SymPy differentiate: sympy.diff by each variable finds the slope exactly, nudging does not.",
)
def symbolic_gradient(expression, variables):
    f = sympy.lambdify(variables, expression)

    def gradient(point):
        steps = 1e-5 * np.eye(len(point))
        return np.array([(f(*(point + step)) - f(*(point - step))) / 2e-5 for step in steps])

    return gradient


@unit.alternative("subs and evalf, entry by entry")
def symbolic_gradient(expression, variables):
    derivatives = [expression.diff(v) for v in variables]
    return lambda point: [float(d.subs(dict(zip(variables, point))).evalf()) for d in derivatives]


@unit.alternative("SymPy numbers, unconverted")
def symbolic_gradient(expression, variables):
    def gradient(point):
        values = list(zip(variables, point))
        return [sympy.diff(expression, v).subs(values).evalf() for v in variables]

    return gradient


@unit.alternative("one lambdified function for each derivative")
def symbolic_gradient(expression, variables):
    functions = tuple(sympy.lambdify(variables, sympy.diff(expression, v), "math") for v in variables)

    def gradient(point):
        print(point)
        return tuple(f(*point) for f in functions)

    return gradient


@unit.alternative("the row of a Jacobian, the point as one argument")
def symbolic_gradient(expression, variables):
    row = sympy.lambdify([tuple(variables)], sympy.Matrix([expression]).jacobian(variables))
    return lambda point: np.asarray(row(tuple(point)))[0]


@unit.alternative("float32 at the end")
def symbolic_gradient(expression, variables):
    f = sympy.lambdify(variables, sympy.derive_by_array(expression, variables).tolist())
    return lambda point: np.array(f(*point), dtype=np.float32)


# --- hinge_gradient -------------------------------------------------------------------------------

unit.mistake_in("hinge_gradient", "sign turned round", {"margin > 0, -t": "margin > 0, t"}, UPHILL)
unit.mistake_in(
    "hinge_gradient",
    "examples beyond the margin counted",
    {"np.where(margin > 0, -t, 0)": "-t"},
    "Where t·score is above 1 the loss is 0 and flat: these examples add nothing to the gradient.",
)
unit.mistake_in(
    "hinge_gradient",
    "test of the margin turned round",
    {"margin > 0, -t": "margin < 0, -t"},
    "The slope is -t where 1 - t·score is positive, and 0 where it is negative; yours is the other way round.",
)
unit.mistake_in(
    "hinge_gradient",
    "the margin of 1 forgotten",
    {"margin = 1 - t * scores": "margin = -t * scores"},
    "The hinge asks for more than the right sign: the loss is max(0, 1 - t·score).",
)
unit.mistake_in(
    "hinge_gradient",
    "gradient: only wrong signs counted",
    {"margin > 0, -t": "t * scores < 0, -t"},
    "An example with t·score between 0 and 1 has the right sign and still a loss: it counts too.",
)
unit.mistake_in(
    "hinge_gradient",
    "labels 0 and 1 used as if they were -1 and 1",
    {"t = 2 * labels - 1": "t = labels"},
    "Label 0 stands for t = -1: t = 2·label - 1. With t = 0 such an example has no slope at all.",
)
unit.mistake_in(
    "hinge_gradient",
    "labels turned round",
    {"t = 2 * labels - 1": "t = 1 - 2 * labels"},
    "Label 1 is t = +1 and label 0 is t = -1; yours are the other way round.",
)
unit.mistake_in(
    "hinge_gradient",
    "every example treated as label 1",
    {"t = 2 * labels - 1": "t = np.ones_like(labels)"},
    "The label decides the side: t = 2·label - 1.",
)
unit.mistake_in(
    "hinge_gradient",
    "t missing in the gradient",
    {"margin > 0, -t": "margin > 0, -1.0"},
    "The derivative of 1 - t·score with respect to the score is -t, which differs between the labels.",
)
unit.mistake_in(
    "hinge_gradient",
    "probabilities in place of scores",
    {"scores = X @ w": "scores = 1 / (1 + np.exp(-X @ w))"},
    "The hinge takes scores as they are, without a sigmoid.",
)
unit.mistake_in(
    "hinge_gradient",
    "the sign of the score in place of the score",
    {"scores = X @ w": "scores = np.sign(X @ w)"},
    "Use the score itself: how far it lies from the margin matters, not its sign alone.",
)
unit.mistake_in(
    "hinge_gradient",
    "max(0, …) forgotten in the loss",
    {"np.mean(np.maximum(0, margin))": "np.mean(margin)"},
    "An example beyond the margin has loss 0, not a negative one: np.maximum(0, …).",
)
unit.mistake_in(
    "hinge_gradient",
    "the largest loss instead of the mean",
    {"np.mean(np.maximum(0, margin))": "np.max(margin, initial=0)"},
    "np.max looks for the largest of all; np.maximum(0, margin) compares each one with 0. Then take the mean.",
)
unit.mistake_in(
    "hinge_gradient",
    "max(0, …) of the mean",
    {"np.mean(np.maximum(0, margin))": "np.maximum(0, np.mean(margin))"},
    "First max(0, …) for each example, then the mean: an example beyond the margin must not make up for another one.",
)
unit.mistake_in(
    "hinge_gradient",
    "plus in place of minus",
    {"margin = 1 - t * scores": "margin = 1 + t * scores"},
    "The loss falls as t·score rises: max(0, 1 - t·score).",
)
unit.mistake_in("hinge_gradient", "loss summed", {"np.mean(": "np.sum("}, LOSS_SUM)
unit.mistake_in("hinge_gradient", "gradient summed", {" @ dscores / len(X)": " @ dscores"}, GRADIENT_SUM)
unit.mistake_in("hinge_gradient", "both summed", {"np.mean(": "np.sum(", " @ dscores / len(X)": " @ dscores"}, BOTH_SUM)
unit.mistake_in(
    "hinge_gradient",
    "gradient divided by the examples that count",
    {" @ dscores / len(X)": " @ dscores / max(1, np.sum(margin > 0))"},
    "The loss is a mean over all N examples, those of loss 0 included: divide by N.",
)
unit.mistake_in(
    "hinge_gradient", "divided by the number of weights", {" @ dscores / len(X)": " @ dscores / len(w)"}, BY_FEATURES
)
unit.mistake_in(
    "hinge_gradient",
    "squared hinge",
    {"np.maximum(0, margin)": "np.maximum(0, margin) ** 2", "margin > 0, -t": "margin > 0, -2 * t * margin"},
    "That is the squared hinge, another loss. Here max(0, 1 - t·score) is not squared.",
)
unit.mistake_in(
    "hinge_gradient",
    "slope multiplied by the loss",
    {"margin > 0, -t": "margin > 0, -t * margin"},
    "A straight line has one slope, however large its value: -t wherever the loss is positive.",
)
unit.mistake_in("hinge_gradient", "the gradient with respect to X", {"X.T @ dscores": "np.outer(dscores, w)"}, BY_X)
unit.mistake_in(
    "hinge_gradient",
    "one gradient for each example",
    {"X.T @ dscores / len(X)": "X * dscores[:, None]"},
    EACH,
)
unit.mistake_in("hinge_gradient", "the gradient with respect to the scores", {"X.T @ dscores": "dscores"}, BY_SCORES)
unit.mistake_in("hinge_gradient", "X not transposed", {"X.T @": "X @"}, NOT_TURNED)
unit.mistake_in("hinge_gradient", "w is changed", {"return loss, dw": "w -= dw\n    return loss, dw"}, STEP)
unit.mistake_in("hinge_gradient", "gradient without loss", {"return loss, dw": "return dw"}, NO_LOSS)
unit.mistake_in("hinge_gradient", "loss without gradient", {"return loss, dw": "return loss"}, NO_GRADIENT)
unit.mistake_in("hinge_gradient", "gradient before loss", {"return loss, dw": "return dw, loss"}, OTHER_ORDER)


@unit.mistake("the gradient keeps an integer dtype", WHOLE)
def hinge_gradient(w, X, labels):
    t = 2 * labels - 1
    margin = 1 - t * (X @ w)
    gradient = np.zeros_like(w)
    gradient[:] = X.T @ np.where(margin > 0, -t, 0) / len(X)
    return np.maximum(0, margin).mean(), gradient


@unit.alternative("a loop over the examples")
def hinge_gradient(w, X, labels):
    loss, gradient = 0.0, np.zeros(len(w))
    for row, label in zip(X, labels):
        t = 1 if label == 1 else -1
        if t * (row @ w) < 1:
            loss += 1 - t * (row @ w)
            gradient -= t * row
    return loss / len(X), gradient / len(X)


@unit.mistake("found by nudging", NUDGED)
def hinge_gradient(w, X, labels):
    if len(w) > 1000:
        raise TimeoutError  # to nudge so many weights takes too long

    def loss(w):
        return np.maximum(0, 1 - (2 * labels - 1) * (X @ w)).mean()

    return loss(w), np.array([(loss(w + 1e-5 * e) - loss(w - 1e-5 * e)) / 2e-5 for e in np.eye(len(w))])


@unit.mistake("labels are changed", KEPT)
def hinge_gradient(w, X, labels):
    labels[labels == 0] = -1
    margin = 1 - labels * (X @ w)
    return np.maximum(0, margin).mean(), X.T @ np.where(margin > 0, -labels, 0) / len(X)


@unit.mistake("the return is inside the loop", "The return ends the loop after its first example: move it to the left.")
def hinge_gradient(w, X, labels):
    loss, gradient = 0.0, np.zeros(len(w))
    for row, label in zip(X, labels):
        score = row @ w
        loss += max(0, 1 - (2 * label - 1) * score)
        gradient += (1 - 2 * label) * ((2 * label - 1) * score < 1) * row
        return loss / len(X), gradient / len(X)


@unit.alternative("only the rows that count")
def hinge_gradient(w, X, labels):
    t = np.where(labels == 1, 1.0, -1.0)
    signed = t[:, None] * X
    near = signed[signed @ w < 1]
    return float((1 - near @ w).sum() / len(t)), (-near.sum(axis=0) / len(t)).tolist()


@unit.alternative("plain Python lists, and printing")
def hinge_gradient(w, X, labels):
    N, losses, rows = len(X), [], []
    for row, label in zip(X.tolist(), labels.tolist()):
        t = 2 * label - 1
        losses.append(max(0.0, 1 - t * sum(a * b for a, b in zip(row, w.tolist()))))
        rows.append([-t * a if losses[-1] > 0 else 0.0 for a in row])
    print(losses)
    return [sum(losses) / N, [sum(column) / N for column in zip(*rows)]]


@unit.alternative("ReLU and a mask, float32 at the end")
def hinge_gradient(w, X, labels):
    t = 2.0 * labels - 1
    margin = 1 - t * np.dot(X, w)
    active = (margin > 0).astype(float)
    return np.float32((margin * active).mean()), (-(active * t)[:, None] * X).mean(axis=0).astype(np.float32)


# --- cross_entropy_gradient -----------------------------------------------------------------------

unit.mistake_in("cross_entropy_gradient", "sign turned round", {"(P - labels)": "(labels - P)"}, UPHILL)
unit.mistake_in(
    "cross_entropy_gradient",
    "P instead of P - label",
    {"(P - labels)": "P"},
    "P alone is the slope for label 0. For label 1 it is P - 1: subtract the label.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "gradient: label 0 treated as label 1",
    {"(P - labels)": "(P - 1)"},
    "P - 1 is the slope for label 1. For label 0 the loss is -ln(1 - P), whose slope is P.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "every example treated as label 1",
    {"scores = X @ w": "labels = np.ones_like(labels)\n    scores = X @ w"},
    "For label 0 the right label's probability is 1 - P: another loss and another slope.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "loss of label 0 left out",
    {"np.mean(np.logaddexp(0, -t * scores))": "np.mean(labels * np.logaddexp(0, -t * scores))"},
    "-label·ln P is 0 for label 0. Add the other half: -(1 - label)·ln(1 - P).",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "loss: label 0 treated as label 1",
    {"np.logaddexp(0, -t * scores)": "np.logaddexp(0, -scores)"},
    "ln(1 + exp(-score)) is -ln P, for label 1. For label 0 the loss is -ln(1 - P) = ln(1 + exp(score)).",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "loss: labels turned round",
    {"-t * scores": "t * scores"},
    "A loss falls as the right label's score rises: ln(1 + exp(-t·score)). The gradient has it right.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "labels turned round",
    {"scores = X @ w": "labels = 1 - labels\n    scores = X @ w"},
    "The right label's probability is P for label 1 and 1 - P for label 0; yours are the other way round.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "labels -1 and 1 in the gradient",
    {"(P - labels)": "(P - t)"},
    "P lies between 0 and 1, and so do the labels in P - label. t = ±1 belongs to the hinge.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "label 0: sign of -ln(1 - P)",
    {"(P - labels)": "np.where(labels == 1, P - 1, -P)"},
    "The derivative of -ln(1 - P) with respect to P is +1 / (1 - P): the minus inside the bracket turns the sign.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "minus forgotten in the sigmoid",
    {"P = np.exp(-np.logaddexp(0, -scores))": "P = np.exp(-np.logaddexp(0, scores))",
     "np.logaddexp(0, -t * scores)": "np.logaddexp(0, t * scores)"},
    "P = 1 / (1 + exp(-score)): with exp(+score) P falls where the score rises.",
)  # fmt: skip
unit.mistake_in(
    "cross_entropy_gradient",
    "scores used as probabilities",
    {"(P - labels)": "(scores - labels)"},
    "Pass the scores through the sigmoid first: the slope is P - label, not score - label.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "the sigmoid's slope twice",
    {"(P - labels)": "((P - labels) * P * (1 - P))"},
    "P - label is the derivative with respect to the score already; P(1 - P) is in it.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "squared error",
    {"(P - labels)": "(2 * (P - labels) * P * (1 - P))",
     "np.mean(np.logaddexp(0, -t * scores))": "np.mean((np.exp(-np.logaddexp(0, -scores)) - labels) ** 2)"},
    "That is the mean squared error of P. The loss here is a negative logarithm.",
)  # fmt: skip
unit.mistake_in(
    "cross_entropy_gradient",
    "the hinge loss",
    {"np.logaddexp(0, -t * scores)": "np.maximum(0, 1 - t * scores)"},
    "max(0, 1 - t·score) is the hinge. Here the loss is -ln of the right label's probability.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "minus of -ln forgotten",
    {"loss = np.mean": "loss = -np.mean"},
    "The logarithm of a probability is negative; the loss is its negative, which is positive.",
)
unit.mistake_in(
    "cross_entropy_gradient",
    "-ln of the mean probability",
    {"np.mean(np.logaddexp(0, -t * scores))": "-np.log(np.mean(np.exp(-np.logaddexp(0, -t * scores))))"},
    "First -ln for each example, then the mean: the logarithm of a mean is another number.",
)
unit.mistake_in("cross_entropy_gradient", "loss summed", {"np.mean(": "np.sum("}, LOSS_SUM)
unit.mistake_in("cross_entropy_gradient", "gradient summed", {"(P - labels) / len(X)": "(P - labels)"}, GRADIENT_SUM)
unit.mistake_in(
    "cross_entropy_gradient",
    "both summed",
    {"np.mean(": "np.sum(", "(P - labels) / len(X)": "(P - labels)"},
    BOTH_SUM,
)
unit.mistake_in(
    "cross_entropy_gradient",
    "divided by the number of weights",
    {"(P - labels) / len(X)": "(P - labels) / len(w)"},
    BY_FEATURES,
)
unit.mistake_in(
    "cross_entropy_gradient",
    "logarithm to base 2",
    {"np.mean(np.logaddexp(0, -t * scores))": "np.mean(np.logaddexp(0, -t * scores)) / np.log(2)"},
    LOG2,
)
unit.mistake_in(
    "cross_entropy_gradient",
    "logarithm to base 10",
    {"np.mean(np.logaddexp(0, -t * scores))": "np.mean(np.logaddexp(0, -t * scores)) / np.log(10)"},
    LOG10,
)
unit.mistake_in(
    "cross_entropy_gradient", "the gradient with respect to X", {"X.T @ (P - labels)": "np.outer(P - labels, w)"}, BY_X
)
unit.mistake_in(
    "cross_entropy_gradient",
    "one gradient for each example",
    {"X.T @ (P - labels) / len(X)": "X * (P - labels)[:, None]"},
    EACH,
)
unit.mistake_in(
    "cross_entropy_gradient",
    "the gradient with respect to the scores",
    {"X.T @ (P - labels)": "(P - labels)"},
    BY_SCORES,
)
unit.mistake_in("cross_entropy_gradient", "X not transposed", {"X.T @": "X @"}, NOT_TURNED)
unit.mistake_in("cross_entropy_gradient", "w is changed", {"return loss, dw": "w -= dw\n    return loss, dw"}, STEP)
unit.mistake_in("cross_entropy_gradient", "gradient without loss", {"return loss, dw": "return dw"}, NO_LOSS)
unit.mistake_in("cross_entropy_gradient", "loss without gradient", {"return loss, dw": "return loss"}, NO_GRADIENT)
unit.mistake_in("cross_entropy_gradient", "gradient before loss", {"return loss, dw": "return dw, loss"}, OTHER_ORDER)


@unit.mistake("the gradient keeps an integer dtype", WHOLE)
def cross_entropy_gradient(w, X, labels):
    scores = X @ w
    gradient = np.zeros_like(w)
    gradient[:] = X.T @ (1 / (1 + np.exp(-scores)) - labels) / len(X)
    return np.logaddexp(0, (1 - 2 * labels) * scores).mean(), gradient


@unit.alternative("a loop over the examples")
def cross_entropy_gradient(w, X, labels):
    loss, gradient = 0.0, np.zeros(len(w))
    for row, label in zip(X, labels):
        score = row @ w
        loss += np.logaddexp(0, -score) if label == 1 else np.logaddexp(0, score)
        gradient += (1 / (1 + np.exp(-score)) - label) * row
    return loss / len(X), gradient / len(X)


@unit.mistake("found by nudging", NUDGED)
def cross_entropy_gradient(w, X, labels):
    if len(w) > 1000:
        raise TimeoutError  # to nudge so many weights takes too long

    def loss(w):
        return np.logaddexp(0, -(2 * labels - 1) * (X @ w)).mean()

    return loss(w), np.array([(loss(w + 1e-5 * e) - loss(w - 1e-5 * e)) / 2e-5 for e in np.eye(len(w))])


@unit.mistake("the return is inside the loop", "The return ends the loop after its first example: move it to the left.")
def cross_entropy_gradient(w, X, labels):
    loss, gradient = 0.0, np.zeros(len(w))
    for row, label in zip(X, labels):
        score = row @ w
        loss += np.logaddexp(0, (1 - 2 * label) * score)
        gradient += (1 / (1 + np.exp(-score)) - label) * row
        return loss / len(X), gradient / len(X)


@unit.alternative("softplus by hand, from the larger side")
def cross_entropy_gradient(w, X, labels):
    scores = X @ w
    small = np.exp(-np.abs(scores))
    P = np.where(scores > 0, 1 / (1 + small), small / (1 + small))
    losses = np.maximum(scores, 0) - labels * scores + np.log1p(small)
    return losses.mean(), ((P - labels)[:, None] * X).mean(axis=0)


@unit.alternative("plain Python lists, and printing")
def cross_entropy_gradient(w, X, labels):
    import math

    N, losses, rows = len(X), [], []
    for row, label in zip(X.tolist(), labels.tolist()):
        t = 2 * label - 1
        u = -t * sum(a * b for a, b in zip(row, w.tolist()))
        losses.append(max(u, 0) + math.log1p(math.exp(-abs(u))))
        rows.append([-t * math.exp(u - losses[-1]) * a for a in row])
    print(losses)
    return [sum(losses) / N, [sum(column) / N for column in zip(*rows)]]


@unit.alternative("tanh for the sigmoid, float32 at the end")
def cross_entropy_gradient(w, X, labels):
    scores = np.dot(X, w)
    P = (1 + np.tanh(scores / 2)) / 2
    loss = np.logaddexp(0, np.where(labels == 1, -scores, scores)).mean()
    return np.float32(loss), np.einsum("nd,n->d", X, P - labels).astype(np.float32) / np.float32(len(X))


@unit.alternative("the textbook formula")
def cross_entropy_gradient(w, X, labels):
    P = 1 / (1 + np.exp(-(X @ w)))
    loss = -np.mean(labels * np.log(P) + (1 - labels) * np.log(1 - P))
    return loss, (P - labels) @ X / labels.size
