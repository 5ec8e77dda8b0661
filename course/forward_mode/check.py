"""The tasks of unit 4. Some arrays have shapes that tell all axes apart; in square ones slips raise no error.

Other inputs keep real steps from being right (see ``course.check.extremes``). Some values are so large that a
difference of two of them has no digits of a derivative. Some derivatives are so small beside others that no real step
is right for both. A complex step is right everywhere: it is forward mode.
"""

import numpy as np

from course.check import Unit
from course.check.extremes import SMALL, magnified, tiny
from course.check.parts import first, second

unit = Unit("forward_mode", frameworks=(), shows="network")


def drawn(rng, *shape):
    """Numbers of both signs, away from 0."""
    return rng.uniform(0.6, 1.9, size=shape) * rng.choice([-1, 1], size=shape)


def copies(given):
    return [np.copy(array) for array in given]


HUGE = 2.0**40  # with any usual step, a difference of such values is wrong in its first few digits


def after(call, given):
    """What the call returned, and the arrays that it was given, as it left them."""
    arrays = copies(given)
    return [call()(*arrays), *arrays]


@unit.task(points=2)
def product_derivative(answer, rng):
    def pair(S, T):
        return drawn(rng, *S), drawn(rng, *S, *T), drawn(rng, *S), drawn(rng, *S, *T)

    numbers, vector, matrix = pair((), ()), pair((4,), ()), pair((2, 3), (4,))
    square, kept = pair((3, 3), (3, 3)), pair((2,), (3, 2))
    a, da = drawn(rng, 3), drawn(rng, 3, 2)
    still, (b, db, c, dc) = np.zeros((2, 3, 4)), pair((7,), ())
    for slopes in (db, dc):
        slopes[:3] = tiny(rng, 3, unit=SMALL)

    def of(*cases):
        """The derivatives in all cases, and that of two vectors of which some entries hardly move."""
        mixed = answer.product_derivative(*copies((b, db, c, dc)))
        found = [answer.product_derivative(*copies(given)) for given in cases]
        return [*found, {"all": mixed, "small ones": magnified(mixed, SMALL, np.s_[:3])}]

    return {
        "two numbers, by a number": lambda: of(numbers),
        "two vectors, by a number": lambda: of(vector),
        "two 2 by 3 arrays, by a vector": lambda: of(matrix),
        "3 by 3 arrays, by a 3 by 3 array": lambda: of(square),
        "a times itself": lambda: of((a, da, a, da)),
        "only one factor moves": lambda: of((*matrix[:3], still), (matrix[0], still, *matrix[2:])),
        "what was given is left as it was": lambda: [*after(lambda: answer.product_derivative, kept), of()],
    }


@unit.task(points=2)
def matmul_derivative(answer, rng):
    def pair(n, k, m, *T):
        return drawn(rng, n, k), drawn(rng, n, k, *T), drawn(rng, k, m), drawn(rng, k, m, *T)

    number, vector, matrix = pair(2, 3, 4), pair(2, 3, 4, 5), pair(4, 2, 3, 3, 2)
    square, (a, da, b, db) = pair(3, 3, 3, 3, 3), pair(3, 3, 3, 3)
    da[0], db[:, 0] = tiny(rng, 3, 3, unit=SMALL), tiny(rng, 3, 3, unit=SMALL)

    def of(given):
        """The derivative, and that of two matrices of which a row and a column hardly move."""
        mixed = answer.matmul_derivative(*copies((a, da, b, db)))
        found = answer.matmul_derivative(*copies(given))
        return [found, {"all": mixed, "small ones": magnified(mixed, SMALL, (0, 0))}]

    return {
        "by a number": lambda: of(number),
        "by a vector": lambda: of(vector),
        "by a matrix": lambda: of(matrix),
        "everything square": lambda: of(square),
        "only a moves": lambda: of((*vector[:3], np.zeros((3, 4, 5)))),
        "only b moves": lambda: of((vector[0], np.zeros((2, 3, 5)), *vector[2:])),
    }


