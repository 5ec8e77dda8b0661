"""What a check observes of a search for planted bugs: several networks a part, drawn so that every seed has others."""

from copy import deepcopy

import numpy as np

from course.check.parts import afterwards
from course.softmax_network.planted import RIGHT, at_most, planted

BUG_KEPT = "parameters and gradients are left as they were"
ENOUGH = 60  # calls of the loss: three directions for each of four parameters, with a step or two, and some to spare
FEW = f"at most {ENOUGH} calls of the loss"


def planted_bug(answer, rng, planted=planted):
    def found(*errors, kind="", calls=10_000):
        """What the answer says about a network for each error, in a random order.

        All networks are made before, so no frame knows an error. A layer that is written as ? is 1 or 2.
        """
        drawn = [error.replace("?", str(rng.integers(1, 3))) for error in rng.permutation(errors).tolist()]
        networks = [planted(int(rng.integers(2**62)), error, kind) for error in drawn]
        seeds = rng.integers(2**62, size=len(errors))

        def said():
            return {
                f"network {i}": answer.planted_bug(
                    at_most(calls, loss), deepcopy(parameters), deepcopy(gradients), np.random.default_rng(seed)
                )
                for i, ((loss, parameters, gradients), seed) in enumerate(zip(networks, seeds, strict=True), start=1)
            }

        return said

    loss, parameters, gradients = planted(int(rng.integers(2**62)))

    def kept(parameters, gradients):
        answer.planted_bug(loss, parameters, gradients, np.random.default_rng(1))

    # Each part has the same errors with every seed, in another order or one twice, so known mistakes earn the same.
    return {
        "a wrong sign": found(*(f"sign of {name}" for name in RIGHT)),
        "a missing factor 1/n": found(*(f"{name} without 1/n" for name in RIGHT)),
        "a transposed product": found("W1 transposed", "W2 transposed", "W? transposed"),
        "a mask left out": found(*(f"{name} without the mask" for name in ("W1", "b1", rng.choice(["W1", "b1"])))),
        "a bias summed over the wrong axis": found(*(f"b{layer} over the wrong axis" for layer in (1, 2, "?"))),
        "one wrong entry": found("one entry of W1", "one entry of W2", "one entry of W?"),
        "beside a kink": found("", "W1 transposed", "W2 transposed", kind="near a kink"),
        "gradients near 0": found("", "W2 without 1/n", "b2 without 1/n", kind="near 0"),
        "gradients of a billion": found(
            *(f"{name} without 1/n" for name in ("W1", "b1", rng.choice(["W1", "b1"]))), kind="a billion"
        ),
        "parameters in float32": found("", "one entry of W1", "one entry of W2", kind="float32"),
        FEW: found("", "one entry of W1", "one entry of W2", calls=ENOUGH),
        BUG_KEPT: lambda: afterwards(kept, parameters=parameters, gradients=gradients),
    }


del planted  # an answer cannot replace what has no name in this module
