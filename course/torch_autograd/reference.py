"""PyTorch's autograd: leaves and their gradients, what accumulates, what is not recorded, an operation of one's own.

Sources: A. Paszke et al., "Automatic differentiation in PyTorch", NIPS 2017 Autodiff Workshop, for the graph that is
recorded while the code runs; "Extending PyTorch" and "Autograd mechanics" in PyTorch's documentation, for Function,
leaves and grad modes; P. Ramachandran, B. Zoph and Q. Le, "Searching for activation functions", 2017, for Swish.
"""

import math

import numpy as np
import torch


def value_and_gradients(f, *points):
    """The value of f and its gradient with respect to each input, in float64.

    f: takes as many tensors as there are points, returns a tensor of one
    number. points: numbers, lists or arrays of any shape, integers allowed.
    Returns (value, gradients): a number, and a list of arrays, one for each
    point and of its shape; zeros where f does not use a point.
    Raises ValueError if there are no points.
    """
    if not points:
        raise ValueError("value_and_gradients: there must be at least one point, got none")
    leaves = [torch.tensor(np.asarray(point, dtype=float), requires_grad=True) for point in points]
    value = f(*leaves)
    value.backward()
    gradients = [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]
    return value.item(), gradients


def softmax_cross_entropy(W, h, label):
    """Softmax cross-entropy of one example with the logits W @ h, and dL/dW.

    W: tensor (k, d), a row for each class; h: tensor (d,), the features;
    label: tensor (k,) of numbers from 0 to 1 whose sum is 1, such as a
    one-hot vector. Logits near 1000 are allowed.
    Returns (loss, dW): a tensor of one number, and a tensor (k, d).
    Raises ValueError for other shapes and labels.
    """
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"softmax_cross_entropy: W must have shape (k, d) with k, d > 0, got {tuple(W.shape)}")
    k, d = W.shape
    for name, given, wanted in (("h", h, (d,)), ("label", label, (k,))):
        if given.shape != wanted:
            raise ValueError(f"softmax_cross_entropy: {name} must have shape {wanted}, got {tuple(given.shape)}")
    if label.min() < 0 or abs(label.sum() - 1) > 1e-5:
        raise ValueError(f"softmax_cross_entropy: label must be >= 0 with the sum 1, got {label.tolist()}")
    logits = W @ h
    log_p = logits - torch.logsumexp(logits, dim=0)
    loss = -(label * log_p).sum()
    p = log_p.exp()
    dW = torch.outer(p - label, h)
    return loss, dW


def accumulated_gradient(loss, w, batches):
    """Gradient with respect to w of the mean loss over all batches' examples.

    loss(w, batch): tensor of one number, the mean over the examples of that
    batch; one backward call for each batch. w: leaf tensor that requires a
    gradient. Its numbers are left as they were, and a gradient that it may
    already hold does not count. batches: list of tensors, an example in each
    row; they may differ in length.
    Returns a tensor of w's shape that later calls leave as it is.
    Raises ValueError if there are no batches, if one is empty, or if w is no
    leaf that requires a gradient.
    """
    if not batches or any(len(batch) == 0 for batch in batches):
        raise ValueError(
            f"accumulated_gradient: batches must hold examples, got the lengths {[len(batch) for batch in batches]}"
        )
    if not (w.is_leaf and w.requires_grad):
        raise ValueError("accumulated_gradient: w must be a leaf that requires a gradient, got one that is not")
    examples = sum(len(batch) for batch in batches)
    w.grad = None
    for batch in batches:
        share = len(batch) / examples
        (share * loss(w, batch)).backward()
    return w.grad.clone()


def descend(loss, start, learning_rate, steps):
    """Gradient descent on a loss, from start, for a number of steps.

    loss(w): tensor of one number. start: tensor of floats of any shape that
    requires no gradient; it is left as it was. learning_rate: number, in
    units of w² per unit of the loss. steps: integer, 0 allowed.
    Returns (w, losses): the last w, and a list of the losses before each
    step. None of them requires a gradient, so that no graph is kept.
    Raises ValueError if learning_rate is not > 0 or steps is < 0, TypeError
    if start holds no floats.
    """
    if not learning_rate > 0:
        raise ValueError(f"descend: learning_rate must be > 0, got {learning_rate}")
    if steps < 0:
        raise ValueError(f"descend: steps must be >= 0, got {steps}")
    if not start.is_floating_point():
        raise TypeError(f"descend: start must be a tensor of floats, got {start.dtype}")
    w = start.detach().clone().requires_grad_()
    losses = []
    for _ in range(steps):
        w.grad = None
        value = loss(w)
        value.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
        losses.append(value.item())
    return w.detach(), losses


class Swish(torch.autograd.Function):
    """Swish as one node of the graph: Swish.apply(x, beta)."""

    @staticmethod
    def forward(ctx, x, beta):
        """Swish of each entry of x.

        x: tensor of floats, of any shape; beta: a plain number. beta * x
        may be 800. Returns a tensor of x's shape.
        Raises TypeError if x holds no floats, ValueError if beta is not
        finite.
        """
        if not x.is_floating_point():
            raise TypeError(f"Swish: x must be a tensor of floats, got {x.dtype}")
        if not math.isfinite(beta):
            raise ValueError(f"Swish: beta must be a finite number, got {beta}")
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, upstream):
        """The VJP: a gradient for x, None for beta.

        upstream: tensor of x's shape. Returns (tensor of x's shape, None).
        """
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        slope = s + ctx.beta * x * s * (1 - s)
        return upstream * slope, None
