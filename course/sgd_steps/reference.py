"""Steps downhill: plain gradient descent, momentum in two conventions, Adam, and the largest learning rate.

Sources: B. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
Mathematics and Mathematical Physics 4 (1964), for momentum; D. Kingma and J. Ba, "Adam: a method for stochastic
optimization", ICLR 2015, algorithm 1; Y. Nesterov, "Lectures on Convex Optimization", 2nd ed. (2018),
for the learning rate at which gradient descent stops converging.
"""

import numpy as np


def sgd_step(parameters, gradients, learning_rate):
    """The parameters after one step of gradient descent.

    parameters: dict of arrays, whole numbers allowed. gradients: dict of the
    same names, perhaps in another order; each has the shape of its
    parameter. Both dicts and their arrays are left as they were.
    learning_rate: a number > 0. Returns a new dict of new arrays.
    Raises ValueError if learning_rate is not > 0, or if names or shapes
    differ.
    """
    if not learning_rate > 0:
        raise ValueError(f"sgd_step: learning_rate must be > 0, got {learning_rate}")
    wanted = {name: np.shape(w) for name, w in parameters.items()}
    given = {name: np.shape(gradient) for name, gradient in gradients.items()}
    if given != wanted:
        raise ValueError(f"sgd_step: gradients must have the names and shapes {wanted}, got {given}")
    stepped = {}
    for name in parameters:
        stepped[name] = parameters[name] - learning_rate * gradients[name]
    return stepped


def descend(loss_and_gradients, parameters, learning_rate, steps):
    """Many steps of gradient descent with one learning rate.

    loss_and_gradients: takes a list of arrays and returns the loss there, a
    number, and a list of gradients, in the same order. parameters: list of
    arrays, whole numbers allowed; list and arrays are left as they were.
    learning_rate: a number > 0. steps: how many, >= 0.
    Returns (parameters, losses): the arrays after the last step, in a list,
    and steps + 1 losses, in a list: the one at the start, then the one after
    each step.
    Raises ValueError if learning_rate is not > 0 or steps is negative.
    """
    if not learning_rate > 0:
        raise ValueError(f"descend: learning_rate must be > 0, got {learning_rate}")
    if steps < 0:
        raise ValueError(f"descend: steps must be >= 0, got {steps}")
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(parameters)
        losses.append(loss)
        parameters = [w - learning_rate * g for w, g in zip(parameters, gradients, strict=True)]
    loss, _ = loss_and_gradients(parameters)
    losses.append(loss)
    return parameters, losses


def keras_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    """One step with momentum in the convention of Keras.

    w, velocity, gradient: arrays of one shape, left as they were; a velocity
    of zeros is rest. learning_rate: a number > 0. momentum: the share of its
    velocity that w keeps, from 0 (none) to below 1.
    Returns (w, velocity) after the step, as new arrays.
    Raises ValueError for other numbers, and if the shapes differ.
    """
    if not learning_rate > 0:
        raise ValueError(f"keras_momentum_step: learning_rate must be > 0, got {learning_rate}")
    if not 0 <= momentum < 1:
        raise ValueError(f"keras_momentum_step: momentum must be >= 0 and < 1, got {momentum}")
    shapes = [np.shape(array) for array in (w, velocity, gradient)]
    if len(set(shapes)) > 1:
        raise ValueError(f"keras_momentum_step: w, velocity and gradient must have one shape, got {shapes}")
    velocity = momentum * velocity - learning_rate * gradient
    return w + velocity, velocity


def torch_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    """One step with momentum in the convention of PyTorch.

    w, velocity, gradient: arrays of one shape, left as they were; a velocity
    of zeros is rest. learning_rate: a number > 0. momentum: the share of the
    old velocity that is kept, from 0 (none) to below 1.
    Returns (w, velocity) after the step, as new arrays.
    Raises ValueError for other numbers, and if the shapes differ.
    """
    if not learning_rate > 0:
        raise ValueError(f"torch_momentum_step: learning_rate must be > 0, got {learning_rate}")
    if not 0 <= momentum < 1:
        raise ValueError(f"torch_momentum_step: momentum must be >= 0 and < 1, got {momentum}")
    shapes = [np.shape(array) for array in (w, velocity, gradient)]
    if len(set(shapes)) > 1:
        raise ValueError(f"torch_momentum_step: w, velocity and gradient must have one shape, got {shapes}")
    velocity = momentum * velocity + gradient
    return w - learning_rate * velocity, velocity


def adam_step(w, m, v, gradient, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Step number t of Adam, with bias correction.

    w, m, v, gradient: arrays of one shape, left as they were. m and v are
    the running means of the gradient and of its square, as they accumulate
    from zeros, not corrected. t: 1 for the first step. learning_rate: a
    number > 0. beta1, beta2: the share of the old mean that m and v keep,
    from 0 to below 1. epsilon: a number > 0, as PyTorch has it.
    Returns (w, m, v) after the step, as new arrays; m and v not corrected.
    Raises ValueError for other numbers, and if the shapes differ.
    """
    for name, value in (("learning_rate", learning_rate), ("epsilon", epsilon)):
        if not value > 0:
            raise ValueError(f"adam_step: {name} must be > 0, got {value}")
    for name, value in (("beta1", beta1), ("beta2", beta2)):
        if not 0 <= value < 1:
            raise ValueError(f"adam_step: {name} must be >= 0 and < 1, got {value}")
    if t < 1:
        raise ValueError(f"adam_step: t must be >= 1, got {t}")
    shapes = [np.shape(array) for array in (w, m, v, gradient)]
    if len(set(shapes)) > 1:
        raise ValueError(f"adam_step: w, m, v and gradient must have one shape, got {shapes}")
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


def largest_learning_rate(A):
    """The learning rate up to which gradient descent converges in a bowl.

    Below this rate w comes to 0 wherever it starts; above it, w moves ever
    further away from nearly every start. A: array (n, n), symmetric and
    positive definite, whole numbers allowed; the gradient of the loss with
    respect to w is A w.
    Returns a number > 0. Raises ValueError if A is not square or not
    symmetric.
    """
    A = np.asarray(A, dtype=float)
    if A.ndim != 2 or A.shape[0] != A.shape[1] or A.size == 0:
        raise ValueError(f"largest_learning_rate: A must have shape (n, n) with n > 0, got {A.shape}")
    if not np.allclose(A, A.T):
        raise ValueError(f"largest_learning_rate: A must be symmetric, got a difference of {np.abs(A - A.T).max():g}")
    curvatures = np.linalg.eigvalsh(A)
    return 2 / curvatures[-1]
