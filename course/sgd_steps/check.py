"""The tasks of unit 10. Everything is float64; numbers are drawn so that no known slip goes unseen."""

import numpy as np

from course.check import Unit
from course.check.parts import away_from_zero, first, second

unit = Unit("sgd_steps")


def copies(arrays):
    """Copies of the arrays of a dict."""
    return {name: array.copy() for name, array in arrays.items()}


@unit.task(points=1)
def sgd_step(answer, rng):
    shapes = {"kernel": (2, 3), "bias": (3,), "scale": (3,)}
    w = {name: away_from_zero(rng, *shape) for name, shape in shapes.items()}
    g = {name: away_from_zero(rng, *shape) for name, shape in shapes.items()}
    turned = dict(reversed(g.items()))
    whole = {"kernel": rng.integers(2, 9, size=(2, 2)), "bias": rng.integers(2, 9, size=2)}
    steps = {"kernel": rng.integers(2, 5, size=(2, 2)), "bias": rng.integers(2, 5, size=2)}
    rate = rng.uniform(0.2, 0.4)

    def and_what_was_given():
        parameters, gradients = copies(w), copies(g)
        return [answer.sgd_step(parameters, gradients, rate), parameters, gradients]

    return {
        "a kernel and two vectors": lambda: answer.sgd_step(copies(w), copies(g), rate),
        "gradients in another order": lambda: answer.sgd_step(copies(w), copies(turned), rate),
        "a small learning rate": lambda: answer.sgd_step(copies(w), copies(g), 0.01),
        "whole numbers": lambda: answer.sgd_step(copies(whole), copies(steps), rate),
        "what was given is left as it was": and_what_was_given,
    }


def product_loss(target):
    """½‖W b - target‖² + ¼‖b‖² of the parameters [W, b]: the gradient of each depends on the other."""

    def loss_and_gradients(parameters):
        W, b = (np.asarray(w) for w in parameters)
        r = W @ b - target
        return 0.5 * r @ r + 0.25 * b @ b, [np.outer(r, b), W.T @ r + 0.5 * b]

    return loss_and_gradients


@unit.task(points=2)
def descend(answer, rng):
    loss = product_loss(away_from_zero(rng, 2))
    W, b = rng.uniform(0.3, 0.9, size=(2, 3)), rng.uniform(0.3, 0.9, size=3)
    whole_W, whole_b = rng.integers(1, 3, size=(2, 3)), rng.integers(1, 3, size=3)
    rate = rng.uniform(0.05, 0.1)

    def after(steps, start=(W, b)):
        return answer.descend(loss, [start[0].copy(), start[1].copy()], rate, steps)

    def and_what_was_given():
        parameters = [W.copy(), b.copy()]
        return [answer.descend(loss, parameters, rate, 3), parameters]

    return {
        "the parameters after one step": lambda: first(after(1)),
        "the parameters after five steps": lambda: first(after(5)),
        "the losses of five steps": lambda: second(after(5)),
        "no step at all": lambda: after(0),
        "whole numbers": lambda: after(2, (whole_W, whole_b)),
        "what was given is left as it was": and_what_was_given,
    }


def momentum_parts(step, name, rng):
    """The parts for both conventions: one step, a walk down a bowl, arrays left as they were."""
    w, velocity, gradient = away_from_zero(rng, 3), 2 * away_from_zero(rng, 3), 3 * away_from_zero(rng, 3)
    table, drift, slopes = away_from_zero(rng, 2, 3), away_from_zero(rng, 2, 3), away_from_zero(rng, 2, 3)
    curvature, start = rng.uniform(1, 3, size=3), away_from_zero(rng, 3)
    rate, momentum = rng.uniform(0.2, 0.3), rng.uniform(0.4, 0.6)

    def walk():
        """Five steps from rest on ½ Σ curvature·w², with a tenth of the learning rate from the fourth on."""
        at, moving = start.copy(), np.zeros(3)
        for t in range(5):
            given = np.asarray(at), np.asarray(moving), curvature * np.asarray(at)
            at, moving = step()(*given, rate if t < 3 else rate / 10)
        return [at, moving]

    def and_what_was_given():
        given = [w.copy(), velocity.copy(), gradient.copy()]
        return [step()(*given, rate, momentum), given]

    return {
        f"{name}: w after a step": lambda: first(
            step()(table.copy(), drift.copy(), slopes.copy(), rate, momentum=momentum)
        ),
        f"{name}: velocity after a step": lambda: second(
            step()(table.copy(), drift.copy(), slopes.copy(), rate, momentum=momentum)
        ),
        f"{name}: five steps, the learning rate falls": walk,
        f"{name}: what was given is left as it was": and_what_was_given,
    }


