"""Answers that nudge, for every task that asks for a formula. Values are correct; only gradients are nudged."""

import itertools
from typing import Any

import numpy as np
from nudging import exp, log

from course.custom_graph.operations import ConstantOperation, Operation


def positive(z):
    """Which numbers, of any kind, are above 0."""
    return np.asarray(np.real(z) > 0, dtype=bool)


def relu(z):
    return np.where(positive(z), z, 0 * z)


def softplus(z):
    return relu(z) + log(1 + exp(np.where(positive(z), -z, z)))


def log_sum_exp(logits):
    """Over the last axis, in a form that never overflows."""
    top = np.take_along_axis(logits, np.argmax(np.asarray(np.real(logits), dtype=float), axis=-1)[..., None], -1)
    top = top.real if top.dtype == complex else top
    return log(exp(logits - top).sum(axis=-1)) + top[..., 0]


def of_rows(logits, labels):
    """The softmax cross-entropy of each row."""
    return log_sum_exp(logits) - logits[np.arange(len(labels)), labels]


def signs(labels):
    """-t for labels 1 and 0, as plain whole numbers, by which every kind of number can be multiplied."""
    return np.array([1 - 2 * int(label) for label in np.ravel(labels)], dtype=object)


def plain(number):
    """A number as Python's own float."""
    return float(np.real(number))


# --- one entry after the other ---------------------------------------------------------------------


def of_loss(loss):
    """An answer of (w, X, labels) that returns a mean loss of scores and its gradient with respect to w."""

    def make(way):
        def answer(w, X, labels):
            X = way.numbers(X)

            def f(v):
                return loss(X @ v, signs(labels)).sum() / len(labels)

            return plain(f(way.numbers(w))), way.each(f, w)

        return answer

    return make


def hinge(scores, t):
    return relu(1 + t * scores)


def log_loss(scores, t):
    return softplus(t * scores)


def staged(way):
    def answer(x, y, z):
        def f(v):
            return (v[0] + v[1]) * (v[0] * v[2])

        return (x + y) * (x * z), way.each(f, [x, y, z])

    return answer


def neuron(way):
    def answer(w, x, label=1):
        a, b = way.numbers(x)

        def f(v):
            return softplus((1 - 2 * int(label)) * (v[0] * a + v[1] * b + v[2]))

        return plain(f(way.numbers(w))), way.each(f, w)

    return answer


def symbolic(way):
    def answer(expression, variables):
        import sympy

        compute = sympy.lambdify(variables, expression, "mpmath" if way.kind == "mpf" else "numpy")
        return lambda point: way.each(lambda v: compute(*v), point)

    return answer


def operation(f, base: Any = Operation):
    """A class of an operation of unit 3 that nudges f(x, constant) for its slopes."""

    def make(way):
        class Nudged(base):
            __slots__ = ()

            def compute(self, x):
                return plain(f(np.array(x), getattr(self, "constant", None)))

            def partial_derivative(self, x, i):
                constant = way.numbers(getattr(self, "constant", 0.0))
                return way.each(lambda v: f(v, constant), np.array(x, dtype=object))[i]

        return Nudged

    return make


def on_graph(way):
    def backward_through(order):
        def last(n, value):
            found = {id(node): node.value for node in order[:n]} | {id(order[n]): value}
            for node in order[n + 1 :]:
                found[id(node)] = node.value
                if node.operation is not None:
                    found[id(node)] = node.operation.compute([found[id(before)] for before in node.inputs])
            return found[id(order[-1])]

        for n, node in enumerate(order):
            node.gradient = plain(way.each(lambda v, n=n: last(n, v[0]), [node.value])[0])

    return backward_through


def by_upstream(f):
    """A rule (g, y, x, …) that nudges the sum of g times f(x, …)."""

    def make(way):
        def rule(g, y, x, *rest, **settings):
            g, others = way.numbers(g), [way.numbers(array) for array in rest]
            return way.each(lambda v: (g * f(v, *others, **settings)).sum(), x)

        return rule

    return make


def reshaped(way):
    return lambda g, shape: way.each(lambda x: (way.numbers(g) * x).sum(), np.ones(shape))


def by_right(way):
    return lambda g, Y, A, B: by_upstream(lambda v, A: A @ v)(way)(g, Y, B, A)


def of_logits(way):
    def answer(logits, labels):
        def f(v):
            return of_rows(v, labels).sum() / len(labels)

        return plain(f(way.numbers(logits))), way.each(f, logits)

    return answer


