"""Gradients from TensorFlow's tape: of any function, of a neuron's loss, of results on the way, after a repair.

Sources: M. Abadi et al., "TensorFlow: a system for large-scale machine learning", OSDI (2016); A. Agrawal et al.,
"TensorFlow Eager: a multi-stage, Python-embedded DSL for machine learning", SysML (2019), for the tape; the
TensorFlow guides "Introduction to gradients and automatic differentiation" and "Advanced automatic differentiation".
"""

import numpy as np
import tensorflow as tf


def tape_gradient(f, values):
    """The value of f at one point, and its gradient with respect to every input.

    f: takes n tensors, returns a tensor of one number.
    values: the n inputs, numbers or arrays of any shape, integers allowed.
    Returns (value, gradients): a number, and a list with one gradient for
    each input, of that input's shape.
    Raises ValueError if no gradient comes back to an input: None is neither
    kept nor replaced by 0.
    """
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    gradients = tape.gradient(value, inputs)
    for i, gradient in enumerate(gradients):
        if gradient is None:
            raise ValueError(f"tape_gradient: f must depend on every input, got None for input {i}")
    return value, gradients


def vectorised_loss(w, b, X, labels):
    """Mean cross-entropy of a neuron over a batch, and its gradients.

    w: array (1, d); b: number; X: array (n, d), an example in each row;
    labels: array (n,) of 0 and 1. Integers are allowed everywhere.
    Returns (loss, dw, db): a number, and the gradients with respect to w
    and b, an array (1, d) and a number.
    Raises ValueError for other shapes, an empty batch, and labels other
    than 0 and 1.
    """
    if np.ndim(X) != 2 or len(X) == 0:
        raise ValueError(f"vectorised_loss: X must have shape (n, d) with n > 0, got {np.shape(X)}")
    n, d = np.shape(X)
    if np.shape(w) != (1, d):
        raise ValueError(f"vectorised_loss: w must have shape {(1, d)} to go with X, got {np.shape(w)}")
    if np.shape(b) != ():
        raise ValueError(f"vectorised_loss: b must be one number, got shape {np.shape(b)}")
    if np.shape(labels) != (n,):
        raise ValueError(f"vectorised_loss: labels must have shape {(n,)} to go with X, got {np.shape(labels)}")
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
    """Mean cross-entropy of a batch from its scores, and its gradient.

    scores: array (n,), numbers of any size, 300 and -300 too;
    labels: array (n,) of 0 and 1. Integers are allowed.
    Returns (loss, gradient): a number, and the gradient with respect to the
    scores, an array (n,); both finite.
    Raises ValueError for other shapes, an empty batch, and labels other
    than 0 and 1.
    """
    if np.ndim(scores) != 1 or len(scores) == 0:
        raise ValueError(f"loss_from_logits: scores must have shape (n,) with n > 0, got {np.shape(scores)}")
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
    """The gradients of a result with respect to every value on the way to it.

    x goes through the stages one after the other: the first takes x, every
    other one takes what the stage before it returned, and the last returns
    one number, the result.
    stages: list of n functions of a tensor; x: number or array, integers
    allowed. Returns a list of n + 1 gradients of the result, each of the
    shape of its value: with respect to x, then to what each stage returned,
    in this order. So the last is the one with respect to the result itself.
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
    """What broken_gradient is meant to return: dL/dw of L(w, X, y).

    w: array (d,); X: array (n, d), an example in each row; y: array (n,).
    Integers are allowed. Returns an array (d,).
    Raises ValueError for other shapes and an empty batch.
    """
    if np.ndim(X) != 2 or len(X) == 0:
        raise ValueError(f"repaired_gradient: X must have shape (n, d) with n > 0, got {np.shape(X)}")
    n, d = np.shape(X)
    if np.shape(w) != (d,):
        raise ValueError(f"repaired_gradient: w must have shape {(d,)} to go with X, got {np.shape(w)}")
    if np.shape(y) != (n,):
        raise ValueError(f"repaired_gradient: y must have shape {(n,)} to go with X, got {np.shape(y)}")
    w, X, y = (tf.constant(given, dtype=tf.float64) for given in (w, X, y))
    with tf.GradientTape() as tape:
        tape.watch(w)
        errors = tf.linalg.matvec(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)


def broken_gradient(w, X, y):
    """The gradient of L with respect to w, or so it was meant."""
    w = tf.constant(w)
    with tf.GradientTape() as tape:
        errors = np.dot(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)
