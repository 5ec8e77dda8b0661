"""The tasks of unit 4. Some arrays have shapes that tell all axes apart; in square ones slips raise no error.

Other inputs keep real steps from being right (see ``course.check.extremes``). Some values are so large that a
difference of two of them has no digits of a derivative. Some derivatives are so small beside others that no real step
is right for both: most parts have them in the first row. A complex step is right everywhere: it is forward mode.
"""

import sys

import numpy as np

from course.check import Unit
from course.check.extremes import SMALL, magnified, tiny
from course.check.parts import afterwards, first, item, second

unit = Unit("forward_mode", frameworks=(), shows="network")

HUGE = 2.0**52  # a difference of such values has no digits left
STEEP = 2.0**-30  # a probability at which the loss is so steep that no usual step is right


def drawn(rng, *shape):
    """Numbers of both signs, away from 0."""
    return rng.uniform(0.6, 1.9, size=shape) * rng.choice([-1, 1], size=shape)


def still_first(rng, slopes, place=0):
    """The same derivatives with very small ones at a place."""
    slopes = slopes.copy()
    slopes[place] = tiny(rng, *slopes[place].shape, unit=SMALL)
    return slopes


def copies(given):
    return [np.copy(array) for array in given]


def derivative(found, place=0):
    """A derivative, and its very small numbers magnified."""
    return {"derivative": found, "its very small numbers, times 2¹⁰⁰": magnified(found, SMALL, place)}


def lines_run(answer, call):
    """What a call returns, and how many lines of the answer's notebook it runs."""
    lines, scope = 0, getattr(answer, "__globals__", None)

    def count(frame, event, _):
        nonlocal lines
        lines += frame.f_globals is scope
        return count if frame.f_globals is scope else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        result = call()
    finally:
        sys.settrace(before)
    return result, lines


# --- product_derivative ---------------------------------------------------------------------------

FACTORS = ("a", "da", "b", "db")
FACTORS_KEPT = "a, da, b and db are left as they were"


@unit.task(
    points=2,
    weights={"two 2 by 3 arrays, by a vector": 2, "3 by 3 arrays, by a 3 by 3 array": 2},
    conditions=(FACTORS_KEPT,),
)
def product_derivative(answer, rng):
    def pair(S, T):
        slopes = [drawn(rng, *S, *T) for _ in range(2)]
        if S:
            slopes = [still_first(rng, da) for da in slopes]
        return drawn(rng, *S), slopes[0], drawn(rng, *S), slopes[1]

    numbers, vector, matrix, square = pair((), ()), pair((4,), ()), pair((2, 3), (4,)), pair((3, 3), (3, 3))
    a, da, *_ = pair((3,), (2,))
    kept = dict(zip(FACTORS, pair((5,), (8,)), strict=True))
    still = np.zeros((2, 3, 4))

    def of(given):
        return derivative(answer.product_derivative(*copies(given)))

    def by_a_number():
        return {"two numbers": answer.product_derivative(*copies(numbers)), "two vectors": of(vector)}

    def by_itself():
        w, dw = copies((a, da))
        return derivative(answer.product_derivative(w, dw, w, dw))

    return {
        "by a number": by_a_number,
        "two 2 by 3 arrays, by a vector": lambda: of(matrix),
        "3 by 3 arrays, by a 3 by 3 array": lambda: of(square),
        "a times itself": by_itself,
        "only a moves": lambda: of((*matrix[:3], still)),
        "only b moves": lambda: of((matrix[0], still, *matrix[2:])),
        FACTORS_KEPT: lambda: afterwards(lambda *given: answer.product_derivative(*given), **kept),
    }


# --- matmul_derivative ----------------------------------------------------------------------------


