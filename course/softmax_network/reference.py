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
    """Logarithm of the softmax over the last axis.

    scores: array (K,), or (N, K) with one example a row; integers allowed;
    left as it was. Returns an array of the same shape, right and finite for
    large scores too, 800 and -800 included.
    Raises ValueError if there is no class: if K is 0 or scores is a number.
    """
    scores = np.asarray(scores, dtype=float)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise ValueError(f"log_softmax: scores must have shape (K,) or (N, K) with K > 0, got {scores.shape}")
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def forward(W1, W2, x, label):
    """The forward pass of one example through both layers, to the loss.

    W1: array (H, D); W2: array (K, H); x: array (D,), integers allowed;
    label: array (K,), one-hot. All are left as they were.
    Returns (h1, z1, h2, p, L): arrays (H,), (H,), (K,), (K,) and a number.
    p and L are right and finite for large scores h2 too, 800 and -800
    included. Raises ValueError for shapes that do not fit together, and for
    a label that does not add up to 1.
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
    L = -(label @ log_p)
    return h1, z1, h2, p, L


def backward(W2, x, label, z1, p):
    """The backward pass: gradients of the loss with respect to h2, W2, h1, W1.

    W2: array (K, H); x: array (D,), integers allowed; label: array (K,),
    one-hot; z1: array (H,) and p: array (K,), from the forward pass. All are
    left as they were. Returns (dh2, dW2, dh1, dW1): arrays (K,), (K, H),
    (H,) and (H, D). Raises ValueError for shapes that do not fit together.
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
    """Compare gradients with central differences, entry by entry.

    loss: takes a dict like parameters, returns one number. parameters,
    gradients: dicts from names to arrays, the same names and shapes in both;
    left as they were. epsilon: the step of the differences. The error of an
    entry is the relative error of unit 1, in which 0/0 counts as 0.
    Returns a dict from each name to the largest error of its entries.
    Raises ValueError if an error is above the threshold, or NaN. The message
    holds the name of the parameter and the index of its worst entry, that of
    the largest error, written like W1[2, 0]. It is raised as well for names
    or shapes that differ, and for an epsilon or threshold that is not > 0.
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


def planted_bug(loss, parameters, gradients, rng):
    """The name of the one parameter whose gradient is wrong.

    loss: takes a dict like parameters, returns one number, computed in the
    type of the parameters. parameters, gradients: dicts from names to
    arrays, the same names and shapes in both, float64 or float32; left as
    they were. rng: a NumPy generator for random directions.
    At most one gradient is wrong, and then clearly so. Around these
    parameters a step of 1e-7 crosses no kink of the loss; one of 1e-5 may.
    Each direction takes two calls of the loss, which is slow: do not nudge
    every entry. Returns a key of parameters, or "none".
    Raises ValueError for names or shapes that differ.
    """
    wanted = {name: np.shape(parameter) for name, parameter in parameters.items()}
    given = {name: np.shape(gradient) for name, gradient in gradients.items()}
    if given != wanted:
        raise ValueError(f"planted_bug: gradients must be {wanted}, got {given}")
    parameters = {name: np.asarray(w, dtype=float) for name, w in parameters.items()}

    def agree(name, u):
        w, along = parameters[name], np.sum(gradients[name] * u)
        for h in (1e-5, 1e-7):  # a kink within the longer step is none within the shorter one
            above = loss({**parameters, name: w + h * u})
            below = loss({**parameters, name: w - h * u})
            slope = (above - below) / (2 * h)
            if abs(along - slope) <= 1e-6 + 1e-4 * abs(slope):
                return True
        return False

    for name, w in parameters.items():
        if not all(agree(name, u) for u in rng.normal(size=(2, *w.shape))):
            return name
    return "none"


def loss_from_scores(scores, classes):
    """Probabilities, predicted classes and mean cross-entropy of a batch.

    scores: array (N, K), one example a row; integers allowed. classes: array
    (N,) of whole numbers, the index of each example's right class, from 0 to
    K - 1. Both are left as they were.
    Returns (probabilities, predicted, loss): an array (N, K), an array (N,)
    with the index of each example's most probable class, and a number. All
    are right and finite for large scores too, 800 and -800 included.
    Raises ValueError for other shapes, an empty batch, and classes that are
    no whole numbers or out of range.
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
    """The forward and the backward pass in PyTorch, without its autograd.

    W1: array (H, D); W2: array (K, H); x: array (D,); label: array (K,).
    Returns (L, dW1, dW2): float64 tensors (), (H, D) and (K, H).
    """
    given = (W1, W2, x, label)
    W1, W2, x, label = (torch.as_tensor(a, dtype=torch.float64) for a in given)
    h1 = W1 @ x
    z1 = torch.sigmoid(h1)
    h2 = W2 @ z1
    log_p = h2 - torch.logsumexp(h2, dim=0)
    L = -(label @ log_p)

    dh2 = log_p.exp() - label
    dW2 = torch.outer(dh2, z1)
    dh1 = (W2.T @ dh2) * z1 * (1 - z1)
    dW1 = torch.outer(dh1, x)
    return L, dW1, dW2


def keras_network(W1, W2):
    """The network up to its scores h2, in Keras, float64, without biases.

    W1: array (H, D); W2: array (K, H). Returns a model that takes a batch
    (N, D) and returns scores (N, K). Its kernels are W1 and W2 transposed.
    """
    (H, D), K = W1.shape, len(W2)
    plain = {"use_bias": False, "dtype": "float64"}
    hidden = keras.layers.Dense(H, activation="sigmoid", **plain)
    scores = keras.layers.Dense(K, **plain)
    model = keras.Sequential([keras.Input((D,), dtype="float64"), hidden, scores])
    model.set_weights([W1.T, W2.T])
    return model
