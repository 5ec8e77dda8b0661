"""What earns marks although the task was not done: nudging, other units' answers, code of the checks."""

import importlib
import inspect
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from autograder.kernels.view import allowed_modules
from course import UNITS
from course.check import Expected, judge, load, observe

COMPLEX = ("complex", 1e-20)
FEW = [("central", 1e-5), COMPLEX]  # where there is no time for either
STEPS = [*FEW, *(("central", 10.0**-n) for n in (2, 4, 6, 8, 10)), ("forward", 1e-7), ("Richardson", 1e-3)]
STEEP = ("product_derivative", "matmul_derivative", "staged_backward", "neuron_backward", "loss_from_logits")


def differences(f, x, kind, h):
    """The derivative of f, whose values may be numbers or arrays, by an array, whose entries are nudged one by one."""
    x = np.array(x, dtype=complex if kind == "complex" else float)
    gradient = np.zeros((*x.shape, *np.shape(f(x))))

    def at(i, step):
        nudged = x.copy()
        nudged[i] += step
        return f(nudged)

    for i in np.ndindex(x.shape):
        if kind == "complex":
            gradient[i] = np.imag(at(i, 1j * h)) / h
        elif kind == "forward":
            gradient[i] = np.real(at(i, h) - f(x)) / h
        else:
            wide = np.real(at(i, h) - at(i, -h)) / (2 * h)
            narrow = np.real(at(i, h / 2) - at(i, -h / 2)) / h if kind == "Richardson" else wide
            gradient[i] = (4 * narrow - wide) / 3
    return gradient


def softplus(z):
    return np.where(z.real > 0, z, 0) + np.log(1 + np.exp(np.where(z.real > 0, -z, z)))


def relu(z):
    return np.where(z.real > 0, z, 0)


def cross_entropy(logits, labels):
    """Mean softmax cross-entropy of logits, real or complex, in a form that never overflows."""
    shifted = logits - logits.real.max(axis=1, keepdims=True)
    return (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]).mean()


def reduced(reduce):
    def rule(nudge):
        return lambda g, y, x, axis=None, keepdims=False: nudge(
            lambda v: (g * reduce(v, axis=axis, keepdims=keepdims)).sum(), x
        )

    return rule


def hidden_layers(nudge):
    def loss_of(parameters, X, labels):
        W1, b1, W2, b2, W3, b3 = parameters
        return cross_entropy(relu(relu(X @ W1 + b1) @ W2 + b2) @ W3 + b3, labels)

    def two_hidden_layers(parameters, X, labels):
        def by(i):
            return nudge(lambda v: loss_of([*parameters[:i], v, *parameters[i + 1 :]], X, labels), parameters[i])

        return loss_of(parameters, X, labels), [by(i) for i in range(6)]

    return two_hidden_layers


def two_weights(nudge):
    def backward(W2, x, label, z1, p):
        def by_scores(h2):
            return np.log(np.exp(h2).sum()) - label @ h2

        h1 = np.log(z1 / (1 - z1))
        return (
            nudge(by_scores, W2 @ z1),
            nudge(lambda v: by_scores(v @ z1), W2),
            nudge(lambda v: by_scores(W2 @ (1 / (1 + np.exp(-v)))), h1),
            nudge(lambda v: by_scores(W2 @ (1 / (1 + np.exp(-h1 - v @ x)))), np.zeros((len(h1), len(x)))),
        )

    return backward


def with_value(f):
    """An answer that returns a value and, by nudging, the gradient by its first argument."""
    return lambda nudge: lambda first, *rest: (np.real(f(first, *rest)), nudge(lambda v: f(v, *rest), first))


def score(w, x):
    return w[0] * x[0] + w[1] * x[1] + w[2]


def staged(nudge):
    def f(v):
        return (v[0] + v[1]) * (v[0] * v[2])

    return lambda x, y, z: (f([x, y, z]), nudge(f, np.array([x, y, z])))


def of_logits(scores, labels):
    return np.mean(softplus(scores) - np.asarray(labels) * scores)


def vectorised(nudge):
    def loss(w, b, X, labels):
        return np.mean(softplus((1 - 2 * labels) * (X @ w[0] + b)))

    return lambda w, b, X, labels: (
        loss(w, b, X, labels),
        nudge(lambda v: loss(v, b, X, labels), w),
        nudge(lambda v: loss(w, v, X, labels), b),
    )


def along(f):
    """An answer of forward mode that nudges its values along each of the directions in which they move."""

    def make(nudge):
        def derivative(a, da, b, db):
            extra = da.shape[np.ndim(a) :]
            da, db = da.reshape(*np.shape(a), -1), db.reshape(*np.shape(b), -1)
            columns = [
                nudge(lambda t, i=i: f(a + t[0] * da[..., i], b + t[0] * db[..., i]), np.zeros(1))[0]
                for i in range(da.shape[-1])
            ]
            return np.stack(columns, axis=-1).reshape(*columns[0].shape, *extra)

        return derivative

    return make