@unit.task(points=2, weights={"by a vector": 2, "by a matrix": 2, "everything square": 2}, conditions=(FACTORS_KEPT,))
def matmul_derivative(answer, rng):
    def pair(n, k, m, *T):
        da, db = still_first(rng, drawn(rng, n, k, *T)), still_first(rng, drawn(rng, k, m, *T), np.s_[:, 0])
        return drawn(rng, n, k), da, drawn(rng, k, m), db

    number, vector, matrix, square = pair(2, 3, 4), pair(2, 3, 4, 5), pair(4, 2, 3, 3, 2), pair(3, 3, 3, 3, 3)
    w, dw = drawn(rng, 3, 3), still_first(rng, still_first(rng, drawn(rng, 3, 3, 2)), np.s_[:, 0])
    long = pair(4, 5, 3, 15, 20)  # the result has 3,600 entries
    kept = dict(zip(FACTORS, pair(2, 3, 2, 7), strict=True))

    def of(given):
        return derivative(answer.matmul_derivative(*copies(given)), (0, 0))

    def by_itself():
        a, da = copies((w, dw))
        return derivative(answer.matmul_derivative(a, da, a, da), (0, 0))

    def many():
        found, lines = lines_run(answer.matmul_derivative, lambda: of(long))
        return found | {"a Python loop over single entries": "yes" if lines > 3000 else "no"}

    return {
        "by a number": lambda: of(number),
        "by a vector": lambda: of(vector),
        "by a matrix": lambda: of(matrix),
        "everything square": lambda: of(square),
        "a times itself": by_itself,
        "only a moves": lambda: of((*vector[:3], np.zeros((3, 4, 5)))),
        "only b moves": lambda: of((vector[0], np.zeros((2, 3, 5)), *vector[2:])),
        "many entries": many,
        FACTORS_KEPT: lambda: afterwards(lambda *given: answer.matmul_derivative(*given), **kept),
    }


# --- softmax --------------------------------------------------------------------------------------

SCORES_KEPT = "z and dz are left as they were"


