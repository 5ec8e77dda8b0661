"""The tasks of unit 4. Some arrays have shapes that tell all axes apart; in square ones slips raise no error.

Other inputs keep real steps from being right (see ``course.check.extremes``). Some values are so large that a
difference of two of them has no digits of a derivative. Some derivatives are so small beside others that no real step
is right for both. A complex step is right everywhere: it is forward mode.
"""

import sys

import numpy as np

from course.check import Unit
from course.check.extremes import SMALL, magnified, tiny
from course.check.parts import afterwards, first, item, second

unit = Unit("forward_mode", frameworks=(), shows="network")

HUGE = 2.0**40  # with any usual step, a difference of such values is wrong in its first few digits
DERIVATIVE = "derivative"
LITTLE = "another one, with entries that hardly move"
MAGNIFIED = "these entries, times 2¹⁰⁰"


def drawn(rng, *shape):
    """Numbers of both signs, away from 0."""
    return rng.uniform(0.6, 1.9, size=shape) * rng.choice([-1, 1], size=shape)


def copies(given):
    return [np.copy(array) for array in given]


def in_loops(answer, call):
    """What a call returns, and how many lines of the answer's own notebook are run by it."""
    lines, scope = 0, getattr(answer, "__globals__", None)

    def count(frame, event, _):
        nonlocal lines
        if frame.f_globals is not scope:
            return None
        lines += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        result = call()
    finally:
        sys.settrace(before)
    return result, lines


# --- product_derivative ---------------------------------------------------------------------------

PRODUCT_KEPT = "a, da, b and db are left as they were"


@unit.task(
    points=2,
    weights={"two 2 by 3 arrays, by a vector": 2, "3 by 3 arrays, by a 3 by 3 array": 2},
    conditions=(PRODUCT_KEPT,),
)
def product_derivative(answer, rng):
    def pair(S, T):
        return drawn(rng, *S), drawn(rng, *S, *T), drawn(rng, *S), drawn(rng, *S, *T)

    numbers, vector, matrix = pair((), ()), pair((4,), ()), pair((2, 3), (4,))
    square, kept = pair((3, 3), (3, 3)), pair((5,), (5, 8))
    a, da = drawn(rng, 3), drawn(rng, 3, 2)
    still, (b, db, c, dc) = np.zeros((2, 3, 4)), pair((7,), ())
    for slopes in (db, dc):
        slopes[:3] = tiny(rng, 3, unit=SMALL)

    def of(**cases):
        """The derivatives in all cases, and that of two vectors of which some entries hardly move."""
        mixed = answer.product_derivative(*copies((b, db, c, dc)))
        found = {name: answer.product_derivative(*given) for name, given in cases.items()}
        return found | {LITTLE: mixed, MAGNIFIED: magnified(mixed, SMALL, np.s_[:3])}

    def by_itself():
        w, dw = copies((a, da))
        return of(derivative=(w, dw, w, dw))

    def one_moves():
        return of(only_a=copies((*matrix[:3], still)), only_b=copies((matrix[0], still, *matrix[2:])))

    return {
        "by a number": lambda: of(numbers=[float(number) for number in numbers], vectors=copies(vector)),
        "two 2 by 3 arrays, by a vector": lambda: of(derivative=copies(matrix)),
        "3 by 3 arrays, by a 3 by 3 array": lambda: of(derivative=copies(square)),
        "a times itself": by_itself,
        "only one factor moves": one_moves,
        PRODUCT_KEPT: lambda: afterwards(
            lambda *given: answer.product_derivative(*given), **dict(zip(("a", "da", "b", "db"), kept, strict=True))
        ),
    }


# --- matmul_derivative ----------------------------------------------------------------------------


