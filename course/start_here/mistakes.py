"""Unit 0: what goes wrong in the practice answer, and other ways to be right."""

import numpy as np

from course.start_here.check import unit

unit.mistake_in(
    "mean_of_squares",
    "the square of the mean",
    {"np.mean(np.square(x))": "np.mean(x) ** 2"},
    "Square every entry first, then take the mean.",
)
unit.mistake_in(
    "mean_of_squares",
    "the sum instead of the mean",
    {"np.mean(": "np.sum("},
    "Divide the sum by the number of entries.",
)
unit.mistake_in(
    "mean_of_squares",
    "nothing squared",
    {"np.square(x)": "x"},
    "That is the mean of x itself: square the entries.",
)
unit.mistake_in(
    "mean_of_squares",
    "the root of the mean",
    {"np.mean(np.square(x))": "np.sqrt(np.mean(np.square(x)))"},
    "No root: the mean of the squares is asked for.",
)
unit.mistake_in(
    "mean_of_squares",
    "divided by n - 1",
    {"np.mean(np.square(x))": "np.sum(np.square(x)) / (np.size(x) - 1)"},
    "A mean divides by the number of entries, n.",
)
unit.mistake_in(
    "mean_of_squares",
    "one mean for each column",
    {"np.mean(np.square(x))": "np.mean(np.square(x), axis=0)"},
    "axis=0 keeps the columns apart: take the mean over all entries.",
)
unit.mistake_in(
    "mean_of_squares",
    "divided by the number of rows",
    {"np.mean(np.square(x))": "np.sum(np.square(x)) / len(x)"},
    "len counts the rows of a table: use np.size, or np.mean.",
)
unit.mistake_in(
    "mean_of_squares",
    "rounded down",
    {"np.mean(np.square(x))": "np.sum(np.square(x)) // np.size(x)"},
    "// rounds down: divide with /.",
)
unit.mistake_in(
    "mean_of_squares",
    "doubled instead of squared",
    {"np.square(x)": "2 * x"},
    "x * 2 doubles. A square is x * x, or x**2.",
)
unit.mistake_in(
    "mean_of_squares",
    "the squares themselves",
    {"np.mean(np.square(x))": "np.square(x)"},
    "One number is asked for: take the mean of these squares.",
)
unit.mistake_in(
    "mean_of_squares",
    "printed but not returned",
    {"return np.mean(np.square(x))": "print(np.mean(np.square(x)))"},
    "A function that only prints hands back None: write return.",
)


@unit.alternative("with a dot product")
def mean_of_squares(x):
    flat = np.ravel(x)
    return flat @ flat / flat.size


@unit.alternative("with the power operator")
def mean_of_squares(x):
    return (x**2).sum() / x.size


@unit.mistake(
    "return inside the loop", "`return` inside the loop ends it after the first number: put it behind the loop."
)
def mean_of_squares(x):
    total = 0
    for number in np.ravel(x):
        total += number**2
        return total / np.size(x)


@unit.alternative("in place, on a float copy")
def mean_of_squares(x):
    x = np.array(x, dtype=float)
    x *= x
    return float(x.mean())


@unit.alternative("with a loop")
def mean_of_squares(x):
    total = 0
    for number in np.ravel(x).tolist():
        total += number * number
    return total / np.size(x)