NUDGED = {
    ("forward_mode", "product_derivative"): ({"product_derivative": along(np.multiply)}, 0),
    ("forward_mode", "matmul_derivative"): ({"matmul_derivative": along(np.matmul)}, 0),
    ("manual_backprop", "staged_backward"): ({"staged_backward": staged}, 0.4),
    ("manual_backprop", "neuron_backward"): (
        {"neuron_backward": with_value(lambda w, x, label=1: softplus(np.asarray((1 - 2 * label) * score(w, x)))[()])},
        0.8,
    ),
    ("manual_backprop", "hinge_gradient"): (
        {"hinge_gradient": with_value(lambda w, X, labels: np.mean(relu(1 - (2 * labels - 1) * (X @ w))))},
        0.34,
    ),
    ("manual_backprop", "cross_entropy_gradient"): (
        {"cross_entropy_gradient": with_value(lambda w, X, labels: np.mean(softplus((1 - 2 * labels) * (X @ w))))},
        0.34,
    ),
    ("tensor_engine", "unbroadcast"): (
        {"unbroadcast": lambda nudge: lambda g, shape: nudge(lambda x: (g * x).sum(), np.ones(shape))},
        0,
    ),
    ("tensor_engine", "matmul_rule"): (
        {
            "matmul_left": lambda nudge: lambda g, Y, A, B: nudge(lambda v: (g * (v @ B)).sum(), A),
            "matmul_right": lambda nudge: lambda g, Y, A, B: nudge(lambda v: (g * (A @ v)).sum(), B),
        },
        0,
    ),
    ("tensor_engine", "sum_and_mean_rule"): ({"sum_rule": reduced(np.sum), "mean_rule": reduced(np.mean)}, 0),
    ("tensor_engine", "softmax_cross_entropy"): (
        {"softmax_cross_entropy_gradient": with_value(cross_entropy)},
        0.34,
    ),
    ("tensor_engine", "two_hidden_layers"): ({"two_hidden_layers": hidden_layers}, 0.34),
    ("tf_tape", "vectorised_loss"): ({"vectorised_loss": vectorised}, 0.34),
    ("tf_tape", "loss_from_logits"): ({"loss_from_logits": with_value(of_logits)}, 0.4),
    ("tf_tape", "repaired_gradient"): (
        {"repaired_gradient": lambda nudge: lambda w, X, y: nudge(lambda v: np.log(1 + np.mean((X @ v - y) ** 2)), w)},
        0,
    ),
    ("softmax_network", "backward"): ({"backward": two_weights}, 0),
}
"""For each task answers that nudge, and the points that the values alone earn, which are computed as they should be."""
EXACT = {("tf_tape", "loss_from_logits"), ("forward_mode", "product_derivative"), ("forward_mode", "matmul_derivative")}
"""Where a complex step is as exact as a formula, and allowed: forward mode is what it is, and 8 scores are few."""


TRIED = [
    (task, kind, h)
    for task in NUDGED
    for kind, h in (STEPS if task[1] in STEEP else FEW)
    if not (kind == "complex" and task in EXACT)
]


@pytest.mark.parametrize(("task", "kind", "h"), TRIED, ids=str)
def test_nudging_earns_the_value_alone(task, kind, h):
    unit = load(task[0])
    answers, points = NUDGED[task]
    quick = replace(unit.tasks[task[1]], seconds=0.5)  # of the minutes that it would take

    def nudge(f, x):
        with np.errstate(all="ignore"):
            return differences(f, x, kind, h)

    scope = {name: make(nudge) for name, make in answers.items()}
    verdict = judge(Expected(unit, unit.tasks[task[1]], 3), observe(quick, scope, 3))
    assert verdict.points <= points, verdict


def test_no_code_within_a_check_goes_backward():
    """The check of neuron_loss once ran its graph backward, and its code could be taken out of the function's."""
    from course.custom_graph import check

    waiting, words = [task.observe.__code__ for task in check.unit.tasks.values()], set()
    waiting += [thing.__code__ for thing in vars(check).values() if hasattr(thing, "__code__")]
    while waiting:
        code = waiting.pop()
        waiting += [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
        if "partial_derivative" in code.co_names:
            words.add(code.co_qualname)
    allowed = {name for name in words if name.startswith(("operations.", "softplus."))}
    assert words == allowed, "only the checks of operations ask for their derivatives"


def code_of(check):
    """Every function whose code a check's module holds, made runnable: what it takes from around it is left empty."""
    waiting = [thing.__code__ for thing in vars(check).values() if inspect.isfunction(thing)]
    waiting = [code for code in waiting if code.co_filename == check.__file__]
    while waiting:
        code = waiting.pop()
        inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
        waiting += inner
        inner = [one for one in inner if one.co_name == "<lambda>" or one.co_name.isidentifier()]  # no loop's inside
        made = {one.co_name: types.FunctionType(one, vars(check)) for one in inner if not one.co_freevars}
        for one in inner:
            cells = tuple(types.CellType(made.get(name)) for name in one.co_freevars)
            yield types.FunctionType(one, vars(check), closure=cells)


@pytest.mark.parametrize("unit_name", UNITS)
def test_no_code_of_a_check_is_an_answer(unit_name):
    unit = load(unit_name)
    functions = list(code_of(sys.modules[f"course.{unit_name}.check"]))
    for name, task in unit.tasks.items():
        expected = Expected(unit, task, 3)
        for function in functions:
            seen = observe(replace(task, seconds=1), dict.fromkeys(task.answers, function), 3)
            assert judge(expected, seen).points <= task.points / 4, (name, function.__qualname__)


VISIBLE = [(name, module) for name in UNITS for module in sorted(allowed_modules(name))]


@pytest.mark.parametrize(("unit_name", "module"), VISIBLE)
def test_no_module_that_may_be_imported_holds_an_answer(unit_name, module):
    home = importlib.import_module(module)
    for task in load(unit_name).tasks.values():
        for answer in task.answers:
            assert not hasattr(home, answer) or getattr(home, answer) is task.observe, f"{module} has {answer}"