def layers(way):
    def answer(parameters, X, labels):
        parameters, X = [way.numbers(array) for array in parameters], way.numbers(X)

        def f(given):
            W1, b1, W2, b2, W3, b3 = given
            return of_rows(relu(relu(X @ W1 + b1) @ W2 + b2) @ W3 + b3, labels).sum() / len(labels)

        def by(i):
            return way.each(lambda v: f([*parameters[:i], v, *parameters[i + 1 :]]), parameters[i])

        return plain(f(parameters)), [by(i) for i in range(6)]

    return answer


def tape_loss(way):
    def answer(w, b, X, labels):
        def f(v, c):
            return log_loss(way.numbers(X) @ v[0] + c, signs(labels)).sum() / len(labels)

        b, w = way.numbers(b), way.numbers(w)
        return plain(f(w, b)), way.each(lambda v: f(v, b), w), way.each(lambda c: f(w, c), b)

    return answer


def repaired(way):
    def answer(w, X, y):
        X, y = way.numbers(X), way.numbers(y)
        return way.each(lambda v: log(1 + ((X @ v - y) ** 2).sum() / len(y)), w)

    return answer


def scores_alone(way):
    def answer(scores, labels):
        def f(v):
            return log_loss(v, signs(labels)).sum() / len(labels)

        return plain(f(way.numbers(scores))), way.each(f, scores)

    return answer


def two_weights(way):
    """dh2 and dh1 by nudging scores and hidden units, dW2 and dW1 from those: only one nudge for each unit."""

    def backward(W2, x, label, z1, p):
        W, k, h1 = way.numbers(W2), int(np.argmax(label)), log(z1 / (1 - z1))

        def f(scores):
            return log_sum_exp(scores) - scores[k]

        dh2 = way.each(f, W2 @ z1)
        dh1 = way.each(lambda v: f(W @ (1 / (1 + exp(-v)))), h1)
        return dh2, np.outer(dh2, z1), dh1, np.outer(dh1, x)

    return backward


def torch_neurons(way):
    def answer(W, h, label):
        import torch

        h, label = way.numbers(h.numpy()), way.numbers(label.numpy())

        def f(v):
            return log_sum_exp(v @ h) - label @ (v @ h)

        return torch.tensor(plain(f(way.numbers(W.numpy())))), torch.tensor(way.each(f, W.numpy()))

    return answer


def swish(way):
    import torch

    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, beta):
            ctx.save_for_backward(x)
            ctx.beta = beta
            return x * torch.sigmoid(beta * x)

        @staticmethod
        def backward(ctx, upstream):
            x, beta = way.numbers(ctx.saved_tensors[0].numpy()), way.numbers(ctx.beta)
            slopes = way.along(lambda t: (x + t) / (1 + exp(-beta * (x + t))))
            return upstream * torch.tensor(slopes), None

    return Swish


# --- many entries at once ---------------------------------------------------------------------------


def of_loss_at_once(loss):
    """All weights at once: a step of weight i moves the score of each example by the step times its input i."""

    def make(way):
        def answer(w, X, labels):
            t, scores, moved = signs(labels)[:, None], way.numbers(X @ w)[:, None], way.numbers(X)
            t = t if way.kind in ("Fraction", "Decimal", "mpf") else t.astype(float)
            value = loss(np.asarray(X @ w, dtype=float), t[:, 0].astype(float)).mean()
            return value, way.along(lambda h: loss(scores + h * moved, t).sum(axis=0) / len(t))

        return answer

    return make


def tape_loss_at_once(way):
    def answer(w, b, X, labels):
        columns = np.column_stack([X, np.ones(len(X))])
        value, slopes = of_loss_at_once(log_loss)(way)(np.append(w[0], b), columns, labels)
        return value, slopes[None, :-1], slopes[-1]

    return answer


def repaired_at_once(way):
    def answer(w, X, y):
        rest, moved = way.numbers(X @ w - y)[:, None], way.numbers(X)
        return way.along(lambda h: log(1 + ((rest + h * moved) ** 2).sum(axis=0) / len(y)))

    return answer


def scores_at_once(way):
    def answer(scores, labels):
        z, t = way.numbers(scores), way.numbers(1 - 2 * np.asarray(labels, dtype=int))
        return plain(softplus(t * z).sum() / len(z)), way.along(lambda h: softplus(t * (z + h)) / len(z))

    return answer


