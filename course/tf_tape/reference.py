"""Gradients from TensorFlow's tape: of any function, of a neuron's loss, of results on the way, after a repair.

Sources: M. Abadi et al., "TensorFlow: a system for large-scale machine learning", OSDI (2016); A. Agrawal et al.,
"TensorFlow Eager: a multi-stage, Python-embedded DSL for machine learning", SysML (2019), for the tape; the
TensorFlow guides "Introduction to gradients and automatic differentiation" and "Advanced automatic differentiation".
"""

import numpy as np
import tensorflow as tf


def tape_gradient(f, values):
    """The value of f at one point, and its gradient by every input.

    f: takes n tensors, returns a tensor of one number. values: the n inputs, numbers or arrays of any shape,
    whole numbers allowed. Returns (value, gradients): a number, and a list with one gradient for each input, of
    that input's shape.
    Raises ValueError if no gradient comes back to an input: None is neither kept nor replaced by 0.
    """
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    gradients = tape.gradient(value, inputs)
    for i, gradient in enumerate(gradients):
        if gradient is None:
            raise ValueError(f"tape_gradient: f must depend on every input, got None as the gradient by input {i}")
    return value, gradients


def vectorised_loss(w, b, X, labels):
    """Mean loss of one neuron over a batch, and its gradients by the weights and by the bias.

    The score of an example is the product of its row with the weights, plus the bias; P = 1 / (1 + exp(-score)).
    The loss of an example is -ln P for label 1 and -ln(1 - P) for label 0.
    w: array (1, D); b: number; X: array (N, D), one example a row; labels: array (N,) of 0 and 1; whole numbers
    allowed. Returns (loss, dw, db): a number, an array (1, D) and a number.
    Raises ValueError for other shapes, an empty batch, and labels other than 0 and 1.
    """
    if np.ndim(X) != 2 or len(X) == 0:
        raise ValueError(f"vectorised_loss: X must have shape (N, D) with N > 0, got {np.shape(X)}")
    N, D = np.shape(X)
    if np.shape(w) != (1, D):
        raise ValueError(f"vectorised_loss: w must have shape {(1, D)} to go with X, got {np.shape(w)}")
    if np.shape(b) != ():
        raise ValueError(f"vectorised_loss: b must be one number, got shape {np.shape(b)}")
    if np.shape(labels) != (N,):
        raise ValueError(f"vectorised_loss: labels must have shape {(N,)} to go with X, got {np.shape(labels)}")
    others = np.setdiff1d(labels, (0, 1))
    if others.size > 0:
        raise ValueError(f"vectorised_loss: labels must be 0 or 1, got {others[0]:g}")
    w, b = tf.Variable(w, dtype=tf.float64), tf.Variable(b, dtype=tf.float64)
    X, labels = tf.cast(X, tf.float64), tf.cast(labels, tf.float64)
    column = tf.reshape(labels, (-1, 1))
    with tf.GradientTape() as tape:
        scores = tf.matmul(X, w, transpose_b=True) + b
        P = tf.sigmoid(scores)
        right = tf.where(column == 1, P, 1 - P)
        loss = tf.reduce_mean(-tf.math.log(right))
    dw, db = tape.gradient(loss, [w, b])
    return loss, dw, db


def loss_from_logits(scores, labels):
    """Mean loss of a batch from the scores of a neuron, and its gradient by the scores.

    P = 1 / (1 + exp(-score)). The loss of an example is -ln P for label 1 and -ln(1 - P) for label 0.
    scores: array (N,) of any size, 300 and -300 too; labels: array (N,) of 0 and 1; whole numbers allowed.
    Returns (loss, gradient): a number and an array (N,), both finite.
    Raises ValueError for other shapes, an empty batch, and labels other than 0 and 1.
    """
    if np.ndim(scores) != 1 or len(scores) == 0:
        raise ValueError(f"loss_from_logits: scores must have shape (N,) with N > 0, got {np.shape(scores)}")
    if np.shape(labels) != np.shape(scores):
        raise ValueError(f"loss_from_logits: labels must have shape {np.shape(scores)}, got {np.shape(labels)}")
    others = np.setdiff1d(labels, (0, 1))
    if others.size > 0:
        raise ValueError(f"loss_from_logits: labels must be 0 or 1, got {others[0]:g}")
    scores, labels = tf.constant(scores, dtype=tf.float64), tf.constant(labels, dtype=tf.float64)
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = bce(labels, scores)
    return loss, tape.gradient(loss, scores)


def intermediate_gradients(stages, x):
    """The gradients of a result by everything on the way to it.

    x goes through the stages one after the other: the first takes x, every other one what the stage before it
    returned; the last returns one number, the result.
    stages: a list of n functions of a tensor; x: number or array, whole numbers allowed. Returns a list of n + 1
    gradients of the result: by x, by what each stage returned, in this order; so the last is the one by the
    result itself. Each has the shape of what it belongs to.
    Raises ValueError if there are no stages.
    """
    if len(stages) == 0:
        raise ValueError("intermediate_gradients: stages must hold at least one function, got none")
    x = tf.constant(np.asarray(x, dtype=float))
    passed = [x]
    with tf.GradientTape() as tape:
        tape.watch(x)
        for stage in stages:
            passed.append(stage(passed[-1]))
    return tape.gradient(passed[-1], passed)


def repaired_gradient(w, X, y):
    """Gradient by w of loss = ln(1 + mean of the squared errors), with the errors X w - y: broken_gradient, repaired.

    w: array (D,); X: array (N, D), one example a row; y: array (N,); whole numbers allowed. Returns an array (D,).
    Raises ValueError for other shapes and an empty batch.
    """
    if np.ndim(X) != 2 or len(X) == 0:
        raise ValueError(f"repaired_gradient: X must have shape (N, D) with N > 0, got {np.shape(X)}")
    N, D = np.shape(X)
    if np.shape(w) != (D,):
        raise ValueError(f"repaired_gradient: w must have shape {(D,)} to go with X, got {np.shape(w)}")
    if np.shape(y) != (N,):
        raise ValueError(f"repaired_gradient: y must have shape {(N,)} to go with X, got {np.shape(y)}")
    w, X, y = (tf.constant(given, dtype=tf.float64) for given in (w, X, y))
    with tf.GradientTape() as tape:
        tape.watch(w)
        errors = tf.linalg.matvec(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)


def broken_gradient(w, X, y):
    """Gradient by w of loss = ln(1 + mean of the squared errors), with the errors X w - y; or so it was meant."""
    w = tf.constant(w)
    with tf.GradientTape() as tape:
        errors = np.dot(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)
