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
    Raises ValueError if there are no values, if f returns more than one number, and if no gradient comes back
    to an input.
    """
    if len(values) == 0:
        raise ValueError("tape_gradient: values must hold at least one input, got none")
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    if np.size(value) != 1:
        raise ValueError(f"tape_gradient: f must return one number, got shape {np.shape(value)}")
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
    w, b, X, labels = (np.asarray(given, dtype=float) for given in (w, b, X, labels))
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(f"vectorised_loss: X must have shape (N, D) with N > 0, got {X.shape}")
    if w.shape != (1, X.shape[1]):
        raise ValueError(f"vectorised_loss: w must have shape {(1, X.shape[1])} to go with X, got {w.shape}")
    if b.shape != ():
        raise ValueError(f"vectorised_loss: b must be one number, got shape {b.shape}")
    if labels.shape != X.shape[:1]:
        raise ValueError(f"vectorised_loss: labels must have shape {X.shape[:1]} to go with X, got {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"vectorised_loss: labels must be 0 or 1, got {labels[~np.isin(labels, (0, 1))][0]:g}")
    w, b = tf.Variable(w), tf.Variable(b)
    column = labels.reshape(-1, 1)
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
    scores, labels = np.asarray(scores, dtype=float), np.asarray(labels, dtype=float)
    if scores.ndim != 1 or len(scores) == 0:
        raise ValueError(f"loss_from_logits: scores must have shape (N,) with N > 0, got {scores.shape}")
    if labels.shape != scores.shape:
        raise ValueError(f"loss_from_logits: labels must have shape {scores.shape}, got {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"loss_from_logits: labels must be 0 or 1, got {labels[~np.isin(labels, (0, 1))][0]:g}")
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
    scores, labels = tf.constant(scores), tf.constant(labels)
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
    Raises ValueError if there are no stages, and if the last one returns more than one number.
    """
    if len(stages) == 0:
        raise ValueError("intermediate_gradients: stages must hold at least one function, got none")
    passed = [tf.constant(np.asarray(x, dtype=float))]
    with tf.GradientTape() as tape:
        tape.watch(passed[0])
        for stage in stages:
            passed.append(stage(passed[-1]))
    if np.size(passed[-1]) != 1:
        raise ValueError(
            f"intermediate_gradients: the last stage must return one number, got shape {np.shape(passed[-1])}"
        )
    return tape.gradient(passed[-1], passed)


def repaired_gradient(w, X, y):
    """Gradient by w of loss = ln(1 + mean of the squared errors), with the errors X w - y: broken_gradient, repaired.

    w: array (D,); X: array (N, D), one example a row; y: array (N,); whole numbers allowed. Returns an array (D,).
    Raises ValueError for other shapes and an empty batch.
    """
    w, X, y = (np.asarray(given, dtype=float) for given in (w, X, y))
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(f"repaired_gradient: X must have shape (N, D) with N > 0, got {X.shape}")
    if w.shape != X.shape[1:]:
        raise ValueError(f"repaired_gradient: w must have shape {X.shape[1:]} to go with X, got {w.shape}")
    if y.shape != X.shape[:1]:
        raise ValueError(f"repaired_gradient: y must have shape {X.shape[:1]} to go with X, got {y.shape}")
    w = tf.constant(w)
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