def logits_at_once(way):
    """A column at once, since no row's loss depends on another row."""

    def answer(logits, labels):
        z, N = way.numbers(logits), len(labels)
        value = plain(of_rows(z, labels).sum() / N)
        steps = np.eye(z.shape[1], dtype=int)
        return value, np.stack([way.along(lambda h, e=e: of_rows(z + h * e, labels) / N) for e in steps], axis=1)

    return answer


def left_at_once(way):
    """A column of A at once, since no row of A @ B depends on another row."""

    def rule(g, Y, A, B):
        g, A, B = map(way.numbers, (g, A, B))
        Y = A @ B
        rows = [B[..., k, None, :] for k in range(A.shape[-1])]
        return np.stack([way.along(lambda h, row=row: (g * (Y + h * row)).sum(axis=-1)) for row in rows], axis=-1)

    return rule


def right_at_once(way):
    def rule(g, Y, A, B):
        g, A, B = (np.swapaxes(array, -1, -2) for array in (g, A, B))
        return np.swapaxes(left_at_once(way)(g, None, B, A), -1, -2)

    return rule


def reduced_at_once(reduce):
    """One place along the axes that are added up at once, since no sum depends on another sum's numbers."""

    def make(way):
        def rule(g, y, x, axis=None, keepdims=False):
            axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % x.ndim)
            g, v = way.numbers(np.reshape(g, [1 if i in axes else n for i, n in enumerate(x.shape)])), way.numbers(x)
            found = np.zeros(x.shape)
            for place in itertools.product(*(range(x.shape[i]) for i in axes)):
                at = tuple(
                    slice(place[axes.index(i)], place[axes.index(i)] + 1) if i in axes else slice(None)
                    for i in range(x.ndim)
                )

                def f(h, at=at):
                    moved = v.copy()
                    moved[at] = moved[at] + h
                    return g * reduce(moved, axis=axes, keepdims=True)

                found[at] = way.along(f)
            return found

        return rule

    return make


def product_along(way):
    def answer(a, da, b, db):
        a, b = (np.reshape(v, np.shape(v) + (1,) * (np.ndim(da) - np.ndim(v))) for v in (a, b))
        a, da, b, db = map(way.numbers, (a, da, b, db))
        return way.along(lambda t: (a + t * da) * (b + t * db))

    return answer


def matmul_along(way):
    def answer(a, da, b, db):
        extra = da.shape[2:]
        da, db = (np.moveaxis(d.reshape(*d.shape[:2], -1), -1, 0) for d in (da, db))
        a, da, b, db = map(way.numbers, (a, da, b, db))
        found = np.moveaxis(way.along(lambda t: (a + t * da) @ (b + t * db)), 0, -1)
        return found.reshape(*found.shape[:2], *extra)

    return answer


def softmax_along(way):
    def answer(z, dz):
        columns = np.moveaxis(dz.reshape(*z.shape, -1), -1, 0)
        z, columns = z - z.max(axis=1, keepdims=True), way.numbers(columns)
        p = exp(z) / exp(z).sum(axis=1, keepdims=True)
        z = way.numbers(z)

        def f(t):
            raised = exp(z + t * columns)
            return raised / raised.sum(axis=-1)[..., None]

        return p, np.moveaxis(way.along(f), 0, -1).reshape(dz.shape)

    return answer


def layer_along(way):
    def answer(x, W, b):
        y = x @ W + b
        x, W, b = map(way.numbers, (x, W, b))
        by_W, by_b = np.zeros(y.shape + W.shape), np.zeros(y.shape + b.shape)
        for place in np.ndindex(W.shape):
            step = np.zeros(W.shape, dtype=int)
            step[place] = 1
            by_W[(..., *place)] = way.along(lambda t, step=step: x @ (W + t * step) + b)
        for j, step in enumerate(np.eye(len(b), dtype=int)):
            by_b[..., j] = way.along(lambda t, step=step: x @ W + (b + t * step))
        return y, by_W, by_b

    return answer


def step_along(way):
    def answer(parameters, p, derivatives, labels, learning_rate):
        labels, loss = np.asarray(labels), -np.mean(np.log(np.where(labels == 1, p, 1 - p)))
        q, updated = way.numbers(p), {}
        for name, w in parameters.items():
            d = way.numbers(np.moveaxis(derivatives[name], 0, -1))

            def f(t, d=d):
                moved = q + t * d
                return -log(np.where(labels == 1, moved, 1 - moved)).sum(axis=-1) / len(labels)

            updated[name] = w - learning_rate * way.along(f)
        return loss, updated

    return answer


