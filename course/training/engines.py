"""One network, one loss, six engines: each gives the loss and its gradients for the same parameters.

The network: any number of sigmoid layers, then one linear unit whose output is the score of label 1. The
loss is the mean cross-entropy of the scores. ``parameters`` is [W1, b1, W2, b2, …], W (inputs, outputs) and
b (outputs,); X is (N, D), labels (N,) of 0 and 1, everything float64. Each engine is a function
``engine(parameters, X, labels) -> (loss, gradients)``, the gradients in the order and shapes of the parameters.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def new_parameters(sizes, rng):
    """Weights normal(0, 1/√inputs) and biases 0 for layers of these sizes, say (30, 16, 1)."""
    parameters = []
    for inputs, outputs in pairwise(sizes):
        parameters += [rng.normal(size=(inputs, outputs)) / np.sqrt(inputs), np.zeros(outputs)]
    return parameters


def layers(parameters):
    """The parameters as pairs (W, b), one for each layer."""
    return list(zip(parameters[::2], parameters[1::2], strict=True))


def sigmoid(scores):
    """1 / (1 + exp(-score)), for scores of any size."""
    return np.exp(-np.logaddexp(0, -scores))


def probabilities(parameters, X):
    """Probability of label 1 for each example, (N, 1)."""
    for W, b in layers(parameters):
        X = sigmoid(X @ W + b)
    return X


def by_hand(parameters, X, labels):
    """Backpropagation written out in NumPy."""
    labels = labels[:, None]
    *hidden, (W, b) = layers(parameters)
    inputs = [X]
    for W_hidden, b_hidden in hidden:
        inputs.append(sigmoid(inputs[-1] @ W_hidden + b_hidden))
    scores = inputs[-1] @ W + b
    loss = np.mean(np.logaddexp(0, (1 - 2 * labels) * scores))
    dscores = (sigmoid(scores) - labels) / len(X)
    gradients: list[np.ndarray] = []
    for (W, _), a in zip(reversed(layers(parameters)), reversed(inputs), strict=True):
        gradients = [a.T @ dscores, dscores.sum(axis=0), *gradients]
        if a is not X:  # nobody asks for the gradient with respect to X
            dscores = (dscores @ np.transpose(W)) * a * (1 - a)
    return loss, gradients


def forward_mode(parameters, X, labels):
    """Unit 4: every number carries its derivatives with respect to all parameters."""
    from course.forward_mode.network import LinearLayer, LogLoss, Sigmoid, Tensor

    a, tracked = X, list[Tensor]()
    for W, b in layers(parameters):
        layer = LinearLayer(W.shape[0], W.shape[1], np.random.default_rng())
        layer.W.value, layer.b.value = W, b
        a, tracked = Sigmoid()(layer(a)), [*tracked, layer.W, layer.b]
    loss = LogLoss()(a, labels)
    return float(loss.value), [loss.by(parameter) for parameter in tracked]


def tensor_engine(parameters, X, labels):
    """Unit 5: arrays that remember where they came from, and a backward pass."""
    from course.tensor_engine.reference import Tensor, gradients, linear, sigmoid, sigmoid_cross_entropy

    tensors = [Tensor(p) for p in parameters]
    *hidden, (W, b) = layers(tensors)
    a = X
    for W_hidden, b_hidden in hidden:
        a = sigmoid(linear(a, W_hidden, b_hidden))
    loss = sigmoid_cross_entropy(linear(a, W, b), labels[:, None])
    return float(loss.value), gradients(loss, tensors)


def tensorflow(parameters, X, labels):
    """TensorFlow's tape."""
    import tensorflow as tf

    variables = [tf.constant(p) for p in parameters]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        *hidden, (W, b) = layers(variables)
        a = tf.constant(X)
        for W_hidden, b_hidden in hidden:
            a = tf.sigmoid(a @ W_hidden + b_hidden)
        scores = a @ W + b
        targets = tf.constant(labels[:, None], scores.dtype)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)
        loss = tf.reduce_mean(losses)
    return float(loss), [g.numpy() for g in tape.gradient(loss, variables)]


def pytorch(parameters, X, labels):
    """PyTorch's autograd."""
    import torch

    tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
    *hidden, (W, b) = layers(tensors)
    a = torch.tensor(X)
    for W_hidden, b_hidden in hidden:
        a = torch.sigmoid(a @ W_hidden + b_hidden)
    targets = torch.tensor(labels[:, None], dtype=torch.float64)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    loss = cross_entropy(a @ W + b, targets)
    gradients = torch.autograd.grad(loss, tensors)
    return loss.item(), [gradient.numpy() for gradient in gradients]


def cross_entropy_of_scores(labels, scores):
    """Mean cross-entropy of scores for labels 0 and 1: a loss for Keras."""
    from keras import ops

    signs = 1 - 2 * ops.cast(labels, scores.dtype)
    return ops.mean(ops.softplus(signs * scores))


def plain_descent(learning_rate):
    """A Keras optimizer of our own: a plain step of gradient descent."""
    import keras

    class PlainDescent(keras.optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            rate = keras.ops.cast(learning_rate, variable.dtype)
            self.assign_sub(variable, rate * keras.ops.cast(gradient, variable.dtype))

    return PlainDescent(learning_rate)
