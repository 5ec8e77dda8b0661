"""Gradients of a list of parameters, and a step of gradient descent along them."""

import numpy as np


def gradients(loss, parameters):
    """A list of the gradients of loss with respect to each parameter; zeros for one that loss does not depend on."""
    for parameter in parameters:
        parameter.grad = None
    loss.backward()
    return [np.zeros_like(p.value) if p.grad is None else p.grad for p in parameters]


def sgd_step(parameters, learning_rate):
    """One step of gradient descent, in place, after ``backward``.

    What was computed from the parameters before belongs to their old values:
    compute the loss anew.
    Raises ValueError if learning_rate is not > 0, or if a parameter has no
    gradient.
    """
    if not learning_rate > 0:
        raise ValueError(f"sgd_step: learning_rate must be > 0, got {learning_rate}")
    for i, parameter in enumerate(parameters):
        if parameter.grad is None:
            raise ValueError(f"sgd_step: parameter {i} has no gradient; call backward on a loss that uses it")
        parameter.value -= learning_rate * parameter.grad
