"""The practice task of unit 0. It is worth no points, and is checked like all others."""

from course.check import Unit

unit = Unit("start_here", frameworks=("sympy",))


@unit.task(points=0)
def mean_of_squares(answer, rng):
    vector, table = rng.uniform(1, 3, size=5), rng.uniform(-3, 3, size=(2, 3))
    whole = 2 * rng.integers(1, 5, size=4) + [1, 0, 0, 0]  # their squares never add up to a multiple of 4
    return {
        "a vector": lambda: answer.mean_of_squares(vector.copy()),
        "a 2 by 3 array with negative numbers": lambda: answer.mean_of_squares(table.copy()),
        "whole numbers": lambda: answer.mean_of_squares(whole.copy()),
    }
