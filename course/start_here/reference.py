"""The practice answer of unit 0."""

import numpy as np


def mean_of_squares(x):
    """Mean of the squares of all entries of x.

    x: array of any shape, not empty.
    Returns one number. Raises ValueError if x is empty.
    """
    if np.size(x) == 0:
        raise ValueError(f"mean_of_squares: x must have at least 1 entry, got shape {np.shape(x)}")
    return np.mean(np.square(x))