@unit.task(
    points=2,
    weights={"derivative with respect to a vector": 2, "everything square": 2, "derivative for scores of ±800": 3},
    conditions=(SCORES_KEPT,),
)
def softmax(answer, rng):
    def pair(N, C, *T):
        return drawn(rng, N, C), still_first(rng, drawn(rng, N, C, *T))

    number, vector, square, kept = pair(2, 4), pair(2, 4, 3), pair(3, 3, 3, 3), pair(5, 4, 2)
    large = 800 * rng.permutation([[1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]) + rng.uniform(0, 1, size=(2, 3))
    extreme, whole = (large, pair(2, 3, 2)[1]), rng.permuted([[2, -3, 0, 4]] * 2, axis=1)
    alone, by_alone = drawn(rng, 1, 3), drawn(rng, 1, 3, 2)

    def p(z, dz):
        return first(answer.softmax(z.copy(), dz.copy()))

    def dp(z, dz):
        return second(answer.softmax(z.copy(), dz.copy()))

    def of_one_row():
        return derivative(dp(alone, SMALL * by_alone)) | {"derivative": dp(alone, by_alone)}

    return {
        "probabilities": lambda: {"scores": p(*vector), "whole numbers": p(whole, vector[1])},
        "probabilities for scores of ±800": lambda: p(*extreme),
        "derivative with respect to a number": lambda: derivative(dp(*number)),
        "derivative with respect to a vector": lambda: derivative(dp(*vector)),
        "derivative of one row": of_one_row,
        "everything square": lambda: derivative(dp(*square)),
        "derivative for scores of ±800": lambda: derivative(dp(*extreme)),
        SCORES_KEPT: lambda: afterwards(lambda z, dz: answer.softmax(z, dz), z=kept[0], dz=kept[1]),
    }


# --- linear_layer ---------------------------------------------------------------------------------


@unit.task(points=2, weights={"by_W": 2, "by_b": 2})
def linear_layer(answer, rng):
    def given(N, k, m):
        return drawn(rng, N, k), drawn(rng, k, m), drawn(rng, m)

    usual, square = given(*rng.permutation([2, 3, 4])), given(3, 3, 3)
    single, narrow, long = given(1, 3, 2), given(3, 2, 1), given(50, 5, 6)  # 1,500 entries of by_W are not 0
    hardly = tiny(rng, 50, unit=SMALL)

    def of(i, x, W, b):
        return item(answer.linear_layer(*copies((x, W, b))), i, 3)

    def by_W(x, W, b):
        """The derivative with respect to W, at weights so large that y has no digits of it, and for the weights of
        an input that is tiny beside others."""
        small = np.column_stack([x[:, :-1], hardly[: len(x)]])
        found = {"by_W": of(1, x, W, b), "by_W for huge weights": of(1, x, HUGE * W, b)}
        return found | {"by_W for a tiny input, times 2¹⁰⁰": magnified(of(1, small, W, b), SMALL, np.s_[:, :, -1])}

    def by_b(x, W, b):
        return {"by_b": of(2, x, W, b), "by_b for huge weights": of(2, x, HUGE * W, b)}

    def many():
        found, lines = lines_run(answer.linear_layer, lambda: by_W(*long))
        return found | {"a Python loop over single entries": "yes" if lines > 4200 else "no"}  # in three calls

    return {
        "y": lambda: {"y": of(0, *usual), "y for one example": of(0, *single), "y for one output": of(0, *narrow)},
        "by_W": lambda: by_W(*usual),
        "by_W, everything square": lambda: by_W(*square),
        "by_W, one example": lambda: by_W(*single),
        "by_W, one output": lambda: by_W(*narrow),
        "by_W, many entries": many,
        "by_b": lambda: (
            by_b(*usual)
            | {
                "by_b, everything square": of(2, *square),
                "by_b for one example": of(2, *single),
                "by_b for one output": of(2, *narrow),
            }
        ),
    }


# --- training_step --------------------------------------------------------------------------------

STEP_KEPT = "what was given is left as it was"


@unit.task(points=2, weights={"parameters after the step": 3}, conditions=(STEP_KEPT,))
def training_step(answer, rng):
    rate, other_rate = rng.uniform(0.2, 0.4), rng.uniform(1.5, 2.5)
    shapes = {"W": (3, 2), "b": (2,), "scale": ()}

    def batch(*labels):
        N = len(labels)
        p = np.concatenate([rng.uniform(0.15, 0.35, size=N - N // 2), rng.uniform(0.6, 0.85, size=N // 2)])
        return {
            "parameters": {name: drawn(rng, *shape) for name, shape in shapes.items()},
            "p": rng.permutation(p),
            "derivatives": {name: 0.1 * drawn(rng, N, *shape) for name, shape in shapes.items()},
            "labels": rng.permutation(labels),
        }

    mixed, ones, zeros, single = batch(0, 1, 1, 1, 0), batch(1, 1, 1, 1), batch(0, 0, 0, 0), batch(0)
    kept = batch(1, 0, 0, 1, 1, 0)

    def step(given, learning_rate):
        given = {name: copied(value) for name, value in given.items()}
        return answer.training_step(*given.values(), learning_rate)

    def copied(value):
        return {name: np.copy(w) for name, w in value.items()} if isinstance(value, dict) else value.copy()

    def updated(given, learning_rate=rate):
        """The parameters after the step, and those after one from probabilities that are as wrong as can be."""
        wrong = given | {"p": np.where(given["labels"] == 1, STEEP, 1 - STEEP)}
        return {
            "updated": second(step(given, learning_rate)),
            "updated, where the right labels have a probability of 2⁻³⁰": second(step(wrong, learning_rate)),
        }

    def losses():
        cases = {"label 1 only": ones, "label 0 only": zeros, "one example": single}
        return {name: first(step(given, rate)) for name, given in cases.items()}

    return {
        "loss": lambda: first(step(mixed, rate)),
        "loss of other batches": losses,
        "parameters after the step": lambda: updated(mixed),
        "parameters, another learning rate": lambda: updated(mixed, other_rate),
        "parameters, label 1 only": lambda: updated(ones),
        "parameters, label 0 only": lambda: updated(zeros),
        "parameters, one example": lambda: updated(single),
        STEP_KEPT: lambda: afterwards(lambda *given: answer.training_step(*given, rate), **kept),
    }
