"""The tasks of unit 10. Everything is float64; numbers are drawn so that no known slip goes unseen."""

import numpy as np

from course.check import Unit
from course.check.parts import afterwards, away_from_zero, first, item, second

unit = Unit("sgd_steps")

KEPT = "what was given is left as it was"


def copies(arrays):
    """Copies of the arrays of a dict."""
    return {name: array.copy() for name, array in arrays.items()}


@unit.task(points=1, conditions=(KEPT,))
def sgd_step(answer, rng):
    shapes = {"kernel": (2, 3), "bias": (3,), "scale": (3,)}
    w = {name: away_from_zero(rng, *shape) for name, shape in shapes.items()}
    g = {name: away_from_zero(rng, *shape) for name, shape in shapes.items()}
    turned = dict(reversed(g.items()))
    whole = {"kernel": rng.integers(2, 9, size=(2, 2)), "bias": rng.integers(2, 9, size=2)}
    steps = {"kernel": rng.integers(2, 5, size=(2, 2)), "bias": rng.integers(2, 5, size=2)}
    kept = {name: away_from_zero(rng, 40) for name in ("w", "g")}
    rate, small = rng.uniform(0.2, 0.4), rng.uniform(0.002, 0.004)

    def step(parameters, gradients):
        return answer.sgd_step({"w": parameters}, {"w": gradients}, rate)

    def names_afterwards():
        """What stands under each name of the two dicts after a step with them."""
        dicts = {"parameters": {"w": kept["w"].copy()}, "gradients": {"w": kept["g"].copy()}}
        answer.sgd_step(*dicts.values(), rate)
        return {f"{name} afterwards": given["w"] for name, given in dicts.items()}

    return {
        "a kernel and two vectors": lambda: answer.sgd_step(copies(w), copies(g), rate),
        "gradients in another order": lambda: answer.sgd_step(copies(w), copies(turned), rate),
        "a small learning rate": lambda: answer.sgd_step(copies(w), copies(g), small),
        "whole numbers": lambda: answer.sgd_step(copies(whole), copies(steps), rate),
        KEPT: lambda: names_afterwards() | afterwards(step, w=kept["w"], gradient=kept["g"]),
    }


def product_loss(target):
    """½‖W b - target‖² + ¼‖b‖² of the parameters [W, b]: the gradient of each depends on the other."""

    def loss_and_gradients(parameters):
        W, b = (np.asarray(w) for w in parameters)
        r = W @ b - target
        return 0.5 * r @ r + 0.25 * b @ b, [np.outer(r, b), W.T @ r + 0.5 * b]

    return loss_and_gradients


def quartic_loss(parameters):
    """A sum of ¼ w⁴ over all entries of any number of parameters."""
    ws = [np.asarray(w, dtype=float) for w in parameters]
    return sum((w**4).sum() for w in ws) / 4, [w**3 for w in ws]


@unit.task(points=2, weights={"no step at all": 0.5, "the loss at the start": 0.5}, conditions=(KEPT,))
def descend(answer, rng):
    loss = product_loss(away_from_zero(rng, 2))
    start = {"W": rng.uniform(0.3, 0.9, size=(2, 3)), "b": rng.uniform(0.3, 0.9, size=3)}
    whole = {"kernel": rng.integers(1, 3, size=(2, 3)), "bias": rng.integers(1, 3, size=3), "scale": np.array([1, 2])}
    kept = {name: away_from_zero(rng, 20) for name in ("W", "b")}
    rate, steps = rng.uniform(0.05, 0.1), int(rng.integers(4, 7))

    def after(steps, start=start, loss=loss):
        return answer.descend(loss, [w.copy() for w in start.values()], rate, steps)

    def named(found, names):
        """The parameters of a result, by name; also of one that has no losses."""
        several = isinstance(found, tuple | list) and len(found) == len(names)
        parameters = found if several and not isinstance(found[0], tuple | list) else first(found)
        return {name: item(parameters, i, len(names)) for i, name in enumerate(names)}

    def first_loss():
        losses = second(after(steps))
        try:
            return losses[0]
        except (TypeError, IndexError):
            return losses

    def no_step():
        found = after(0)
        return named(found, start) | {"losses": second(found)}

    def list_afterwards():
        """What the list of parameters holds after a walk from it."""
        given = [w.copy() for w in kept.values()]
        answer.descend(quartic_loss, given, rate, 3)
        return {f"{name} of the list afterwards": w for name, w in zip(kept, given, strict=True)}

    def walk(*parameters):
        return answer.descend(quartic_loss, list(parameters), rate, 3)

    return {
        "the parameters after one step": lambda: named(after(1), start),
        "the parameters after several steps": lambda: named(after(steps), start),
        "the loss at the start": first_loss,
        "the losses of several steps": lambda: second(after(steps)),
        "no step at all": no_step,
        "three arrays of whole numbers": lambda: named(after(2, whole, quartic_loss), whole),
        KEPT: lambda: list_afterwards() | afterwards(walk, **kept),
    }