NUDGED = {
    ("manual_backprop", "staged_backward"): ({"staged_backward": staged}, 0.34),
    ("manual_backprop", "neuron_backward"): ({"neuron_backward": neuron}, 0.58),
    ("manual_backprop", "symbolic_gradient"): ({"symbolic_gradient": symbolic}, 0),
    ("manual_backprop", "hinge_gradient"): ({"hinge_gradient": of_loss(hinge)}, 0.47),
    ("manual_backprop", "cross_entropy_gradient"): ({"cross_entropy_gradient": of_loss(log_loss)}, 0.47),
    ("custom_graph", "operations"): (
        {
            "Multiply": operation(lambda x, c: x[0] * x[1]),
            "Exp": operation(lambda x, c: exp(x[0])),
            "Inverse": operation(lambda x, c: 1 / x[0]),
            "Scale": operation(lambda x, c: c * x[0], ConstantOperation),
            "AddConstant": operation(lambda x, c: x[0] + c, ConstantOperation),
            "Log": operation(lambda x, c: log(x[0])),
        },
        0.75,
    ),
    ("custom_graph", "backward_through"): ({"backward_through": on_graph}, 0),
    ("custom_graph", "softplus"): ({"Softplus": operation(lambda x, c: softplus(x[0]))}, 1),
    ("tensor_engine", "unbroadcast"): ({"unbroadcast": reshaped}, 0),
    ("tensor_engine", "matmul_rule"): (
        {"matmul_left": by_upstream(lambda v, B: v @ B), "matmul_right": by_right},
        0,
    ),
    ("tensor_engine", "sum_and_mean_rule"): ({"sum_rule": by_upstream(np.sum), "mean_rule": by_upstream(np.mean)}, 0),
    ("tensor_engine", "softmax_cross_entropy"): ({"softmax_cross_entropy_gradient": of_logits}, 0.58),
    ("tensor_engine", "two_hidden_layers"): ({"two_hidden_layers": layers}, 0.34),
    ("tf_tape", "vectorised_loss"): ({"vectorised_loss": tape_loss}, 0.34),
    ("tf_tape", "loss_from_logits"): ({"loss_from_logits": scores_alone}, 0.4),
    ("tf_tape", "repaired_gradient"): ({"repaired_gradient": repaired}, 0),
    ("torch_autograd", "softmax_cross_entropy"): ({"softmax_cross_entropy": torch_neurons}, 0.67),
    ("torch_autograd", "swish"): ({"Swish": swish}, 0.58),
    ("softmax_network", "backward"): ({"backward": two_weights}, 0),
}
"""For each task answers that nudge one entry after the other, and the points that the values alone earn."""

AT_ONCE = {
    ("manual_backprop", "hinge_gradient"): ({"hinge_gradient": of_loss_at_once(hinge)}, 0.47),
    ("manual_backprop", "cross_entropy_gradient"): ({"cross_entropy_gradient": of_loss_at_once(log_loss)}, 0.47),
    ("forward_mode", "product_derivative"): ({"product_derivative": product_along}, 0),
    ("forward_mode", "matmul_derivative"): ({"matmul_derivative": matmul_along}, 0),
    ("forward_mode", "softmax"): ({"softmax": softmax_along}, 0.4),
    ("forward_mode", "linear_layer"): ({"linear_layer": layer_along}, 0.67),
    ("forward_mode", "training_step"): ({"training_step": step_along}, 0.5),
    ("tensor_engine", "matmul_rule"): ({"matmul_left": left_at_once, "matmul_right": right_at_once}, 0),
    ("tensor_engine", "sum_and_mean_rule"): (
        {"sum_rule": reduced_at_once(np.sum), "mean_rule": reduced_at_once(np.mean)},
        0,
    ),
    ("tensor_engine", "softmax_cross_entropy"): ({"softmax_cross_entropy_gradient": logits_at_once}, 0.58),
    ("tf_tape", "vectorised_loss"): ({"vectorised_loss": tape_loss_at_once}, 0.34),
    ("tf_tape", "loss_from_logits"): ({"loss_from_logits": scores_at_once}, 0.4),
    ("tf_tape", "repaired_gradient"): ({"repaired_gradient": repaired_at_once}, 0),
}
"""The same of answers that nudge many entries with one call, or move along a direction."""