@unit.task(points=2, weights={"by a vector": 2, "by a matrix": 2, "everything square": 2}, conditions=(PRODUCT_KEPT,))
def matmul_derivative(answer, rng):
    def pair(n, k, m, *T):
        return drawn(rng, n, k), drawn(rng, n, k, *T), drawn(rng, k, m), drawn(rng, k, m, *T)

    number, vector, matrix, kept = pair(2, 3, 4), pair(2, 3, 4, 5), pair(4, 2, 3, 3, 2), pair(2, 3, 2, 7)
    square, (a, da, b, db) = pair(3, 3, 3, 3, 3), pair(3, 3, 3, 3)
    da[0], db[:, 0] = tiny(rng, 3, 3, unit=SMALL), tiny(rng, 3, 3, unit=SMALL)
    long = pair(4, 5, 3, 15, 20)  # da has 6,000 entries

    def of(given):
        """The derivative, and that of two matrices of which a row and a column hardly move."""
        mixed = answer.matmul_derivative(*copies((a, da, b, db)))
        found = answer.matmul_derivative(*given)
        return {DERIVATIVE: found, LITTLE: mixed, MAGNIFIED: magnified(mixed, SMALL, (0, 0))}

    def by_itself():
        w, dw = copies((square[0], square[1]))
        return of((w, dw, w, dw))

    def quickly():
        found, lines = in_loops(answer.matmul_derivative, lambda: of(copies(long)))
        return found | {"a Python loop over single entries": "yes" if lines > 2000 else "no"}

    return {
        "by a number": lambda: of(copies(number)),
        "by a vector": lambda: of(copies(vector)),
        "by a matrix": lambda: of(copies(matrix)),
        "everything square": lambda: of(copies(square)),
        "a times itself": by_itself,
        "only a moves": lambda: of((*copies(vector[:3]), np.zeros((3, 4, 5)))),
        "only b moves": lambda: of((np.copy(vector[0]), np.zeros((2, 3, 5)), *copies(vector[2:]))),
        "many entries": quickly,
        PRODUCT_KEPT: lambda: afterwards(
            lambda *given: answer.matmul_derivative(*given), **dict(zip(("a", "da", "b", "db"), kept, strict=True))
        ),
    }


# --- softmax --------------------------------------------------------------------------------------

SOFTMAX_KEPT = "z and dz are left as they were"


