"""The rules that students write: reverse broadcasting, matrix products, sums and means, softmax cross-entropy.

A rule is a vector-Jacobian product, as a function of (g, y, *inputs): g is the gradient of the loss with respect to the
result y, and what the rule returns is the gradient with respect to one of the inputs.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), for matrices; P. Blanchard, D. Higham and N. Higham, "Accurately computing the
log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41 (2021), for the softmax.
"""

import numpy as np


def unbroadcast(gradient, shape):
    """Bring the gradient of a broadcast array back to the array's own shape.

    gradient: array of the shape after broadcasting. shape: tuple, the shape
    before. Returns an array of that shape.
    Raises ValueError if ``shape`` cannot be broadcast to the gradient's shape.
    """
    ends = zip(reversed(shape), reversed(gradient.shape), strict=False)
    if len(shape) > gradient.ndim or any(before not in (1, after) for before, after in ends):
        raise ValueError(f"unbroadcast: shape must be broadcastable to {gradient.shape}, got {shape}")
    result = gradient
    for _ in range(gradient.ndim - len(shape)):  # axes that broadcasting put in front
        result = result.sum(axis=0)
    for axis in range(result.ndim):
        if shape[axis] == 1 != result.shape[axis]:  # an axis that it stretched
            result = result.sum(axis=axis, keepdims=True)
    return result


def matmul_left(g, Y, A, B):
    """VJP of Y = A B with respect to A.

    A: (…, n, k), B: (…, k, m), Y and its adjoint g: (…, n, m): matrices, or
    stacks of as many. Returns an array of A's shape.
    """
    return g @ B.mT


def matmul_right(g, Y, A, B):
    """VJP of Y = A B with respect to B.

    A: (…, n, k), B: (…, k, m), Y and its adjoint g: (…, n, m): matrices, or
    stacks of as many. Returns an array of B's shape.
    """
    return A.mT @ g


def sum_rule(g, y, x, axis=None, keepdims=False):
    """VJP of y = x.sum(axis, keepdims=keepdims).

    g: the adjoint of y, in its shape; g and x are left as they were.
    axis: None (all axes), a whole number or a tuple of them, negative ones
    counted from the end. Returns an array of x's shape.
    """
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.full(x.shape, g)


def mean_rule(g, y, x, axis=None, keepdims=False):
    """VJP of y = x.mean(axis, keepdims=keepdims).

    g: the adjoint of y, in its shape; g and x are left as they were.
    axis: None (all axes), a whole number or a tuple of them, negative ones
    counted from the end. Returns an array of x's shape.
    """
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    count = x.size // y.size
    return np.full(x.shape, g / count)


def softmax_cross_entropy_gradient(logits, labels):
    """Mean softmax cross-entropy of a batch, and its gradient.

    logits: array (N, K) of numbers of any size, 800 and -800 too. labels:
    array of N whole numbers from 0 to K - 1. Both are left as they were.
    Returns (loss, gradient): the mean over the N rows, a number, and its
    gradient with respect to the logits, an array (N, K).
    Raises ValueError for other shapes, an empty batch, and labels that are no
    class.
    """
    if logits.ndim != 2 or logits.size == 0:
        raise ValueError(f"softmax_cross_entropy: logits must have shape (N, K) with N, K > 0, got {logits.shape}")
    labels = np.asarray(labels)
    if labels.shape != logits.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"softmax_cross_entropy: labels must be whole numbers of shape {logits.shape[:1]}, "
            f"got {labels.dtype} of {labels.shape}"
        )
    wrong = labels[(labels < 0) | (labels >= logits.shape[1])]
    if wrong.size:
        raise ValueError(f"softmax_cross_entropy: labels must be from 0 to {logits.shape[1] - 1}, got {wrong[0]}")
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)  # now the largest is 0, and exp cannot overflow
    gradient = np.exp(shifted)
    total = gradient.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - shifted[rows, labels]).sum() / len(labels)
    gradient /= total  # the probabilities
    gradient[rows, labels] -= 1
    gradient /= len(labels)
    return loss, gradient


def sigmoid_cross_entropy_gradient(logits, labels):
    """Mean cross-entropy of the sigmoid of logits, and its gradient with respect to the logits.

    The loss of an entry is -ln of the probability of its label, which is σ(logit) for 1 and 1 - σ(logit) for 0.
    logits: array of any shape and size; labels: array of 0 and 1 of the same shape. Returns (loss, gradient).
    Raises ValueError for other shapes, and for no entries at all.
    """
    if np.shape(labels) != logits.shape or logits.size == 0:
        wanted = f"the shape {logits.shape} of the logits, which must not be empty"
        raise ValueError(f"sigmoid_cross_entropy: labels must have {wanted}, got {np.shape(labels)}")
    small = np.exp(-np.abs(logits))  # at most 1: cannot overflow
    loss = (np.maximum(logits, 0) - logits * labels + np.log1p(small)).sum() / logits.size
    P = np.where(logits >= 0, 1, small) / (1 + small)
    return loss, (P - labels) / logits.size
