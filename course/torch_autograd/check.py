"""The tasks of unit 7. Inputs are drawn so that no known slip goes unseen; all tensors are in float64."""

from functools import partial

import numpy as np

from course.check import Unit
from course.check.extremes import is_single, magnified, unlikely_for
from course.check.originals import Originals
from course.check.parts import away_from_zero, first, second

unit = Unit("torch_autograd")


torch = Originals(
    "torch.tensor", "torch.exp", "torch.autograd.Function", "torch.autograd.Function.apply", "torch.autograd.grad"
)


def tensor(array, torch=torch):
    """A new tensor with the numbers of an array; parts call it, so that no two share a tensor."""
    return torch.tensor(np.asarray(array))


def sloped(rng, torch=torch):
    """An operation that returns its input. A nudge finds the slope 1, but autograd finds a slope that is drawn.

    The operation is no constant for autograd, since a constant could be played back to an answer that nudges. Tasks
    took this function before any answer ran, so that no replacement of it is told the slope.
    """
    slope = float(rng.uniform(1.5, 2.5))

    class Operation(torch.Function):  # type: ignore[name-defined]
        generate_vmap_rule = True  # with this, ``setup_context`` and ``jvp``, torch.func can use it too

        @staticmethod
        def forward(x):
            return x * 1

        @staticmethod
        def setup_context(ctx, inputs, output):
            """It keeps nothing."""

        @staticmethod
        def backward(ctx, upstream):
            return slope * upstream

        @staticmethod
        def jvp(ctx, tangent):
            return slope * tangent

    return partial(torch.apply.__func__, Operation)


@unit.task(points=2)
def value_and_gradients(answer, rng, sloped=sloped):
    x, y, z = rng.uniform(1.1, 1.9), -rng.uniform(3.1, 3.9), rng.uniform(5.1, 5.9)
    W, h = rng.uniform(0.5, 1.5, size=(2, 3)), rng.uniform(0.5, 1.5, size=3)
    used, unused = rng.uniform(0.5, 1.5, size=4), rng.uniform(0.5, 1.5, size=(2, 2))
    whole, small = rng.integers(2, 9, size=5), rng.uniform(1, 2, size=3)

    operation = sloped(rng)

    def held(*tensors):
        """A number for which a nudge finds another slope than autograd does."""
        return sum(operation(given).sum() for given in tensors)

    def staged(x, y, z):
        return (x + y) * z + held(x, y, z) / 2

    def layer(W, h):
        return ((W @ h) ** 2).sum() + held(W, h)

    def polynomial(x):
        return (x**2 + 2 * x).sum() + held(x)

    return {
        "the value of (x + y)·z": lambda: first(answer.value_and_gradients(lambda x, y, z: (x + y) * z, x, y, z)),
        "the gradients of (x + y)·z": lambda: second(answer.value_and_gradients(staged, x, y, z)),
        "a matrix and a vector": lambda: answer.value_and_gradients(layer, W.copy(), h.copy()),
        "whole numbers": lambda: answer.value_and_gradients(polynomial, whole.copy()),
        "a point that f does not use": lambda: answer.value_and_gradients(
            lambda a, b: polynomial(a), used.copy(), unused.copy()
        ),
        "beside large numbers": lambda: answer.value_and_gradients(lambda a: polynomial((a + 1e9) - 1e9), small.copy()),
    }


