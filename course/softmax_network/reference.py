"""A network of two layers and a softmax: forward, backward, a gradient check, and the same in PyTorch and Keras.

Sources: J. Bridle, "Probabilistic interpretation of feedforward classification network outputs", in
Neurocomputing (1990), for the softmax; P. Blanchard, D. Higham and N. Higham, "Accurately computing the
log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41 (2021), for the shift by the maximum.
"""

import keras
import numpy as np
import torch

from course.numeric_gradient.reference import central_difference


def log_softmax(scores):
    """Logarithm of the softmax over the last axis: ln(exp(sᵢ) / Σⱼ exp(sⱼ)).

    scores: array (K,), or (N, K) with one example a row; integers allowed; it is left as it was.
    Returns an array of the same shape, right and finite for large scores too, 800 and -800 included.
    Raises ValueError if there is no class, that is if K is 0 or scores is a single number.
    """
    scores = np.asarray(scores, dtype=float)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise ValueError(f"log_softmax: scores must have shape (K,) or (N, K) with K > 0, got {scores.shape}")
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def forward(W1, W2, x, label):
    """One example on its way through the network: h1 = W1 x, z1 = σ(h1), h2 = W2 z1, p = softmax(h2), J = -label·ln p.

    W1: array (H, D); W2: array (K, H); x: array (D,), integers allowed; label: array (K,) with a 1 for the
    right class and 0 for the others. All are left as they were.
    Returns (h1, z1, h2, p, J): arrays (H,), (H,), (K,), (K,) and a number.
    p and J are right and finite for large scores h2 too, 800 and -800 included.
    Raises ValueError for shapes that do not fit together, and for a label that does not add up to 1.
    """
    W1, W2, x, label = (np.asarray(given, dtype=float) for given in (W1, W2, x, label))
    if x.ndim != 1:
        raise ValueError(f"forward: x must have shape (D,), got {x.shape}")
    if W1.ndim != 2 or W1.shape[1:] != x.shape:
        raise ValueError(f"forward: W1 must have shape (H, {len(x)}) to go with x, got {W1.shape}")
    if W2.ndim != 2 or W2.shape[1:] != W1.shape[:1]:
        raise ValueError(f"forward: W2 must have shape (K, {len(W1)}) to go with W1, got {W2.shape}")
    if label.shape != W2.shape[:1]:
        raise ValueError(f"forward: label must have shape {W2.shape[:1]} to go with W2, got {label.shape}")
    if not np.isclose(label.sum(), 1):
        raise ValueError(f"forward: label must add up to 1, got {label.sum():g}")
    h1 = W1 @ x
    z1 = np.exp(-np.logaddexp(0, -h1))  # 1 / (1 + exp(-h1)) that never overflows
    h2 = W2 @ z1
    shifted = h2 - h2.max()
    log_p = shifted - np.log(np.exp(shifted).sum())
    p = np.exp(log_p)
    J = -(label @ log_p)
    return h1, z1, h2, p, J


def backward(W2, x, label, z1, p):
    """The gradients of J by h2, W2, h1 and W1, in the order of the way back.

    W2: array (K, H); x: array (D,), integers allowed; label: array (K,) with a 1 for the right class and 0
    for the others; z1: array (H,) and p: array (K,), as the way forward through the network computed them.
    All are left as they were. Returns (dh2, dW2, dh1, dW1): arrays (K,), (K, H), (H,) and (H, D).
    Raises ValueError for shapes that do not fit together.
    """
    W2, x, label, z1, p = (np.asarray(given, dtype=float) for given in (W2, x, label, z1, p))
    if x.ndim != 1:
        raise ValueError(f"backward: x must have shape (D,), got {x.shape}")
    if z1.ndim != 1 or p.ndim != 1 or W2.shape != (len(p), len(z1)):
        raise ValueError(
            f"backward: W2 must have shape (K, H) to go with p {p.shape} and z1 {z1.shape}, got {W2.shape}"
        )
    if label.shape != p.shape:
        raise ValueError(f"backward: label must have shape {p.shape} to go with p, got {label.shape}")
    dh2 = p - label
    dW2 = np.outer(dh2, z1)
    dz1 = W2.T @ dh2
    dh1 = dz1 * z1 * (1 - z1)
    dW1 = np.outer(dh1, x)
    return dh2, dW2, dh1, dW1


