"""Layers with given weights, and what checks ask of what answers make of them."""

import numpy as np


def dense(units, inputs, **options):
    """A built Dense layer."""
    import keras

    layer = keras.layers.Dense(units, **options)
    layer.build((None, inputs))
    return layer


def neuron(kernel, bias, activation="sigmoid"):
    """A built Dense layer of one unit with these weights: an array (n,) and a number."""
    layer = dense(1, len(kernel), activation=activation)
    layer.set_weights([np.reshape(kernel, (-1, 1)), np.reshape(bias, (1,))])
    return layer


def output(layer, x):
    """A layer's output for a batch, as an array."""
    return layer(np.asarray(x, dtype="float32")).numpy()


def signed(rng, low, high, size=None):
    """Numbers whose size lies between low and high, of either sign."""
    return rng.uniform(low, high, size=size) * rng.choice([-1, 1], size=size)


def row(table, i):
    """Row i of a table; a text where there is none."""
    try:
        return np.asarray(table)[i]
    except (IndexError, TypeError, ValueError):
        return "no table with such a row"


def dtype_of(result):
    """The name of an array's or tensor's dtype; a text for anything else."""
    try:
        return np.asarray(result).dtype.name
    except (TypeError, ValueError):
        return "no array"


FAULTS = {
    "unexpected keyword": "get_config names a parameter that __init__ does not have",
    "missing": "get_config leaves out a parameter that __init__ needs",
    "must be a mapping": "get_config returned no dict",
    "should return a dict": "get_config returned no dict",
}
"""What is wrong with a configuration, by words of the TypeError that it leads to."""


def configured(call):
    """The result of a call that makes or uses a configuration. Raises LookupError for one that is none."""
    try:
        return call()
    except TypeError as error:
        for words, fault in FAULTS.items():
            if words in str(error):
                raise LookupError(fault) from error
        raise