@unit.task(
    points=2,
    weights={"derivative by a vector": 2, "everything square": 2, "derivative for scores of ±800": 3},
    conditions=(SOFTMAX_KEPT,),
)
def softmax(answer, rng):
    z, by_number, by_vector = drawn(rng, 2, 4), drawn(rng, 2, 4), drawn(rng, 2, 4, 3)
    square, by_square = drawn(rng, 3, 3), drawn(rng, 3, 3, 3, 3)
    large = 800 * rng.permutation([[1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]) + rng.uniform(0, 1, size=(2, 3))
    by_large, whole, kept = drawn(rng, 2, 3, 2), rng.permuted([[2, -3, 0, 4]] * 2, axis=1), drawn(rng, 5, 4)
    alone, by_alone, by_kept = drawn(rng, 1, 3), drawn(rng, 1, 3, 2), drawn(rng, 5, 4, 2)
    moving, by_mixed = drawn(rng, 2, 4), np.stack([tiny(rng, 4, unit=SMALL), HUGE * drawn(rng, 4)])

    def p(z, dz):
        return first(answer.softmax(z.copy(), dz.copy()))

    def dp(z, dz):
        """The derivative, and that where one row hardly moves and the other very much."""
        mixed = second(answer.softmax(moving.copy(), by_mixed.copy()))
        found = second(answer.softmax(z.copy(), dz.copy()))
        return {DERIVATIVE: found, LITTLE: mixed, MAGNIFIED: magnified(mixed, SMALL, 0)}

    return {
        "probabilities": lambda: {"scores": p(z, by_vector), "whole scores": p(whole, by_vector)},
        "probabilities for scores of ±800": lambda: p(large, by_large),
        "derivative by a number": lambda: dp(z, by_number),
        "derivative by a vector": lambda: dp(z, by_vector),
        "derivative of one row": lambda: dp(alone, by_alone),
        "everything square": lambda: dp(square, by_square),
        "derivative for scores of ±800": lambda: dp(large, by_large),
        SOFTMAX_KEPT: lambda: afterwards(lambda z, dz: answer.softmax(z, dz), z=kept, dz=by_kept),
    }


# --- linear_layer ---------------------------------------------------------------------------------


@unit.task(points=2, weights={"by_W": 2})
def linear_layer(answer, rng):
    def given(N, k, m):
        return drawn(rng, N, k), drawn(rng, k, m), drawn(rng, m)

    usual, square = given(*rng.permutation([2, 3, 4])), given(3, 3, 3)
    single, narrow, long = given(1, 3, 2), given(3, 2, 1), given(10, 11, 9)  # by_W has 990 entries that are not 0
    x, W, b = given(2, 2, 3)
    small = np.column_stack([x[:, 0], tiny(rng, 2, unit=SMALL)])

    def of(which, i):
        return item(answer.linear_layer(*copies(which)), i, 3)

    def by_W(which):
        """The derivative by W, that at weights so large that y has no digits of it, and that by the weights of an input
        that is tiny beside another one."""
        return {
            "by_W": of(which, 1),
            "by_W for huge weights": of((x, 2**12 * HUGE * W, b), 1),
            "by_W for a tiny input, times 2¹⁰⁰": magnified(of((small, W, b), 1), SMALL, np.s_[:, :, 1]),
        }

    def by_b(which):
        return {"by_b": of(which, 2), "by_b for huge weights": of((x, 2**12 * HUGE * W, b), 2)}

    def quickly():
        found, lines = in_loops(answer.linear_layer, lambda: by_W(long))
        return found | {"a Python loop over single entries": "yes" if lines > 700 else "no"}

    return {
        "y": lambda: {"y": of(usual, 0), "y for one example": of(single, 0), "y for one output": of(narrow, 0)},
        "by_W": lambda: by_W(usual),
        "by_W, everything square": lambda: by_W(square),
        "by_W, one example": lambda: by_W(single),
        "by_W, one output": lambda: by_W(narrow),
        "by_W, many entries": quickly,
        "by_b": lambda: by_b(usual),
        "by_b, everything square": lambda: by_b(square),
        "by_b, one example or one output": lambda: {"one example": by_b(single), "one output": by_b(narrow)},
    }


# --- training_step --------------------------------------------------------------------------------

STEP_KEPT = "what was given is left as it was"


@unit.task(points=2, weights={"loss": 2, "parameters after the step": 3}, conditions=(STEP_KEPT,))
def training_step(answer, rng):
    rate, other_rate = rng.uniform(0.2, 0.4), rng.uniform(1.5, 2.5)
    shapes = {"W": (3, 2), "b": (2,), "scale": ()}

    def batch(labels):
        N = len(labels)
        order = rng.permutation(N)
        p = np.concatenate([rng.uniform(0.15, 0.35, size=N - N // 2), rng.uniform(0.6, 0.85, size=N // 2)])
        parameters = {name: drawn(rng, *shape) for name, shape in shapes.items()}
        derivatives = {name: 0.1 * drawn(rng, N, *shape) for name, shape in shapes.items()}
        return {"parameters": parameters, "p": p[order], "derivatives": derivatives, "labels": labels[order]}

    mixed, ones = batch(np.array([0, 1, 1, 1, 0])), batch(np.ones(4, dtype=int))
    zeros, single, kept = batch(np.zeros(4, dtype=int)), batch(np.array([0])), batch(np.array([1, 0, 0, 1, 1, 0]))
    sure = batch(np.array([1, 0, 1]))
    sure["p"][:] = np.where(sure["labels"] == 1, 2.0**-30, 1 - 2.0**-30)  # and wrong: the loss is steep there

    def step(given, learning_rate):
        given = {name: copied(value) for name, value in given.items()}
        return answer.training_step(*given.values(), learning_rate)

    def copied(value):
        return {name: np.copy(w) for name, w in value.items()} if isinstance(value, dict) else value.copy()

    def updated(given, learning_rate=rate):
        """The parameters after the step, and those after one where wrong probabilities are next to 0 and 1."""
        return {
            "updated": second(step(given, learning_rate)),
            "updated, where wrong probabilities are next to 0 and 1": second(step(sure, rate)),
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
