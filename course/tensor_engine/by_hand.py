"""The networks of this unit in hand-written NumPy, forward and back: what the engine is measured against.

Parameters are a flat list [W1, b1, W2, b2, …] with W (inputs, outputs) and b (outputs,). Hidden layers are ReLU.
One output: sigmoid and binary cross-entropy, labels (N, 1) of 0.0 and 1.0. More outputs: softmax
cross-entropy, labels (N,) of whole numbers. Every loss is the mean over the batch.
"""

from itertools import pairwise

import numpy as np


def start(sizes, rng, dtype=np.float64):
    """Parameters of a network of these layer sizes.

    Weights are normal with mean 0 and standard deviation √(2 / inputs), biases
    0. Source: K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into
    rectifiers" (2015).
    """
    parameters = []
    for inputs, outputs in pairwise(sizes):
        parameters.append(rng.normal(0, np.sqrt(2 / inputs), size=(inputs, outputs)).astype(dtype))
        parameters.append(np.zeros(outputs, dtype))
    return parameters


def loss_and_gradients(parameters, X, labels):
    """Loss over a batch X (N, inputs), and its gradient with respect to every parameter, in the parameters' order."""
    activations = [X]
    for i in range(0, len(parameters) - 2, 2):
        h = activations[-1] @ parameters[i]
        h += parameters[i + 1]
        np.maximum(h, 0, out=h)
        activations.append(h)
    logits = activations[-1] @ parameters[-2]
    logits += parameters[-1]
    loss, delta = (softmax_loss if logits.shape[1] > 1 else sigmoid_loss)(logits, labels)
    gradients = [delta.sum(axis=0), activations[-1].T @ delta]
    for i in range(len(parameters) - 2, 0, -2):
        h = activations[i // 2]
        delta = delta @ parameters[i].T
        delta *= h > 0
        gradients += [delta.sum(axis=0), activations[i // 2 - 1].T @ delta]
    return loss, gradients[::-1]


def softmax_loss(logits, labels):
    """Mean softmax cross-entropy and its gradient with respect to the logits."""
    n, rows = len(labels), np.arange(len(labels))
    logits -= logits.max(axis=1, keepdims=True)
    P = np.exp(logits)
    total = P.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - logits[rows, labels]).sum() / n
    P /= total
    P[rows, labels] -= 1
    P /= n
    return loss, P


def sigmoid_loss(logits, labels):
    """Mean sigmoid cross-entropy and its gradient with respect to the logits."""
    e = np.exp(-np.abs(logits))
    loss = (np.maximum(logits, 0) - logits * labels + np.log1p(e)).sum() / logits.size
    P = np.where(logits >= 0, 1, e) / (1 + e)
    P -= labels
    P /= logits.size
    return loss, P


def step(parameters, X, labels, learning_rate):
    """One step of gradient descent, in place; returns the loss before it."""
    loss, gradients = loss_and_gradients(parameters, X, labels)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        gradient *= learning_rate
        parameter -= gradient
    return loss


def two_hidden_layers(parameters, X, labels):
    """Mean softmax cross-entropy of a network, and all gradients.

    The network has two hidden ReLU layers. parameters: [W1, b1, W2, b2, W3,
    b3], each W (inputs, outputs) and each b (outputs,). X: array (N, inputs),
    one example a row. labels: N whole numbers, the classes, from 0. All are
    left as they were. Logits near 1000 are allowed.
    Returns (loss, gradients): a number, and a list of six arrays in the order
    and shapes of the parameters.
    Raises ValueError for another number of parameters, for an empty batch, and
    for another number of labels.
    """
    if len(parameters) != 6:
        raise ValueError(f"two_hidden_layers: parameters must be six arrays, got {len(parameters)}")
    if len(X) == 0 or np.shape(labels) != (len(X),):
        raise ValueError(f"two_hidden_layers: labels must be {len(X)} numbers, at least 1, got {np.shape(labels)}")
    W1, b1, W2, b2, W3, b3 = parameters
    h1 = np.maximum(X @ W1 + b1, 0)
    h2 = np.maximum(h1 @ W2 + b2, 0)
    logits = h2 @ W3 + b3

    rows = np.arange(len(X))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_P = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_P[rows, labels].mean()

    d3 = np.exp(log_P)
    d3[rows, labels] -= 1
    d3 /= len(X)
    d2 = d3 @ W3.T * (h2 > 0)
    d1 = d2 @ W2.T * (h1 > 0)
    return loss, [X.T @ d1, d1.sum(axis=0), h1.T @ d2, d2.sum(axis=0), h2.T @ d3, d3.sum(axis=0)]