@unit.task(points=2)
def softmax_cross_entropy(answer, rng):
    def example(n, m, spread=False):
        """W, h and a label; the logits lie apart, and the label is not the largest of them."""
        W, h = away_from_zero(rng, n, m), away_from_zero(rng, m)
        logits = rng.permutation(np.linspace(-1, 1.5, n))
        W += np.outer(logits - W @ h, h) / (h @ h)
        label = np.eye(n)[np.argsort(logits)[n // 2]]
        if spread:
            label = rng.permutation(np.arange(1.0, n + 1))
            label /= label.sum()
        return W, h, label

    small, large, square, soft = example(3, 4), example(10, 20), example(4, 4), example(5, 3, spread=True)
    faint = example(4, 3)
    unlikely = int(np.argmin(faint[2]))

    def on(given):
        return answer.softmax_cross_entropy(*map(tensor, given))

    def and_unlikely(*found):
        """What was found, and the gradient by the weights of a class so unlikely that no nudge of them, or of its
        logit, changes the loss."""
        W, h, label = faint
        usual = second(on(faint))
        score, unit = unlikely_for(usual), 1.0 if is_single(usual) else 2.0**-40
        W, h = W / unit, h * unit
        W[unlikely] += h * (score - W[unlikely] @ h) / (h @ h)
        return [*found, magnified(second(on((W, h, label))), np.exp(score) * unit, unlikely)]

    return {
        "the loss, 3 classes": lambda: first(on(small)),
        "the gradient, 3 classes": lambda: and_unlikely(second(on(small))),
        "the loss, n = 10, m = 20": lambda: first(on(large)),
        "the gradient, n = 10, m = 20": lambda: and_unlikely(second(on(large))),
        "a square W": lambda: and_unlikely(*on(square)),
        "a label that is spread over the classes": lambda: and_unlikely(*on(soft)),
    }


@unit.task(points=2)
def accumulated_gradient(answer, rng, sloped=sloped):
    w, target = away_from_zero(rng, 3), rng.uniform(0.5, 1.5, size=(3, 2))
    old = rng.uniform(5, 6, size=3)

    def batches(*lengths):
        """Batches of the given lengths. Later ones have larger numbers."""
        return [rng.uniform(0.5 + i, 1 + i, size=(length, 3)) for i, length in enumerate(lengths)]

    equal, different, single, more = batches(3, 3, 3), batches(4, 1, 2), batches(5), batches(2, 1)

    held = sloped(rng)

    def loss(w, batch):
        return ((batch @ w - 1) ** 2).mean() + held(w).sum()

    def leaf(array):
        return tensor(array).requires_grad_()

    def on(given, weights=w, before=None):
        weights = leaf(weights)
        weights.grad = None if before is None else tensor(before)
        return answer.accumulated_gradient(loss, weights, list(map(tensor, given)))

    def two_calls():
        weights = leaf(w)
        first = answer.accumulated_gradient(loss, weights, list(map(tensor, different)))
        second = answer.accumulated_gradient(loss, weights, list(map(tensor, more)))
        return [first, second, weights]

    return {
        "three batches of one length": lambda: on(equal),
        "batches of different lengths": lambda: on(different),
        "a single batch": lambda: on(single),
        "a matrix of weights": lambda: on(different, target),
        "an old gradient in w.grad": lambda: on(different, before=old),
        "two calls, both results and w": two_calls,
    }


@unit.task(points=2)
def descend(answer, rng, sloped=sloped):
    start, table = rng.uniform(1.5, 2, size=3), rng.uniform(1.5, 2, size=(2, 3))
    bowl, rate = rng.uniform(1, 2, size=3), rng.uniform(0.05, 0.1)

    held = sloped(rng)

    def loss(w):
        return (tensor(bowl) * w**2).sum() + (w**4).sum() / 20 + held(w).sum()

    def on(steps, given=start, rate=rate):
        return answer.descend(loss, tensor(given), rate, steps)

    def no_graph():
        w, losses = on(3)
        return [w, [str(getattr(item, "requires_grad", False)) for item in (w, *losses)]]

    def start_again():
        first = tensor(start)
        results = [answer.descend(loss, first, rate, 2), answer.descend(loss, first, rate / 2, 3)]
        return [first, *map(list, results)]

    return {
        "w after one step": lambda: first(on(1)),
        "w after five steps": lambda: first(on(5)),
        "the losses of five steps": lambda: second(on(5)),
        "a table of weights, another rate": lambda: list(on(3, table, rate / 3)),
        "no step at all": lambda: list(on(0)),
        "w and losses keep no graph": no_graph,
        "start is left as it was": start_again,
    }


@unit.task(points=2, answers=("Swish",))
def swish(answer, rng, torch=torch):
    x, table = away_from_zero(rng, 4), away_from_zero(rng, 2, 3)
    weights, other = rng.uniform(2, 3, size=(2, 3)), rng.uniform(2, 3, size=4)
    beta, gamma = rng.uniform(1.2, 1.4), rng.uniform(0.6, 0.8)
    steep = 2.0**100  # with this factor in β any usual step of x is far too long, a complex one too

    def leaf(array):
        return tensor(array).requires_grad_()

    def by(array, f):
        given = leaf(array)
        return torch.grad(f(given).sum(), given, allow_unused=True)[0]

    def slope(array, f):
        """The gradient, and that of a steep Swish at accordingly small numbers; each has a tolerance of its own."""
        at_small = by(array / steep, lambda v: answer.Swish.apply(v, beta * steep))
        return {"usual": by(array, f), "steep": at_small}

    def nested(v):
        return torch.exp(answer.Swish.apply(answer.Swish.apply(v, beta) * tensor(other), gamma) / 4)

    def two_at_once(v):
        first, second = answer.Swish.apply(v, beta), answer.Swish.apply(2 * v, gamma)
        return first * tensor(other) + second

    return {
        "forward": lambda: answer.Swish.apply(leaf(table), beta),
        "forward, β = 1": lambda: answer.Swish.apply(leaf(x), 1.0),
        "backward of the sum": lambda: slope(table, lambda v: answer.Swish.apply(v, beta)),
        "backward with β = 1": lambda: slope(x, lambda v: answer.Swish.apply(v, 1.0)),
        "an operation after it": lambda: slope(table, lambda v: tensor(weights) * answer.Swish.apply(v, beta)),
        "Swish of Swish": lambda: slope(x, nested),
        "two in one graph": lambda: slope(x, two_at_once),
    }


del torch, sloped  # an answer cannot replace what has no name in this module