@unit.task(points=2)
def softmax(answer, rng):
    z, by_number, by_vector = drawn(rng, 2, 4), drawn(rng, 2, 4), drawn(rng, 2, 4, 3)
    square, by_square = drawn(rng, 3, 3), drawn(rng, 3, 3, 3, 3)
    large = 800 * rng.permutation([[1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]) + rng.uniform(0, 1, size=(2, 3))
    by_large, whole, kept = drawn(rng, 2, 3, 2), rng.permuted([[2, -3, 1, 4]] * 2, axis=1), drawn(rng, 2, 3)

    by_mixed = np.stack([tiny(rng, 4, unit=SMALL), HUGE * drawn(rng, 4)])

    def of(z, dz):
        return answer.softmax(z.copy(), dz.copy())

    def and_other_slopes(*found):
        """What was found, and the derivative where one row hardly moves and the other very much."""
        mixed = second(of(z, by_mixed))
        return [*found, {"all": mixed, "small ones": magnified(mixed, SMALL, 0)}]

    return {
        "probabilities": lambda: first(of(z, by_vector)),
        "derivative by a number": lambda: and_other_slopes(second(of(z, by_number))),
        "derivative by a vector": lambda: and_other_slopes(second(of(z, by_vector))),
        "everything square": lambda: and_other_slopes(of(square, by_square)),
        "scores of ±800": lambda: and_other_slopes(of(large, by_large)),
        "whole numbers": lambda: and_other_slopes(of(whole, by_vector)),
        "what was given is left as it was": lambda: and_other_slopes(*after(lambda: answer.softmax, (kept, by_large))),
    }


@unit.task(points=2)
def linear_layer(answer, rng):
    def given(N, k, m):
        return drawn(rng, N, k), drawn(rng, k, m), drawn(rng, m)

    usual, square = given(*rng.permutation([2, 3, 4])), given(3, 3, 3)
    single, narrow = given(1, 3, 2), given(3, 2, 1)
    whole = tuple(rng.choice([-3, -2, 2, 3], size=shape) for shape in ((2, 3), (3, 2), (2,)))

    def of(which, entry=None):
        result = answer.linear_layer(*copies(which))
        is_triple = isinstance(result, tuple | list) and len(result) == 3
        return result[entry] if is_triple and entry is not None else result

    x, W, b = given(2, 2, 3)
    small = np.column_stack([x[:, 0], tiny(rng, 2, unit=SMALL)])

    def and_huge_weights(*found):
        """What was found; the derivatives at weights so large that y has no digits of them; and the derivative by the
        weights of an input that is tiny beside another one."""
        huge = [of((x, 2**12 * HUGE * W, b), entry) for entry in (1, 2)]
        return [*found, *huge, magnified(of((small, W, b), 1), SMALL, np.s_[:, :, 1])]

    return {
        "y": lambda: of(usual, 0),
        "derivative of y by W": lambda: and_huge_weights(of(usual, 1)),
        "derivative of y by b": lambda: and_huge_weights(of(usual, 2)),
        "everything square": lambda: and_huge_weights(of(square)),
        "one example": lambda: and_huge_weights(of(single)),
        "one output": lambda: and_huge_weights(of(narrow)),
        "whole numbers": lambda: and_huge_weights(of(whole)),
    }


@unit.task(points=2)
def training_step(answer, rng):
    rate, other_rate = rng.uniform(0.2, 0.4), rng.uniform(1.5, 2.5)
    shapes = {"W": (3, 2), "b": (2,), "scale": ()}

    def batch(labels):
        N = len(labels)
        order = rng.permutation(N)
        p = np.concatenate([rng.uniform(0.15, 0.35, size=N - N // 2), rng.uniform(0.6, 0.85, size=N // 2)])
        parameters = {name: drawn(rng, *shape) for name, shape in shapes.items()}
        derivatives = {name: 0.1 * drawn(rng, N, *shape) for name, shape in shapes.items()}
        return parameters, p[order], derivatives, labels[order]

    mixed, ones = batch(np.array([0, 1, 1, 1, 0])), batch(np.ones(4, dtype=int))
    zeros, single, kept = batch(np.zeros(4, dtype=int)), batch(np.array([0])), batch(np.array([1, 0]))
    sure = batch(np.array([1, 0, 1]))
    sure[1][:] = np.where(sure[3] == 1, 1, HUGE - 1) / HUGE  # and wrong: the loss is steep there

    def copied(given):
        parameters, p, derivatives, labels = given
        return (
            {name: w.copy() for name, w in parameters.items()},
            p.copy(),
            {name: d.copy() for name, d in derivatives.items()},
            labels.copy(),
        )

    def of(given, learning_rate):
        return answer.training_step(*copied(given), learning_rate)

    def left():
        given = copied(kept)
        return and_surely_wrong(answer.training_step(*given, rate), *given)

    def and_surely_wrong(*found):
        """What was found, and the parameters after a step where wrong probabilities are next to 0 and 1."""
        return [*found, second(of(sure, rate))]

    return {
        "loss before the step": lambda: first(of(mixed, rate)),
        "parameters after the step": lambda: and_surely_wrong(second(of(mixed, rate))),
        "another learning rate": lambda: and_surely_wrong(*(second(of(mixed, r)) for r in (rate, other_rate))),
        "label 1 only": lambda: and_surely_wrong(of(ones, rate)),
        "label 0 only": lambda: and_surely_wrong(of(zeros, rate)),
        "one example": lambda: and_surely_wrong(of(single, rate)),
        "what was given is left as it was": left,
    }