def gradient_check(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    """Compare gradients with central differences of step epsilon, for every entry of every parameter.

    loss: takes a dict like parameters, returns one number. parameters, gradients: dicts from names to arrays,
    the same names and shapes in both; they are left as they were. The error of an entry with gradient g and
    central difference n is |g - n| / max(|g| + |n|, tiny), where tiny is the smallest normal float, so that 0/0 is 0.
    Returns a dict from each name to the largest error of its entries.
    Raises ValueError if an error is above the threshold, or NaN. The message holds the name of the parameter
    and the index of its worst entry, the one of the largest error, written like W1[2, 0]. It is raised as
    well for names or shapes that differ, and for an epsilon or threshold that is not > 0.
    """
    for name, value in (("epsilon", epsilon), ("threshold", threshold)):
        if value <= 0:
            raise ValueError(f"gradient_check: {name} must be > 0, got {value}")
    if set(gradients) != set(parameters):
        raise ValueError(f"gradient_check: gradients must be named {sorted(parameters)}, got {sorted(gradients)}")
    for name, parameter in parameters.items():
        shape, wanted = np.shape(gradients[name]), np.shape(parameter)
        if shape != wanted:
            raise ValueError(f"gradient_check: the gradient of {name} must have shape {wanted}, got {shape}")
    largest = {}
    for name, parameter in parameters.items():
        gradient = np.asarray(gradients[name], dtype=float)
        numeric = central_difference(lambda v, name=name: loss({**parameters, name: v}), parameter, epsilon)
        scale = np.maximum(np.abs(gradient) + np.abs(numeric), np.finfo(float).tiny)
        errors = np.abs(gradient - numeric) / scale
        worst = np.unravel_index(np.argmax(errors), errors.shape)
        if not errors[worst] <= threshold:
            index = ", ".join(str(i) for i in worst)
            raise ValueError(
                f"gradient_check: {name}[{index}] has the error {errors[worst]:.1e}, above {threshold:g}: "
                f"the gradient is {gradient[worst]:.6g}, the central difference {numeric[worst]:.6g}"
            )
        largest[name] = errors[worst]
    return largest


def loss_from_scores(scores, classes):
    """Probabilities, predicted classes and mean loss of a batch, from its scores.

    scores: array (N, K), one example a row; integers allowed. classes: array (N,) of whole numbers, the
    index of each example's right class, from 0 to K - 1. The loss is the mean over the N examples of -ln of the
    probability that the softmax gives to the right class. Scores and classes are left as they were.
    Returns (probabilities, predicted, loss): an array (N, K), an array (N,) with the index of each example's most
    probable class, and a number. All are right and finite for large scores too, 800 and -800 included.
    Raises ValueError for other shapes, an empty batch, and classes that are no whole numbers or out of range.
    """
    scores, classes = np.asarray(scores, dtype=float), np.asarray(classes)
    if scores.ndim != 2 or scores.size == 0:
        raise ValueError(f"loss_from_scores: scores must have shape (N, K) with N, K > 0, got {scores.shape}")
    N, K = scores.shape
    if classes.shape != (N,):
        raise ValueError(f"loss_from_scores: classes must have shape ({N},) to go with scores, got {classes.shape}")
    if classes.dtype.kind not in "iu":
        raise ValueError(f"loss_from_scores: classes must be whole numbers, got {classes.dtype}")
    outside = classes[(classes < 0) | (classes >= K)]
    if outside.size:
        raise ValueError(f"loss_from_scores: classes must be from 0 to {K - 1}, got {outside[0]}")
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    predicted = np.argmax(scores, axis=1)
    loss = -np.mean(log_p[np.arange(N), classes])
    return np.exp(log_p), predicted, loss


def torch_by_hand(W1, W2, x, label):
    """The way forward and back in PyTorch, without its autograd.

    W1: array (H, D); W2: array (K, H); x: array (D,); label: array (K,). Returns (J, dW1, dW2): float64 tensors
    of the shapes (), (H, D) and (K, H).
    """
    W1, W2, x, label = (torch.as_tensor(given, dtype=torch.float64) for given in (W1, W2, x, label))
    h1 = W1 @ x
    z1 = torch.sigmoid(h1)
    h2 = W2 @ z1
    log_p = h2 - torch.logsumexp(h2, dim=0)
    J = -(label @ log_p)

    dh2 = log_p.exp() - label
    dW2 = torch.outer(dh2, z1)
    dh1 = (W2.T @ dh2) * z1 * (1 - z1)
    dW1 = torch.outer(dh1, x)
    return J, dW1, dW2


def keras_network(W1, W2):
    """The network up to its scores h2, in Keras, float64 and without biases.

    W1: array (H, D); W2: array (K, H). Returns a model that takes a batch (N, D) and returns scores (N, K).
    Keras multiplies from the other side, batch times kernel, so its kernels are W1 and W2 transposed.
    """
    (H, D), K = W1.shape, len(W2)
    model = keras.Sequential(
        [
            keras.Input((D,), dtype="float64"),
            keras.layers.Dense(H, activation="sigmoid", use_bias=False, dtype="float64"),
            keras.layers.Dense(K, use_bias=False, dtype="float64"),
        ]
    )
    model.set_weights([W1.T, W2.T])
    return model
