"""Symptoms of answers that raise: what an error means for the one who wrote the line, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from course.check.plain import Raised

MESSAGES = {
    r"operands could not be broadcast|shapes .* not aligned|mismatch in its core dimension|must match the size|"
    r"shapes cannot be multiplied|[Ii]ncompatible shapes|[Mm]atrix size-incompatible|must be equal rank|"
    r"all the input array dimensions|could not broadcast|inconsistent tensor size": (
        "Shapes do not fit together. Write the shape of each array beside the line: one of them needs a transposition, "
        "another order, or another axis."
    ),
    r"missing \d+ required|takes \d+ positional|unexpected keyword|got multiple values|takes from \d+ to": (
        "A function is called with other arguments than it takes. Compare the call with its definition."
    ),
    r"math range error|Result too large|too large to convert": (
        "A number becomes larger than any float. Rewrite the formula so that exp is never taken of a large number."
    ),
    r"division by zero|divide by zero": "Something is divided by 0. Which input makes the denominator 0?",
    r"math domain error": "A function is asked for a value that it does not have, such as the logarithm of 0.",
    r"maximum recursion depth": "The answer calls itself without an end, or too deeply. Use a loop.",
    r"read-only|does not support item assignment|assignment destination": (
        "The answer writes into something that cannot be changed. Make an array of your own, and write into that."
    ),
    r"not finished after|interrupted before": (
        "The answer takes too long. Count how often it calls a function, or goes through the data."
    ),
    r"'NoneType' object|NoneType": "A None is used as if it were a value. Which call returned it?",
    r"only integer scalar arrays|cannot be interpreted as an integer|indices must be integers|integers, slices": (
        "A number stands where Python needs a whole one: an axis, a shape or an index. "
        "(np.max(a, b) takes b for the axis; np.maximum compares two arrays.)"
    ),
    r"only .*(length-1|0-dimensional|scalar arrays|single-element)|truth value of an array|"
    r"setting an array element with a sequence": (
        "An array stands where one number is needed. Use functions of NumPy, which take arrays, or an index."
    ),
    r"invalid index to scalar|not subscriptable|too many indices": (
        "An index is put on something that has fewer axes. Print its shape before the line."
    ),
    r"out of bounds|index out of range": (
        "An index goes beyond the end. Take sizes from the input, and look at the last turn of the loop."
    ),
    r"unsupported operand|did not contain a loop|not supported for the input|can only concatenate|"
    r"must be real number|bad operand": (
        "An operation is given values that it does not take, such as a list or a text. Print their types."
    ),
    r"has no attribute": "An object is asked for something that it does not have. Print its type.",
    r"not callable": "Something that is no function is called. Are brackets too many, or is a name used twice?",
    r"not iterable|cannot unpack|values to unpack": (
        "A result is taken apart that has another number of items. Print it before the line."
    ),
}


def of_failures(raised: Sequence[tuple[str, Raised]], always: bool) -> str | None:
    """What the errors of some parts mean, if all of them came from one line. ``always``: no other part is wrong."""
    if not raised or len({(error.kind, error.line) for _, error in raised}) > 1:
        return None
    error = raised[0][1]
    where = f"Line {error.line} of the answer" if error.line else "The answer"
    often = "" if always else f" It happens with: {'; '.join(name for name, _ in raised)}."
    if error.code.startswith("raise "):
        return f"{where} refuses a valid input. Look at the condition before its raise.{often}"
    if unknown := re.match(r"(?:name|cannot access local variable) '(\w+)'", error.message):
        told = f"The name {unknown[1]} has no value there. Is it misspelt, or a name of another cell?"
    else:
        told = next((told for pattern, told in MESSAGES.items() if re.search(pattern, error.message)), "")
    if not told:
        return f"{where} raises {error.kind}. Print the values that stand there.{often}"
    return f"{where}: {told[:1].lower()}{told[1:]}{often}"