@unit.task(points=3, answers=("keras_momentum_step", "torch_momentum_step"))
def momentum(answer, rng):
    keras = momentum_parts(lambda: answer.keras_momentum_step, "Keras", rng)
    return keras | momentum_parts(lambda: answer.torch_momentum_step, "PyTorch", rng)


def state(result):
    """m and v of the triple (w, m, v); anything else is returned as it is."""
    return list(result[1:]) if isinstance(result, tuple | list) and len(result) == 3 else result


def weights(result):
    """w of the triple (w, m, v); anything else is returned as it is."""
    return result[0] if isinstance(result, tuple | list) and len(result) == 3 else result


@unit.task(points=3)
def adam_step(answer, rng):
    w, gradient = away_from_zero(rng, 4), away_from_zero(rng, 4) * 2.0 ** rng.permutation([-6, -2, 2, 6])
    table, slopes, mean = (away_from_zero(rng, 2, 3) for _ in range(3))
    square = rng.uniform(0.5, 1.5, size=(2, 3))
    curvature, start = 2.0 ** rng.permutation([-2, 0, 2, 4]), away_from_zero(rng, 4)
    rate, epsilon = rng.uniform(0.1, 0.2), rng.uniform(0.2, 0.4)
    beta1, beta2 = rng.uniform(0.6, 0.7), rng.uniform(0.8, 0.9)

    def from_rest():
        return answer.adam_step(w.copy(), np.zeros(4), np.zeros(4), gradient.copy(), 1)

    def given():
        return [table.copy(), mean.copy(), square.copy(), slopes.copy()]

    def walk():
        """Six steps from rest on ½ Σ curvature·w², with an epsilon that can be seen."""
        at, m, v = start.copy(), np.zeros(4), np.zeros(4)
        for t in range(1, 7):
            at, m, v = (np.asarray(array) for array in (at, m, v))
            at, m, v = answer.adam_step(at, m, v, curvature * at, t, rate, epsilon=0.01)
        return [at, m, v]

    def and_what_was_given():
        arrays = given()
        return [answer.adam_step(*arrays, 3, rate, epsilon=epsilon), arrays]

    return {
        "w after the first step": lambda: weights(from_rest()),
        "m and v after the first step": lambda: state(from_rest()),
        "six steps": walk,
        "other betas, step 3": lambda: answer.adam_step(*given(), 3, rate, beta1, beta2),
        "a large epsilon, step 2": lambda: weights(answer.adam_step(*given(), 2, rate, beta1, beta2, epsilon)),
        "what was given is left as it was": and_what_was_given,
    }


def bowl(rng, curvatures):
    """A symmetric matrix with these eigenvalues and axes in random directions."""
    axes, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
    A = axes * curvatures @ axes.T
    return (A + A.T) / 2


@unit.task(points=1)
def largest_learning_rate(answer, rng):
    straight = np.diag(rng.permutation([rng.uniform(0.3, 0.5), rng.uniform(2, 4), rng.uniform(5, 9)]))
    a, b = rng.uniform(1, 2), rng.uniform(0.5, 0.9)
    turned = np.array([[a, b], [b, a + 0.3]])
    many = bowl(rng, rng.uniform([0.01, 1, 1, 20, 30], [0.02, 2, 9, 25, 40]))
    n, k = int(rng.integers(3, 6)), int(rng.integers(1, 3))
    whole = [np.array([[n, k], [k, n + 2]]), np.array([[n]])]
    return {
        "a bowl along the axes": lambda: answer.largest_learning_rate(straight.copy()),
        "a turned bowl": lambda: answer.largest_learning_rate(turned.copy()),
        "five weights, a long valley": lambda: answer.largest_learning_rate(many.copy()),
        "whole numbers, and one weight": lambda: [answer.largest_learning_rate(A.copy()) for A in whole],
    }
