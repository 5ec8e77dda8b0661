"""The tasks of unit 7. Inputs are drawn so that no known slip goes unseen; all tensors are in float64."""

from functools import partial

import numpy as np

from course.check import Unit
from course.check.extremes import is_single, magnified, unlikely_for
from course.check.originals import Originals
from course.check.parts import afterwards, away_from_zero, first, second

unit = Unit("torch_autograd")


torch = Originals(
    "torch.tensor", "torch.exp", "torch.autograd.Function", "torch.autograd.Function.apply", "torch.autograd.grad"
)


def tensor(array, torch=torch):
    """A new tensor with the numbers of an array; parts call it, so that no two share a tensor."""
    return torch.tensor(np.asarray(array))


def sloped(rng, walked=lambda: None, torch=torch):
    """An operation that returns its input. A nudge finds the slope 1, but autograd finds a slope that is drawn.
    ``walked`` is called whenever a backward pass comes through.

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
            walked()
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
    whole, small = rng.integers(2, 9, size=5), rng.integers(1024, 2048, size=3) / 1024
    small += rng.uniform(0.3, 0.7, size=3) / 1024  # which float32 cannot hold beside 10,000
    near = (int(rng.integers(2**13, 2**14)) + rng.uniform(0.3, 0.7)) / 2**23 - x  # float32 cannot hold x + near
    listed = rng.integers(2, 9, size=(2, 2)).tolist()

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

    def gradients(f, *points):
        return second(answer.value_and_gradients(f, *points))

    return {
        "the value": lambda: first(answer.value_and_gradients(lambda x, y, z: (x + y) * z, x, near, z)),
        "the gradients of (x + y)·z": lambda: gradients(staged, x, y, z),
        "the gradients with respect to a matrix and a vector": lambda: gradients(layer, W.copy(), h.copy()),
        "whole numbers, in an array and in a list": lambda: gradients(
            lambda a, b: polynomial(a) + polynomial(b) / 2, whole.copy(), listed
        ),
        "a point that f does not use": lambda: gradients(lambda a, b: polynomial(a), used.copy(), unused.copy()),
        "beside a large number": lambda: gradients(lambda a: polynomial((a + 1e4) - 1e4), small.copy()),
    }


@unit.task(points=2, weights={"the gradient, a one-hot label": 2})
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

    hot, square, soft = example(10, 20), example(4, 4), example(5, 3, spread=True)
    faint = example(4, 3)
    W, h, label = example(3, 4)
    high = W + 1000 * h / (h @ h), h, label  # every logit is 1000 higher
    unlikely = int(np.argmin(faint[2]))

    def on(given):
        return answer.softmax_cross_entropy(*map(tensor, given))

    def on_faint(score, unit=1.0, label=faint[2]):
        """The result for weights that give one class this score. W is divided by ``unit``, and h multiplied by it."""
        W, h = faint[0] / unit, faint[1] * unit
        W[unlikely] += h * (score - W[unlikely] @ h) / (h @ h)
        return on((W, h, label))

    def loss(given):
        """The loss, and that of a class so unlikely that nothing may be added to its probability."""
        usual = first(on(given))
        of_unlikely = first(on_faint(unlikely_for(usual), label=np.eye(4)[unlikely]))
        return {"loss": usual, "loss of a very unlikely class": of_unlikely}

    def gradient(given):
        """The gradient, and that by the weights of a class so unlikely that no nudge of them, or of its logit, changes
        the loss."""
        usual = second(on(given))
        score, unit = unlikely_for(usual), 1.0 if is_single(usual) else 2.0**-40
        by_unlikely = magnified(second(on_faint(score, unit)), np.exp(score) * unit, unlikely)
        return {"gradient": usual, "gradient with respect to a very unlikely class": by_unlikely}

    return {
        "the loss, a one-hot label": lambda: loss(hot),
        "the gradient, a one-hot label": lambda: gradient(hot),
        "the gradient, a square W": lambda: gradient(square),
        "the loss, a label spread over the classes": lambda: first(on(soft)),
        "the gradient, a label spread over the classes": lambda: gradient(soft),
        "logits near 1000": lambda: {"loss": first(on(high)), "gradient": second(on(high))},
    }


W_KEPT = "w is left as it was"
ONE_EACH = "one batch at a time, with one backward call for each"


@unit.task(points=2, conditions=(W_KEPT, ONE_EACH))
def accumulated_gradient(answer, rng, sloped=sloped):
    w, target = away_from_zero(rng, 3), rng.uniform(0.5, 1.5, size=(3, 2))
    old = rng.uniform(5, 6, size=3)

    def batches(*lengths):
        """Batches of the given lengths. Later ones have larger numbers."""
        return [rng.uniform(0.5 + i, 1 + i, size=(length, 3)) for i, length in enumerate(lengths)]

    equal, different, single, more = batches(3, 3, 3), batches(4, 1, 2), batches(5), batches(2, 1)

    events: list[str] = []
    held = sloped(rng, lambda: events.append("backward"))

    def loss(w, batch):
        event = f"loss of {len(batch)}"
        if not events or events[-1] != event:
            events.append(event)
        return ((batch @ w - 1) ** 2).mean() + held(w).sum()

    def leaf(array):
        return tensor(array).requires_grad_()

    def on(given, weights=w, before=None):
        weights = leaf(weights) if isinstance(weights, np.ndarray) else weights
        if before is not None:
            weights.grad = tensor(before)
        return answer.accumulated_gradient(loss, weights, list(map(tensor, given)))

    def two_calls(weights):
        return {"first result": on(different, weights), "second result": on(more, weights)}

    def in_turn():
        events.clear()
        on(different)
        return ", ".join(events)

    return {
        "three batches of one length": lambda: on(equal),
        "batches of different lengths": lambda: on(different),
        "a single batch": lambda: on(single),
        "a matrix of weights": lambda: on(different, target),
        "an old gradient in w.grad": lambda: on(different, before=old),
        "the results of two calls": lambda: two_calls(leaf(w)),
        W_KEPT: lambda: afterwards(lambda w: on(different, w), w=leaf(w)),
        ONE_EACH: in_turn,
    }


START_KEPT = "start is left as it was"
NO_GRAPH = "w and losses keep no graph"


@unit.task(points=2, conditions=(START_KEPT, NO_GRAPH))
def descend(answer, rng, sloped=sloped):
    start, table = rng.uniform(1.5, 2, size=3), rng.uniform(1.5, 2, size=(2, 3))
    bowl, rate = rng.uniform(1, 2, size=3), rng.uniform(0.05, 0.1)

    held = sloped(rng)

    def loss(w):
        return (tensor(bowl) * w**2).sum() + (w**4).sum() / 20 + held(w).sum()

    def on(steps, given=start, rate=rate):
        given = tensor(given) if isinstance(given, np.ndarray) else given
        return answer.descend(loss, given, rate, steps)

    def graphs():
        found = on(3)
        losses = second(found) if isinstance(second(found), list | tuple) else [second(found)]
        kept = {"w": [first(found)], "losses": losses}
        return {
            name: "a graph" if any(getattr(one, "requires_grad", False) for one in items) else "no graph"
            for name, items in kept.items()
        }

    def kept():
        given = tensor(start)
        for steps in (2, 3):
            on(steps, given)
        return {"start afterwards": given, "start.requires_grad afterwards": str(given.requires_grad)}

    return {
        "w after one step": lambda: first(on(1)),
        "w after five steps": lambda: first(on(5)),
        "the losses of five steps": lambda: second(on(5)),
        "a table of weights, another rate": lambda: first(on(3, table, rate / 3)),
        "no step at all": lambda: {"w": first(on(0)), "losses": second(on(0))},
        NO_GRAPH: graphs,
        START_KEPT: kept,
    }


@unit.task(points=2, answers=("Swish",))
def swish(answer, rng, torch=torch):
    x, table = away_from_zero(rng, 4), away_from_zero(rng, 2, 3)
    table[0, rng.integers(3)] = 0.0
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
        return {"gradient": by(array, f), "gradient with a very large β": at_small}

    def nested(v):
        return torch.exp(answer.Swish.apply(answer.Swish.apply(v, beta) * tensor(other), gamma) / 4)

    def two_at_once(v):
        beside = v * tensor(other)  # it receives the same upstream gradient as the second Swish
        one, two = answer.Swish.apply(v, beta), answer.Swish.apply(2 * v, gamma)
        return beside + two + one * tensor(other)

    far = np.full(2, 800 / beta)

    return {
        "forward": lambda: {
            "ordinary numbers": answer.Swish.apply(leaf(table), beta),
            "β·x = 800": answer.Swish.apply(leaf(far), beta),
        },
        "forward, β = 1": lambda: answer.Swish.apply(leaf(x), 1.0),
        "backward of the sum": lambda: slope(table, lambda v: answer.Swish.apply(v, beta)),
        "backward with β = 1": lambda: slope(x, lambda v: answer.Swish.apply(v, 1.0)),
        "an operation after it": lambda: slope(table, lambda v: tensor(weights) * answer.Swish.apply(v, beta)),
        "Swish of Swish": lambda: slope(x, nested),
        "two in one graph": lambda: slope(x, two_at_once),
    }


del torch, sloped  # an answer cannot replace what has no name in this module