def momentum_parts(step, name, rng):
    """The parts for both conventions: one step, a walk down a bowl, arrays left as they were."""
    table, drift, slopes = (scale * away_from_zero(rng, 2, 3) for scale in (1, 2, 3))
    kept = {what: away_from_zero(rng, 40) for what in ("w", "velocity", "gradient")}
    curvature, start = rng.uniform(1, 3, size=3), away_from_zero(rng, 3)
    rate, momentum = rng.uniform(0.2, 0.3), rng.uniform(0.4, 0.6)

    def one(momentum):
        return step()(table.copy(), drift.copy(), slopes.copy(), rate, momentum=momentum)

    def walk():
        """Five steps from rest on ½ Σ curvature·w², with a tenth of the learning rate from the fourth on."""
        at, moving = start.copy(), np.zeros(3)
        for t in range(5):
            found = step()(at, moving, curvature * np.asarray(at), rate if t < 3 else rate / 10)
            if not isinstance(found, tuple | list) or len(found) != 2:
                break
            at, moving = found
        return {"w": first(found), "velocity": second(found)}

    return {
        f"{name}: w after a step": lambda: first(one(momentum)),
        f"{name}: velocity after a step": lambda: second(one(momentum)),
        f"{name}: five steps, the learning rate falls": walk,
        f"{name}: {KEPT}": lambda: afterwards(lambda *given: step()(*given, rate, momentum), **kept),
    }


@unit.task(
    points=3,
    answers=("keras_momentum_step", "torch_momentum_step"),
    conditions=(f"Keras: {KEPT}", f"PyTorch: {KEPT}"),
)
def momentum(answer, rng):
    keras = momentum_parts(lambda: answer.keras_momentum_step, "Keras", rng)
    return keras | momentum_parts(lambda: answer.torch_momentum_step, "PyTorch", rng)


@unit.task(points=3, conditions=(KEPT,))
def adam_step(answer, rng):
    w, gradient = away_from_zero(rng, 5), away_from_zero(rng, 5) * rng.permutation([2.0**-6, 0.25, 0, 4, 64])
    table, slopes, mean = (away_from_zero(rng, 2, 3) for _ in range(3))
    square = rng.uniform(0.5, 1.5, size=(2, 3))
    curvature, start = 2.0 ** rng.permutation([-2, 0, 2, 4]), away_from_zero(rng, 4)
    kept = {name: away_from_zero(rng, 40) for name in ("w", "m", "v", "gradient")}
    kept["v"] = kept["v"] ** 2
    rate, epsilon = rng.uniform(0.1, 0.2), rng.uniform(0.2, 0.4)
    beta1, beta2 = rng.uniform(0.6, 0.7), rng.uniform(0.8, 0.9)

    def later(*settings):
        """One step, not the first, with m and v that are not 0."""
        return answer.adam_step(table.copy(), mean.copy(), square.copy(), slopes.copy(), *settings)

    def walk():
        """Six steps from rest on ½ Σ curvature·w², with an epsilon that can be seen."""
        at, m, v = start.copy(), np.zeros(4), np.zeros(4)
        for t in range(1, 7):
            found = answer.adam_step(at, m, v, curvature * np.asarray(at), t, rate, epsilon=0.01)
            if not isinstance(found, tuple | list) or len(found) != 3:
                break
            at, m, v = found
        return {name: item(found, i, 3) for i, name in enumerate("wmv")}

    return {
        "w after the first step": lambda: item(
            answer.adam_step(w.copy(), np.zeros(5), np.zeros(5), gradient.copy(), 1), 0, 3
        ),
        "w after step 3, with other betas": lambda: item(later(3, rate, beta1, beta2), 0, 3),
        "m after a step": lambda: item(later(3, rate, beta1, beta2), 1, 3),
        "v after a step": lambda: item(later(3, rate, beta1, beta2), 2, 3),
        "w with a large epsilon": lambda: item(later(2, rate, beta1, beta2, epsilon), 0, 3),
        "six steps": walk,
        KEPT: lambda: afterwards(lambda *given: answer.adam_step(*given, 3, rate, epsilon=epsilon), **kept),
    }


def bowl(rng, curvatures):
    """A symmetric matrix with these eigenvalues and axes in random directions.

    NumPy's eigvals, which does not sort, finds the largest first.
    """
    while True:
        axes, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
        A = axes * curvatures @ axes.T
        if np.argmax(np.linalg.eigvals(A := (A + A.T) / 2)) == 0:
            return A


@unit.task(points=1)
def largest_learning_rate(answer, rng):
    low, middle, high = rng.uniform(0.3, 0.5), rng.uniform(2, 4), rng.uniform(5, 9)
    straight = np.diag([middle, high, low])
    a, b = rng.uniform(1, 2), rng.uniform(0.5, 0.9) * rng.choice([-1, 1])
    turned = np.array([[a + 0.3, b], [b, a]])
    many = bowl(rng, rng.uniform([0.01, 1, 1, 20, 30], [0.02, 2, 9, 25, 40]))
    n, k = int(rng.integers(3, 6)), int(rng.integers(1, 3))
    across = np.array([[a, -abs(b)], [-abs(b), a]])  # (1, 1) is its flattest direction
    return {
        "a bowl along the axes": lambda: answer.largest_learning_rate(straight.copy()),
        "a turned bowl": lambda: answer.largest_learning_rate(turned.copy()),
        "a bowl that is steepest along (1, -1)": lambda: answer.largest_learning_rate(across.copy()),
        "five weights, a long valley": lambda: answer.largest_learning_rate(many.copy()),
        "whole numbers": lambda: answer.largest_learning_rate(np.array([[n, k], [k, n + 2]])),
        "one weight": lambda: answer.largest_learning_rate(np.array([[a]])),
    }
