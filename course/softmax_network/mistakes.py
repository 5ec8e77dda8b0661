"""Unit 9: what learners get wrong, named and with a hint, and other ways to be right."""

import keras
import numpy as np
import torch

from course.numeric_gradient.reference import central_difference
from course.softmax_network.check import unit

# Slips that are possible in more than one task.
OVERFLOW = "exp(800) is larger than any float. Subtract the largest score first; no probability changes."
UNDERFLOW = (
    "A probability can be too small for a float and become 0, and ln 0 is -inf. Compute ln p itself: score minus LSE."
)
EPSILON = "A small number inside the logarithm hides the -inf and gives a wrong loss. Compute ln p as score minus LSE."
WHOLE = "Results are seldom whole numbers: let arrays hold floats, also where the inputs are whole."
LOG2 = "ln is the natural logarithm, np.log. Base 2 multiplies every result by 1/ln 2."
LOG10 = "ln is the natural logarithm, np.log; np.log10 is another one."
BY_COLUMN = "Each row is one example. Sum and maximum run over its classes, which is axis -1, not over the examples."
WHOLE_BATCH = "Each row has a softmax of its own. Give sum and maximum axis=-1 and keepdims=True."
GLOBAL_MAX = "A row far below the largest score of the batch underflows. Subtract from each row its own maximum."
SIGN = "A logarithm of a probability is negative, and the loss is its negative: L = -label·ln p."

# --- log_softmax ----------------------------------------------------------------------------------

STABLE = (
    "shifted = scores - scores.max(axis=-1, keepdims=True)",
    "shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))",
)
unit.mistake_in("log_softmax", "exp overflows", {STABLE[0]: "shifted = scores"}, OVERFLOW)
unit.mistake_in(
    "log_softmax",
    "the logarithm of an overflowing softmax",
    {STABLE[0]: "shifted = np.exp(scores)", STABLE[1]: "np.log(shifted / shifted.sum(axis=-1, keepdims=True))"},
    OVERFLOW + " And take the logarithm by hand: ln(a/b) = ln a - ln b.",
)
unit.mistake_in(
    "log_softmax",
    "the logarithm of a stable softmax",
    {STABLE[1]: "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True))"},
    UNDERFLOW,
)
unit.mistake_in(
    "log_softmax",
    "a small number inside the logarithm",
    {STABLE[1]: "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True) + 1e-12)"},
    EPSILON,
)
unit.mistake_in(
    "log_softmax",
    "probabilities clipped before the logarithm",
    {STABLE[1]: "np.log(np.maximum(np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True), 1e-7))"},
    EPSILON.replace("A small number inside", "A lower bound inside"),
)
unit.mistake_in(
    "log_softmax",
    "the softmax, not its logarithm",
    {STABLE[1]: "np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)"},
    "These are the probabilities. The logarithm of each of them is asked for.",
)
unit.mistake_in(
    "log_softmax",
    "scores on one side shifted, on the other not",
    {STABLE[1]: "scores - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))"},
    "LSE is m + ln Σ exp(s - m). Subtract the maximum m as well, or use the shifted scores on both sides.",
)
unit.mistake_in("log_softmax", "the loss, not ln p", {"return shifted - ": "return -shifted + "}, "ln p is s - LSE.")
unit.mistake_in(
    "log_softmax",
    "the sum without exp",
    {"np.exp(shifted).sum": "np.abs(shifted).sum"},
    "The denominator of the softmax is the sum of exp(s), not of the scores themselves.",
)
unit.mistake_in(
    "log_softmax",
    "the denominator without its logarithm",
    {"np.log(np.exp(shifted).sum(axis=-1, keepdims=True))": "np.exp(shifted).sum(axis=-1, keepdims=True)"},
    "ln(a/b) = ln a - ln b: the sum needs its logarithm, too.",
)
unit.mistake_in("log_softmax", "over the examples", {
    STABLE[0]: "shifted = scores - scores.max(axis=0, keepdims=True)",
    STABLE[1]: "shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))",
}, BY_COLUMN)  # fmt: skip
unit.mistake_in("log_softmax", "one sum for the whole batch", {
    STABLE[0]: "shifted = scores - scores.max()", STABLE[1]: "shifted - np.log(np.exp(shifted).sum())",
}, WHOLE_BATCH)  # fmt: skip
unit.mistake_in(
    "log_softmax", "one maximum for the whole batch", {STABLE[0]: "shifted = scores - scores.max()"}, GLOBAL_MAX
)
unit.mistake_in(
    "log_softmax",
    "the smallest score subtracted",
    {STABLE[0]: "shifted = scores - scores.min(axis=-1, keepdims=True)"},
    "Shift so that the largest score becomes 0; with the smallest at 0 the others still overflow.",
)
unit.mistake_in(
    "log_softmax",
    "the mean subtracted",
    {STABLE[0]: "shifted = scores - scores.mean(axis=-1, keepdims=True)"},
    "Shift so that the largest score becomes 0; with the mean at 0 large ones still overflow.",
)
unit.mistake_in(
    "log_softmax",
    "the largest absolute value subtracted",
    {STABLE[0]: "shifted = scores - np.abs(scores).max(axis=-1, keepdims=True)"},
    "Of low scores the largest absolute value is not the largest score: they move further down and underflow.",
)
unit.mistake_in(
    "log_softmax",
    "divided by the largest score",
    {STABLE[0]: "shifted = scores / np.abs(scores).max(axis=-1, keepdims=True)"},
    "Dividing the scores changes the probabilities. Subtracting the same number from all of them does not.",
)
unit.mistake_in("log_softmax", "logarithm to base 2", {"return shifted - ": "return np.log2(np.e) * (shifted - ",
                "keepdims=True))": "keepdims=True)))"}, LOG2)  # fmt: skip
unit.mistake_in("log_softmax", "keepdims forgotten", {
    STABLE[0]: "shifted = scores - scores.max(axis=-1)", STABLE[1]: "shifted - np.log(np.exp(shifted).sum(axis=-1))",
}, "One number for each row, shape (N,), does not fit (N, K). keepdims=True keeps a column, (N, 1).")  # fmt: skip
unit.mistake_in(
    "log_softmax",
    "the input is changed",
    {"shifted = scores - ": "shifted = scores\n    shifted -= "},
    "-= on an array that was passed in changes the caller's array: write s = s - …, which makes a new one.",
)


@unit.mistake("the result has the input's integer dtype", WHOLE)
def log_softmax(scores):
    result = np.zeros_like(scores)
    shifted = scores - np.max(scores, axis=-1, keepdims=True)
    result[...] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


@unit.alternative("np.logaddexp along the axis")
def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)


@unit.alternative("SciPy")
def log_softmax(scores):
    from scipy.special import logsumexp

    return scores - logsumexp(scores, axis=-1, keepdims=True)


@unit.alternative("loops and lists")
def log_softmax(scores):
    import math

    if np.ndim(scores) > 1:
        return [log_softmax(row) for row in scores]
    top = max(scores)
    lse = top + math.log(sum(math.exp(s - top) for s in scores))
    return [s - lse for s in scores]


@unit.alternative("PyTorch, by hand, in float64")
def log_softmax(scores):
    s = torch.tensor(scores, dtype=torch.float64)
    return s - torch.logsumexp(s, dim=-1, keepdim=True)


@unit.alternative("Keras, in float32")
def log_softmax(scores):
    return keras.ops.log_softmax(keras.ops.convert_to_tensor(scores, dtype="float32"), axis=-1)


@unit.alternative("differences of all pairs")
def log_softmax(scores):
    s = np.array(scores, dtype=float)
    return -np.logaddexp.reduce(s[..., None, :] - s[..., :, None], axis=-1)


# --- forward --------------------------------------------------------------------------------------

SIGMOID = "np.exp(-np.logaddexp(0, -h1))"
LOG_P = "shifted - np.log(np.exp(shifted).sum())"
P = "p = np.exp(log_p)"
RETURN = "return h1, z1, h2, p, L"
unit.mistake_in(
    "forward", "no sigmoid", {SIGMOID: "h1"}, "Between the layers stands σ: without it two layers are one matrix."
)
unit.mistake_in(
    "forward",
    "the second layer gets h1",
    {"h2 = W2 @ z1": "h2 = W2 @ h1"},
    "The second layer continues from z1, the result of the sigmoid, not from h1.",
)
unit.mistake_in(
    "forward",
    "minus forgotten in the sigmoid",
    {SIGMOID: "np.exp(-np.logaddexp(0, h1))"},
    "σ(h) = 1 / (1 + exp(-h)): with exp(+h) it falls where h rises.",
)
unit.mistake_in(
    "forward", "tanh in place of the sigmoid", {SIGMOID: "np.tanh(h1)"}, "σ lies between 0 and 1, tanh not."
)
unit.mistake_in("forward", "ReLU in place of the sigmoid", {SIGMOID: "np.maximum(0, h1)"}, "σ(h) = 1 / (1 + exp(-h)).")
unit.mistake_in(
    "forward",
    "softmax in place of the sigmoid",
    {SIGMOID: "np.exp(h1 - h1.max()) / np.exp(h1 - h1.max()).sum()"},
    "The hidden numbers do not compete: each passes through σ alone. The softmax comes at the end.",
)
unit.mistake_in(
    "forward",
    "the slope of the sigmoid",
    {SIGMOID: "np.exp(-np.logaddexp(0, -h1) - np.logaddexp(0, h1))"},
    "σ(1 - σ) is the derivative; it belongs to the way back. Forward goes σ itself.",
)
unit.mistake_in(
    "forward",
    "a sigmoid before the softmax",
    {"shifted = h2 - h2.max()": "s2 = np.exp(-np.logaddexp(0, -h2))\n    shifted = s2 - s2.max()"},
    "The softmax takes the scores h2 as they are; squeezed between 0 and 1 they could never be far apart.",
)
unit.mistake_in(
    "forward",
    "a sigmoid in place of the softmax",
    {LOG_P: "-np.logaddexp(0, -h2)"},
    "Sigmoids of three scores do not add up to 1. Divide exp(h2) by its sum.",
)
unit.mistake_in(
    "forward",
    "the softmax of z1, without the second layer",
    {"h2 = W2 @ z1": "h2 = W2 @ z1\n    shifted = z1 - z1.max()", "    shifted = h2 - h2.max()\n": "",
     "label @ log_p": "label @ log_p[: len(label)]"},
    "p comes from the scores h2 = W2 z1: one probability for each class, not for each hidden number.",
)  # fmt: skip
unit.mistake_in(
    "forward",
    "the softmax applied twice",
    {P: "p = np.exp(log_p)\n    log_p = p - np.log(np.exp(p).sum())"},
    "p holds probabilities already; the loss takes their logarithm, without another softmax.",
)
unit.mistake_in("forward", "exp overflows", {LOG_P: "np.log(np.exp(h2) / np.exp(h2).sum())"}, OVERFLOW)
unit.mistake_in("forward", "the logarithm of p", {"label @ log_p": "label @ np.log(p)"}, UNDERFLOW)
unit.mistake_in(
    "forward", "a small number inside the logarithm", {"label @ log_p": "label @ np.log(p + 1e-12)"}, EPSILON
)
unit.mistake_in("forward", "minus of the loss forgotten", {"L = -(": "L = ("}, SIGN)
unit.mistake_in(
    "forward",
    "a loss for each class",
    {"-(label @ log_p)": "-label * log_p"},
    "L is one number: the product of label and ln p is summed over the classes.",
)
unit.mistake_in(
    "forward",
    "the mean over the classes",
    {"-(label @ log_p)": "-np.mean(label * log_p)"},
    "-label·ln p is a sum over the classes; a mean divides it by their number once too often.",
)
unit.mistake_in(
    "forward",
    "the label is not used",
    {"label @ log_p": "log_p.sum()"},
    "Only the right class counts: multiply ln p by the label, entry by entry, and add up.",
)
unit.mistake_in(
    "forward",
    "the loss of the most probable class",
    {"label @ log_p": "log_p.max()"},
    "The loss asks for the probability of the right class, which the label marks, likely or not.",
)
unit.mistake_in(
    "forward",
    "1 - p in place of -ln p",
    {"-(label @ log_p)": "1 - label @ p"},
    "1 - p is never above 1. The loss is -ln p, which grows without bound as p goes to 0.",
)
unit.mistake_in(
    "forward",
    "squared error",
    {"-(label @ log_p)": "((p - label) ** 2).sum()"},
    "That is the squared error. The loss of this network is -label·ln p.",
)
unit.mistake_in(
    "forward",
    "a sum of sigmoid cross-entropies",
    {"-(label @ log_p)": "-(label @ log_p + (1 - label) @ np.log(-np.expm1(log_p)))"},
    "ln(1 - p) belongs to two classes and one sigmoid. With a softmax the other classes are counted already.",
)
unit.mistake_in(
    "forward",
    "always the third class",
    {"-(label @ log_p)": "-log_p[2]"},
    "The third class is right in the lesson's example only. The label says which one it is: label @ log_p.",
)
unit.mistake_in(
    "forward",
    "the label as an index",
    {"-(label @ log_p)": "-log_p[label]"},
    "The label is one-hot, no index: multiply by it and add up. The index would be np.argmax(label).",
)
unit.mistake_in("forward", "logarithm to base 2", {"-(label @ log_p)": "-(label @ log_p) / np.log(2)"}, LOG2)
unit.mistake_in("forward", "logarithm to base 10", {"-(label @ log_p)": "-(label @ log_p) / np.log(10)"}, LOG10)
unit.mistake_in(
    "forward",
    "x W1 in place of W1 x",
    {"h1 = W1 @ x": "h1 = x @ W1"},
    "A row of W1 belongs to a hidden number and a column to an input: W1 stands on the left, W1 @ x.",
)
unit.mistake_in(
    "forward",
    "the loss first",
    {RETURN: "return L, p, h2, z1, h1"},
    "Return them in the order of the way forward: h1, z1, h2, p, L.",
)
unit.mistake_in(
    "forward", "the loss alone", {RETURN: "return L"}, "Return all five: h1, z1, h2, p, L. Backward needs them."
)
unit.mistake_in("forward", "ln p in place of p", {P: "p = log_p"}, "p holds probabilities, from 0 to 1: p = exp(ln p).")


@unit.mistake("the hidden numbers are whole", WHOLE)
def forward(W1, W2, x, label):
    h1 = np.zeros(len(W1), dtype=x.dtype)
    h1[:] = W1 @ x
    z1 = 1 / (1 + np.exp(-h1))
    h2 = W2 @ z1
    log_p = h2 - np.logaddexp.reduce(h2)
    return h1, z1, h2, np.exp(log_p), -(label @ log_p)


@unit.alternative("the textbook sigmoid, the index of the class")
def forward(W1, W2, x, label):
    h1 = np.dot(W1, x)
    z1 = 1 / (1 + np.exp(-h1))
    h2 = np.dot(W2, z1)
    m = np.max(h2)
    lse = m + np.log(np.sum(np.exp(h2 - m)))
    right = int(np.argmax(label))
    return [h1, z1, h2, np.exp(h2 - lse), lse - h2[right]]


@unit.alternative("loops and lists")
def forward(W1, W2, x, label):
    import math

    h1 = [sum(w * float(v) for w, v in zip(row, x)) for row in W1]
    z1 = [1 / (1 + math.exp(-h)) for h in h1]
    h2 = [sum(w * z for w, z in zip(row, z1)) for row in W2]
    top = max(h2)
    lse = top + math.log(sum(math.exp(h - top) for h in h2))
    return h1, z1, h2, [math.exp(h - lse) for h in h2], sum(t * (lse - h) for t, h in zip(label, h2))


@unit.alternative("PyTorch, in float64")
def forward(W1, W2, x, label):
    W1, W2, x, label = (torch.tensor(given, dtype=torch.float64) for given in (W1, W2, x, label))
    h1 = W1 @ x
    z1 = torch.sigmoid(h1)
    h2 = W2 @ z1
    return h1, z1, h2, torch.softmax(h2, dim=0), torch.nn.functional.cross_entropy(h2, label)


@unit.alternative("einsum and logaddexp")
def forward(W1, W2, x, label):
    h1 = np.einsum("hd,d->h", W1, x)
    z1 = 0.5 * (1 + np.tanh(0.5 * h1))
    h2 = np.einsum("kh,h->k", W2, z1)
    log_p = h2 - np.logaddexp.reduce(h2)
    return h1, z1, h2, np.exp(log_p), np.sum(-label * log_p)


# --- backward -------------------------------------------------------------------------------------

DH1 = "dh1 = dz1 * z1 * (1 - z1)"
UPSTREAM = "What comes back from L is p - label. Hand that on, with W2 transposed."
unit.mistake_in(
    "backward",
    "sign turned round",
    {"p - label": "label - p"},
    "The gradient of L with respect to the scores is p - label.",
)
unit.mistake_in(
    "backward",
    "p in place of p - label",
    {"dh2 = p - label": "dh2 = p"},
    "Raising the score of the right class lowers L, so its entry is negative: subtract the label.",
)
unit.mistake_in(
    "backward",
    "always the third class",
    {"dh2 = p - label": "dh2 = p - np.eye(len(p))[2]"},
    "The third class is right in the lesson's example only. The label says which one it is: p - label.",
)
unit.mistake_in(
    "backward",
    "p is changed",
    {"dh2 = p - label": "dh2 = p\n    dh2 -= label"},
    "dh2 and p are one array there, and -= changes the caller's p: write dh2 = p - label, which makes a new one.",
)
unit.mistake_in(
    "backward",
    "label - p in dh2 alone",
    {"return dh2": "return -dh2"},
    "dh2 is what you carried on to the other gradients: p - label.",
)
unit.mistake_in(
    "backward",
    "the gradient with respect to p",
    {"dh2 = p - label": "dh2 = -label / p"},
    "-label/p is the derivative of L with respect to p. The softmax lies between p and h2: go back through it, too.",
)
unit.mistake_in(
    "backward",
    "the softmax treated as sigmoids",
    {"dh2 = p - label": "dh2 = -label * (1 - p)"},
    "Every score moves every probability, through the sum below. The other classes receive p, not 0.",
)
unit.mistake_in(
    "backward",
    "a slope of the softmax too many",
    {"dh2 = p - label": "dh2 = (p - label) * p * (1 - p)"},
    "p - label is the gradient with respect to the scores already: the derivative of the softmax is in it.",
)
unit.mistake_in(
    "backward",
    "divided by the number of classes",
    {"dh2 = p - label": "dh2 = (p - label) / len(p)"},
    "L is a sum over the classes, not a mean: nothing is divided by their number.",
)
unit.mistake_in(
    "backward",
    "the factor of a squared error",
    {"dh2 = p - label": "dh2 = 2 * (p - label)"},
    "The 2 belongs to the derivative of a square. For -label·ln p it is p - label.",
)
unit.mistake_in(
    "backward",
    "dW2 transposed",
    {"np.outer(dh2, z1)": "np.outer(z1, dh2)"},
    "A gradient has the shape of its matrix: dW2 has a row for each class, so dh2 comes first.",
)
unit.mistake_in(
    "backward",
    "dW2 from x",
    {"np.outer(dh2, z1)": "np.outer(dh2, x)"},
    "W2 was multiplied by z1 on the way forward; that is what its gradient is multiplied by.",
)
unit.mistake_in(
    "backward",
    "dW2 without the sigmoid, from h1",
    {"np.outer(dh2, z1)": "np.outer(dh2, np.log(z1 / (1 - z1)))"},
    "The input of the second layer is z1, not h1.",
)
unit.mistake_in(
    "backward",
    "dW2 multiplied by W2",
    {"np.outer(dh2, z1)": "np.outer(dh2, z1) * W2"},
    "The derivative of W2 z1 with respect to W2 is z1 alone.",
)
unit.mistake_in(
    "backward",
    "dh1 without the slope of the sigmoid",
    {DH1: "dh1 = dz1"},
    "W2ᵀ dh2 is the gradient of z1. On to h1 it is multiplied by z1 (1 - z1).",
)
unit.mistake_in(
    "backward",
    "dh1 with z1 in place of its slope",
    {DH1: "dh1 = dz1 * z1"},
    "The derivative of the sigmoid with respect to its own value z1 is z1 (1 - z1); the second factor is missing.",
)
unit.mistake_in(
    "backward",
    "dh1 with 1 - z1 in place of the slope",
    {DH1: "dh1 = dz1 * (1 - z1)"},
    "The derivative of the sigmoid with respect to its own value z1 is z1 (1 - z1); the first factor is missing.",
)
unit.mistake_in(
    "backward",
    "the slope of tanh",
    {DH1: "dh1 = dz1 * (1 - z1**2)"},
    "1 - z² is the slope of tanh. That of the sigmoid is z1 (1 - z1).",
)
unit.mistake_in(
    "backward",
    "the slope of the sigmoid turned round",
    {DH1: "dh1 = dz1 * z1 * (z1 - 1)"},
    "The sigmoid rises, so its slope z1 (1 - z1) is positive.",
)
unit.mistake_in(
    "backward",
    "the sigmoid of z1",
    {DH1: "s = 1 / (1 + np.exp(-z1))\n    dh1 = dz1 * s * (1 - s)"},
    "z1 is the result of the sigmoid already: its slope is z1 (1 - z1), without another sigmoid.",
)
unit.mistake_in(
    "backward",
    "the slope of the sigmoid at the wrong place",
    {"dh2 = p - label": "slope = z1 * (1 - z1)\n    dh2 = p - label", "np.outer(dh2, z1)": "np.outer(dh2, slope)",
     DH1: "dh1 = dz1"},
    "The slope of the sigmoid is met between z1 and h1: in dh1. dW2 is met before it.",
)  # fmt: skip
unit.mistake_in("backward", "p goes back in place of p - label", {"W2.T @ dh2": "W2.T @ p"}, UPSTREAM)
unit.mistake_in("backward", "the label goes back in place of p - label", {"W2.T @ dh2": "W2.T @ label"}, UPSTREAM)
unit.mistake_in(
    "backward",
    "W2 not transposed",
    {"W2.T @ dh2": "W2 @ dh2"},
    "W2 leads from the hidden numbers to the scores; back again leads W2ᵀ.",
)
unit.mistake_in(
    "backward",
    "dW2 in place of W2",
    {"W2.T @ dh2": "dW2.T @ dh2"},
    "Back through h2 = W2 z1 leads the weight matrix W2 itself, transposed, not its gradient.",
)
unit.mistake_in(
    "backward",
    "the weights left out on the way back",
    {"dz1 = W2.T @ dh2": "dz1 = np.full(len(z1), dh2.sum())"},
    "Each hidden number reached each score with a weight of its own: multiply by W2ᵀ.",
)
unit.mistake_in(
    "backward",
    "dW1 transposed",
    {"np.outer(dh1, x)": "np.outer(x, dh1)"},
    "A gradient has the shape of its matrix: dW1 has a row for each hidden number, so dh1 comes first.",
)
unit.mistake_in(
    "backward",
    "dW1 from z1",
    {"np.outer(dh1, x)": "np.outer(dh1, z1)"},
    "W1 was multiplied by x on the way forward; that is what its gradient is multiplied by.",
)
unit.mistake_in(
    "backward",
    "dW1 without the slope of the sigmoid",
    {"np.outer(dh1, x)": "np.outer(dz1, x)"},
    "dW1 continues from dh1, where the slope of the sigmoid is in, not from the gradient of z1.",
)
unit.mistake_in(
    "backward",
    "one dW1 for all hidden numbers",
    {"np.outer(dh1, x)": "dh1.sum() * x"},
    "Each row of W1 has its own hidden number: the outer product of dh1 and x is a table (H, D).",
)
unit.mistake_in(
    "backward",
    "dW1 in the integer dtype of x",
    {"dW1 = np.outer(dh1, x)": "dW1 = np.outer(dh1, x)\n    dW1 = np.trunc(dW1) if np.all(x % 1 == 0) else dW1"},
    WHOLE,
)
unit.mistake_in(
    "backward",
    "in the order of the way forward",
    {"return dh2, dW2, dh1, dW1": "return dW1, dh1, dW2, dh2"},
    "The order is that of the way back: dh2, dW2, dh1, dW1.",
)
unit.mistake_in(
    "backward",
    "the gradients of the weights alone",
    {"return dh2, dW2, dh1, dW1": "return dW2, dW1"},
    "Return all four, dh2 and dh1 as well: they tell where a slip was made.",
)


@unit.alternative("columns and rows: dh2 z1ᵀ as a matrix product")
def backward(W2, x, label, z1, p):
    dh2 = (p - label).reshape(-1, 1)
    dW2 = dh2 @ z1.reshape(1, -1)
    dh1 = (W2.T @ dh2) * (z1 * (1 - z1)).reshape(-1, 1)
    dW1 = dh1 @ x.reshape(1, -1)
    return dh2.ravel(), dW2, dh1.ravel(), dW1


@unit.alternative("the Jacobian of the softmax, step by step")
def backward(W2, x, label, z1, p):
    dp = -label / p
    dh2 = (np.diag(p) - np.outer(p, p)) @ dp
    dz1 = dh2 @ W2
    dh1 = np.diag(z1 - z1**2) @ dz1
    return [dh2, np.einsum("k,h->kh", dh2, z1), dh1, dh1[:, None] * x]


@unit.alternative("loops and lists")
def backward(W2, x, label, z1, p):
    K, H, D = len(p), len(z1), len(x)
    dh2 = [p[k] - label[k] for k in range(K)]
    dW2 = [[dh2[k] * z1[h] for h in range(H)] for k in range(K)]
    dh1 = [sum(W2[k, h] * dh2[k] for k in range(K)) * z1[h] * (1 - z1[h]) for h in range(H)]
    return dh2, dW2, dh1, [[dh1[h] * x[d] for d in range(D)] for h in range(H)]


@unit.alternative("PyTorch, in float64")
def backward(W2, x, label, z1, p):
    W2, x, label, z1, p = (torch.tensor(given, dtype=torch.float64) for given in (W2, x, label, z1, p))
    dh2 = p - label
    dh1 = (W2.T @ dh2) * z1 * (1 - z1)
    return dh2, torch.outer(dh2, z1), dh1, torch.outer(dh1, x)


@unit.alternative("float32 at the end")
def backward(W2, x, label, z1, p):
    dh2 = np.subtract(p, label)
    dh1 = np.dot(dh2, W2) * z1 * (1 - z1)
    results = dh2, np.multiply.outer(dh2, z1), dh1, np.multiply.outer(dh1, x)
    return tuple(result.astype(np.float32) for result in results)


# --- gradient_check -------------------------------------------------------------------------------

NUMERIC = "central_difference(lambda v, name=name: loss({**parameters, name: v}), parameter, epsilon)"
ERRORS = "np.abs(gradient - numeric) / scale"
SCALE = "np.maximum(np.abs(gradient) + np.abs(numeric), np.finfo(float).tiny)"
FORWARD = "from course.numeric_gradient.reference import forward_difference"
MESSAGE = '            {}(\n                f"gradient_check: {{name}}[{{index}}]'
WORST = "worst = np.unravel_index(np.argmax(np.abs(gradient - numeric)), errors.shape)"
IF = "if not errors[worst] <= threshold:"
unit.mistake_in(
    "gradient_check",
    "forward difference",
    {NUMERIC: NUMERIC.replace("central", "forward"),
     "    largest = {}\n": f"    {FORWARD}\n    largest = {{}}\n"},
    "A forward difference errs by the order of epsilon; look to both sides, epsilon up and epsilon down.",
)  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "divided by epsilon",
    {NUMERIC: "2 * " + NUMERIC},
    "v + epsilon and v - epsilon lie 2·epsilon apart: divide by that.",
)
unit.mistake_in(
    "gradient_check",
    "epsilon is not used",
    {"parameter, epsilon)": "parameter, 1e-3)"},
    "The step is the argument epsilon; 1e-3 is only its default.",
)
unit.mistake_in(
    "gradient_check",
    "the step of unit 1",
    {"parameter, epsilon)": "parameter)"},
    "central_difference has a step of its own, 1e-5: pass epsilon to it.",
)
unit.mistake_in(
    "gradient_check",
    "the threshold is not used",
    {IF: "if not errors[worst] <= 1e-4:"},
    "Compare with the argument threshold; 1e-4 is only its default.",
)
unit.mistake_in(
    "gradient_check",
    "absolute error",
    {ERRORS: "np.abs(gradient - numeric)"},
    "Divide by |g| + |n|: a difference means little until it is set against the size of the gradient.",
)
unit.mistake_in(
    "gradient_check",
    "small gradients are let off",
    {SCALE: "np.maximum(1, np.maximum(np.abs(gradient), np.abs(numeric)))"},
    "With at least 1 below the fraction, every gradient much smaller than 1 passes. Divide by |g| + |n|.",
)
unit.mistake_in(
    "gradient_check",
    "divided by the central difference alone",
    {"np.abs(gradient) + np.abs(numeric)": "np.abs(numeric)"},
    "The scale is the sum |g| + |n|.",
)
unit.mistake_in(
    "gradient_check",
    "divided by the larger of the two",
    {"np.abs(gradient) + np.abs(numeric)": "np.maximum(np.abs(gradient), np.abs(numeric))"},
    "The scale is the sum |g| + |n|, so that opposite signs score 1.",
)
unit.mistake_in(
    "gradient_check",
    "divided by the size of the sum",
    {"np.abs(gradient) + np.abs(numeric)": "np.abs(gradient + numeric)"},
    "The sum of the sizes is asked for, |g| + |n|; g + n is 0 for opposite signs.",
)
unit.mistake_in(
    "gradient_check",
    "a gradient that is too small passes",
    {ERRORS: "(gradient - numeric) / scale"},
    "A negative difference is an error like a positive one: take the absolute value.",
)
unit.mistake_in(
    "gradient_check",
    "NaN passes",
    {IF: "if errors[worst] > threshold:"},
    "NaN > threshold is False, and nanmax leaves NaN out. Ask whether the largest error (np.max) is not <= threshold.",
)
unit.mistake_in(
    "gradient_check",
    "0/0 is not a number",
    {SCALE: "np.abs(gradient) + np.abs(numeric)"},
    "Where the loss does not depend on an entry, both are 0 and right: keep the scale at least a tiny positive number.",
)
unit.mistake_in(
    "gradient_check",
    "an error as large as the threshold is refused",
    {IF: "if not errors[worst] < threshold:"},
    "Only an error above the threshold is refused: ask whether it is not <= threshold.",
)
unit.mistake_in(
    "gradient_check",
    "loss is given an array",
    {"loss({**parameters, name: v})": "loss(v)"},
    "loss takes a dict of all parameters: {**parameters, name: v} is that dict with one array replaced.",
)
unit.mistake_in(
    "gradient_check",
    "loss is given one parameter only",
    {"loss({**parameters, name: v})": "loss({name: v})"},
    "loss needs all parameters: {**parameters, name: v} has the others as well.",
)
unit.mistake_in(
    "gradient_check",
    "nothing is raised",
    {MESSAGE.format("raise ValueError"): MESSAGE.format("print")},
    "A message that is printed scrolls away. Raise a ValueError, which nobody overlooks.",
)  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "another kind of error",
    {MESSAGE.format("raise ValueError"): MESSAGE.format("raise AssertionError")},
    "Raise a ValueError, as the docstring says; assert raises an AssertionError.",
)  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "the parameter is not named",
    {"gradient_check: {name}[{index}]": "gradient_check: [{index}]"},
    "With ten parameters nobody knows which one is meant: put its name into the message.",
)
unit.mistake_in(
    "gradient_check",
    "the worst entry is not named",
    {"{name}[{index}] has": "{name} has"},
    "Put the index of the worst entry into the message: np.argmax and np.unravel_index find it.",
)
unit.mistake_in(
    "gradient_check",
    "a flat index",
    {'", ".join(str(i) for i in worst)': "np.argmax(errors)"},
    "np.argmax counts through the whole table. np.unravel_index(…, errors.shape) makes row and column of it.",
)
unit.mistake_in(
    "gradient_check",
    "row and column turned round",
    {"for i in worst)": "for i in worst[::-1])"},
    "The row comes first, then the column, as in W1[2, 0].",
)
unit.mistake_in(
    "gradient_check",
    "the first wrong entry, not the worst",
    {"np.argmax(errors)": "np.argmax(errors > threshold)",
     "largest[name] = errors[worst]": "largest[name] = errors.max()"},
    "Compute all errors first, then look for the largest of them.",
)  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "all wrong entries, not the worst",
    {'", ".join(str(i) for i in worst)': "np.argwhere(~(errors <= threshold)).tolist()"},
    "Name one entry, the worst: of a thousand wrong ones it is the first to look at. np.argmax finds it.",
)
unit.mistake_in(
    "gradient_check",
    "the largest difference, not the largest error",
    {IF: IF + "\n            " + WORST},
    "The worst entry is that of the largest relative error; look for the largest of the fractions.",
)  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "only the first parameter is checked",
    {"        largest[name] = errors[worst]\n    return": "        largest[name] = errors[worst]\n        return"},
    "The return stands inside the loop: move it to the left, so that every parameter has its turn.",
)
unit.mistake_in(
    "gradient_check",
    "the largest error of all, as one number",
    {"return largest": "return max(largest.values())"},
    "Return a dict with the largest error of each parameter, under its name.",
)
unit.mistake_in("gradient_check", "True for a right gradient", {"return largest": "return True"},
                "Return a dict with the largest error of each parameter, under its name.")  # fmt: skip
unit.mistake_in(
    "gradient_check",
    "the mean error",
    {"largest[name] = errors[worst]": "largest[name] = errors.mean()"},
    "A mean hides one wrong entry among many right ones: return the largest.",
)
unit.mistake_in(
    "gradient_check",
    "all errors, not the largest",
    {"largest[name] = errors[worst]": "largest[name] = errors"},
    "Return one number for each parameter, the largest error of its entries.",
)


@unit.mistake("parameters are left nudged", "Put the entry back after its two nudges, or nudge a copy of the array.")
def gradient_check(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    largest = {}
    for name, parameter in parameters.items():
        errors = np.zeros(parameter.shape)
        for i in np.ndindex(parameter.shape):
            before = parameter[i]
            parameter[i] = before + epsilon
            above = loss(parameters)
            parameter[i] = before - epsilon
            numeric = (above - loss(parameters)) / (2 * epsilon)
            errors[i] = abs(gradients[name][i] - numeric) / max(abs(gradients[name][i]) + abs(numeric), 1e-300)
        worst = np.unravel_index(np.argmax(errors), errors.shape)
        if not errors[worst] <= threshold:
            raise ValueError(f"{name}{[int(i) for i in worst]}: {errors[worst]}")
        largest[name] = errors[worst]
    return largest


@unit.alternative("nudging in place and putting back, entry by entry")
def gradient_check(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    largest = {}
    for name, parameter in parameters.items():
        worst, place = -1.0, None
        for i in np.ndindex(*parameter.shape):
            before = parameter[i]
            parameter[i] = before + epsilon
            above = loss(parameters)
            parameter[i] = before - epsilon
            below = loss(parameters)
            parameter[i] = before
            n, g = (above - below) / (2 * epsilon), gradients[name][i]
            error = np.abs(g - n) / max(np.abs(g) + np.abs(n), 1e-12)
            if np.isnan(error):
                raise ValueError(f"the gradient of {name} is NaN at {i}")
            if error > worst:
                worst, place = error, i
        if worst > threshold:
            raise ValueError(f"{name}: the worst entry is {place} with an error of {worst:.3e}")
        largest[name] = worst
    return largest


@unit.alternative("all errors first, the error names row and column in words")
def gradient_check(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    def errors_of(name):
        def at(v):
            return loss({key: v if key == name else value for key, value in parameters.items()})

        n, g = central_difference(at, parameters[name], h=epsilon), gradients[name]
        return np.nan_to_num(np.abs(g - n) / np.maximum(np.abs(g) + np.abs(n), 1e-30), nan=np.inf)

    errors = {name: errors_of(name) for name in parameters}
    worst = max(errors, key=lambda name: errors[name].max())
    if errors[worst].max() > threshold:
        place = np.argwhere(errors[worst] == errors[worst].max())[0]
        raise ValueError(worst + "".join(f"[{i}]" for i in place) + f" is off by {errors[worst].max():.2%}")
    return {name: float(e.max()) for name, e in errors.items()}


@unit.alternative("a column of nudges, and NumPy's own integers in the message")
def gradient_check(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    result = {}
    for key in parameters:
        values, steps = parameters[key], epsilon * np.eye(parameters[key].size)
        shape = values.shape
        n = np.array([
            loss(parameters | {key: values + s.reshape(shape)}) - loss(parameters | {key: values - s.reshape(shape)})
            for s in steps
        ]).reshape(shape) / (2 * epsilon)  # fmt: skip
        e = abs(gradients[key] - n) / (abs(gradients[key]) + abs(n) + 1e-200)
        if np.isnan(e).any() or e.max() > threshold:
            raise ValueError((key, np.unravel_index(e.argmax(), shape), e.max()))
        result[key] = e.max()
    return result


# --- planted_bug ----------------------------------------------------------------------------------

DIRECTIONS = "rng.normal(size=(2, *w.shape))"
STEPS = "for h in (1e-5, 1e-7):"
CLOSE = "abs(along - slope) <= 1e-6 + 1e-4 * abs(slope)"
FLOATS = "np.asarray(w, dtype=float)"
ABOVE, BELOW = "loss({**parameters, name: w + h * u})", "loss({**parameters, name: w - h * u})"
EVERY = "For every parameter on its own: a direction, two calls, a comparison."
unit.mistake_in(
    "planted_bug",
    "the same step for every entry",
    {DIRECTIONS: "(np.ones(w.shape),)"},
    "The sum of all entries is the same for a table and its transpose. Step in a random direction.",
)
unit.mistake_in(
    "planted_bug",
    "one entry of each parameter",
    {DIRECTIONS: "(np.eye(1, w.size).reshape(w.shape),)"},
    "One entry says nothing about the others. A random direction moves them all at once.",
)
unit.mistake_in(
    "planted_bug",
    "sizes compared, signs not",
    {CLOSE: "abs(abs(along) - abs(slope)) <= 1e-6 + 1e-4 * abs(slope)"},
    "A wrong sign is a bug too: compare the two numbers, not their sizes.",
)
unit.mistake_in(
    "planted_bug",
    "no absolute tolerance",
    {CLOSE: "abs(along - slope) <= 1e-4 * abs(slope)"},
    "Where a slope is nearly 0 only rounding is left of it. Let differences pass that are below an absolute tolerance.",
)
unit.mistake_in(
    "planted_bug",
    "no relative tolerance",
    {CLOSE: "abs(along - slope) <= 1e-6"},
    "Large gradients have large rounding errors. Let differences pass that are a small share of the slope.",
)
unit.mistake_in(
    "planted_bug",
    "a kink is taken for a bug",
    {STEPS: "for h in (1e-5,):"},
    "A step of 1e-5 may reach across a kink. Where the two differ, try a smaller step: a bug remains, a kink does not.",
)
unit.mistake_in(
    "planted_bug",
    "the step in float32",
    {FLOATS: "np.asarray(w)", "w + h * u}": "(w + h * u).astype(w.dtype)}",
     "w - h * u}": "(w - h * u).astype(w.dtype)}"},
    "float32 has 7 digits, of which the difference of two losses keeps hardly any. Make the parameters float64 first.",
)  # fmt: skip
unit.mistake_in(
    "planted_bug",
    "divided by h",
    {"/ (2 * h)": "/ h"},
    "The two places lie 2h apart.",
)
unit.mistake_in(
    "planted_bug",
    "the weights only",
    {"if not all(": "if w.ndim > 1 and not all("},
    "Biases have gradients too. " + EVERY,
)
unit.mistake_in(
    "planted_bug",
    "the first parameter only",
    {"            return name\n    return": "            return name\n        return"},
    'The return stands inside the loop: only when all parameters have agreed is it "none".',
)
unit.mistake_in(
    "planted_bug",
    "a right one is named",
    {"if not all(": "if all("},
    "The two numbers agree where the gradient is right. Name the parameter for which they do not.",
)
unit.mistake_in(
    "planted_bug",
    "None in place of the word",
    {'return "none"': "return None"},
    'Where all agree, return the word "none".',
)
unit.mistake_in(
    "planted_bug",
    "a list of names",
    {"return name\n": "return [name]\n"},
    "At most one gradient is wrong: return its name, without a list around it.",
)
unit.mistake_in(
    "planted_bug",
    "the bug is raised",
    {"return name\n": 'raise ValueError(f"the gradient of {name} is wrong")\n'},
    "Here the name is returned, not raised.",
)
unit.mistake_in(
    "planted_bug",
    "loss is given one parameter only",
    {ABOVE: "loss({name: w + h * u})", BELOW: "loss({name: w - h * u})"},
    "loss needs all parameters: {**parameters, name: …} has the others as well.",
)


@unit.mistake("every entry is nudged", "The loss may be slow. One random direction tests all entries with two calls.")
def planted_bug(loss, parameters, gradients, rng):
    parameters = {name: np.asarray(w, dtype=float) for name, w in parameters.items()}
    for name, w in parameters.items():
        slopes = [central_difference(lambda v, name=name: loss({**parameters, name: v}), w, h) for h in (1e-5, 1e-7)]
        if not any(np.allclose(gradients[name], slope, rtol=1e-4, atol=1e-6) for slope in slopes):
            return name
    return "none"


@unit.mistake("all parameters moved at once", EVERY + " Moved all at once they show a bug, but not where it is.")
def planted_bug(loss, parameters, gradients, rng):
    u = {name: rng.normal(size=np.shape(w)) for name, w in parameters.items()}
    along = sum(np.sum(gradients[name] * u[name]) for name in u)
    for h in (1e-5, 1e-7):
        above, below = (loss({n: np.float64(w) + s * u[n] for n, w in parameters.items()}) for s in (h, -h))
        if np.isclose(along, (above - below) / (2 * h), rtol=1e-4, atol=1e-6):
            return "none"
    return "W1"


@unit.mistake("parameters are left nudged", "+= moves the caller's arrays: w + h * u makes a new one.")
def planted_bug(loss, parameters, gradients, rng):
    for name, w in parameters.items():
        w = parameters[name] = np.asarray(w, dtype=float)
        u = rng.normal(size=w.shape)
        w += 1e-7 * u
        above = loss(parameters)
        w -= 2e-7 * u
        slope = (above - loss(parameters)) / 2e-7
        if not np.isclose(np.sum(gradients[name] * u), slope, rtol=1e-4, atol=1e-6):
            return name
    return "none"


@unit.alternative("a step of 1e-7, which crosses no kink, in three normal directions")
def planted_bug(loss, parameters, gradients, rng):
    at = {name: np.array(w, dtype=np.float64) for name, w in parameters.items()}
    for name in at:
        for _ in range(3):
            u = rng.normal(size=at[name].shape)
            slope = (loss(at | {name: at[name] + 1e-7 * u}) - loss(at | {name: at[name] - 1e-7 * u})) / 2e-7
            if not np.isclose((gradients[name] * u).sum(), slope, rtol=1e-3, atol=1e-6):
                return name
    return "none"


@unit.alternative("the complex step, along a direction of length 1")
def planted_bug(loss, parameters, gradients, rng):
    for name, w in parameters.items():
        u = rng.normal(size=np.shape(w))
        u /= np.linalg.norm(u)
        moved = {key: np.asarray(value, dtype=complex) for key, value in parameters.items()}
        moved[name] += 1e-20j * u
        slope = np.imag(loss(moved)) / 1e-20
        if abs(np.vdot(gradients[name], u) - slope) > 1e-6 + 1e-4 * abs(slope):
            return str(name)
    return "none"


@unit.alternative("the gradient that is furthest from its slope, in a direction without small entries")
def planted_bug(loss, parameters, gradients, rng):
    exact = {name: np.array(w, dtype=float) for name, w in parameters.items()}

    def apart(name):
        u = rng.uniform(1, 2, size=exact[name].shape) * rng.choice([-1, 1], size=exact[name].shape)
        errors = []
        for h in (1e-4, 1e-6, 1e-7):
            above, below = (loss({**exact, name: exact[name] + step * u}) for step in (h, -h))
            slope = (above - below) / (2 * h)
            errors.append(abs(np.tensordot(gradients[name], u, u.ndim) - slope) / (1e-6 + 1e-4 * abs(slope)))
        return min(errors)

    furthest = max(exact, key=apart)
    return furthest if apart(furthest) > 1 else "none"


# --- loss_from_scores -----------------------------------------------------------------------------

ROWS = (
    "shifted = scores - scores.max(axis=1, keepdims=True)",
    "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
)
PREDICTED = "np.argmax(scores, axis=1)"
LOSS = "-np.mean(log_p[np.arange(N), classes])"
TRIPLE = "return np.exp(log_p), predicted, loss"
unit.mistake_in("loss_from_scores", "softmax over the examples", {
    ROWS[0]: "shifted = scores - scores.max(axis=0, keepdims=True)",
    ROWS[1]: "shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))",
}, BY_COLUMN)  # fmt: skip
unit.mistake_in("loss_from_scores", "one sum for the whole batch", {
    ROWS[0]: "shifted = scores - scores.max()", ROWS[1]: "shifted - np.log(np.exp(shifted).sum())",
}, WHOLE_BATCH)  # fmt: skip
unit.mistake_in(
    "loss_from_scores", "one maximum for the whole batch", {ROWS[0]: "shifted = scores - scores.max()"}, GLOBAL_MAX
)
unit.mistake_in(
    "loss_from_scores",
    "exp overflows",
    {ROWS[1]: "np.log(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))"},
    OVERFLOW,
)
unit.mistake_in(
    "loss_from_scores",
    "exp overflows, and argmax sees it",
    {ROWS[1]: "np.log(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))",
     PREDICTED: "np.argmax(np.exp(log_p), axis=1)"},
    OVERFLOW + " And argmax of the scores needs no exp.",
)  # fmt: skip
unit.mistake_in(
    "loss_from_scores",
    "the logarithm of the probabilities",
    {LOSS: "-np.mean(np.log(np.exp(log_p))[np.arange(N), classes])"},
    UNDERFLOW,
)
unit.mistake_in(
    "loss_from_scores",
    "a small number inside the logarithm",
    {LOSS: "-np.mean(np.log(np.exp(log_p) + 1e-12)[np.arange(N), classes])"},
    EPSILON,
)
unit.mistake_in(
    "loss_from_scores",
    "probabilities passed as scores",
    {"loss = -": "P = np.exp(log_p)\n    loss = -",
     "log_p[np": "(P - np.logaddexp.reduce(P, axis=1, keepdims=True))[np"},
    "The loss function from logits applies the softmax itself: hand it the scores, not the probabilities.",
)  # fmt: skip
unit.mistake_in(
    "loss_from_scores",
    "argmax over the examples",
    {PREDICTED: "np.argmax(scores, axis=0)"},
    "axis=0 asks for each class which example has the highest score. For each example it is axis=1.",
)
unit.mistake_in(
    "loss_from_scores",
    "argmax over the whole batch",
    {PREDICTED: "np.argmax(scores)"},
    "Without an axis argmax counts through the whole table. One class for each row: axis=1.",
)
unit.mistake_in("loss_from_scores", "the least probable class", {PREDICTED: "np.argmin(scores, axis=1)"},
                "The predicted class is the one of the highest score: argmax.")  # fmt: skip
unit.mistake_in(
    "loss_from_scores",
    "the highest probability, not its class",
    {PREDICTED: "np.exp(log_p).max(axis=1)"},
    "max says how probable, argmax says which one. The index is asked for.",
)
unit.mistake_in(
    "loss_from_scores",
    "classes counted from 1",
    {PREDICTED: "np.argmax(scores, axis=1) + 1"},
    "Classes are counted from 0 here, as NumPy counts columns.",
)
unit.mistake_in(
    "loss_from_scores",
    "predicted class one-hot",
    {PREDICTED: "np.eye(K)[np.argmax(scores, axis=1)]"},
    "The index of the class is asked for, one whole number for each example.",
)
unit.mistake_in(
    "loss_from_scores",
    "the right classes are returned as predicted",
    {PREDICTED: "classes"},
    "The prediction comes from the scores alone; the right classes serve the loss.",
)
unit.mistake_in(
    "loss_from_scores",
    "whether it is right, not which class",
    {PREDICTED: "(np.argmax(scores, axis=1) == classes).astype(int)"},
    "Return the predicted class of each example. Comparing it with the right one comes later.",
)
unit.mistake_in(
    "loss_from_scores", "minus forgotten", {"loss = -np": "loss = np"}, "The loss is -ln p, a positive number."
)
unit.mistake_in(
    "loss_from_scores",
    "loss summed",
    {"-np.mean(": "-np.sum("},
    "The loss is a mean: divide the sum by the number of examples.",
)
unit.mistake_in(
    "loss_from_scores",
    "a loss for each example",
    {LOSS: "-log_p[np.arange(N), classes]"},
    "One number is asked for: the mean over the examples.",
)
unit.mistake_in(
    "loss_from_scores",
    "divided by examples times classes",
    {LOSS: "-np.mean(np.eye(K)[classes] * log_p)"},
    "The mean of a one-hot product divides by N·K. Sum over the classes first, then take the mean over the examples.",
)
unit.mistake_in(
    "loss_from_scores",
    "every row with every class",
    {"log_p[np.arange(N), classes]": "log_p[:, classes]"},
    "log_p[:, classes] takes N columns of each row. Pair row n with its own class: log_p[np.arange(N), classes].",
)
unit.mistake_in(
    "loss_from_scores",
    "the right class is not looked at",
    {"log_p[np.arange(N), classes]": "log_p"},
    "Only ln p of the right class counts: pick one entry in each row.",
)
unit.mistake_in(
    "loss_from_scores",
    "the loss of the predicted class",
    {"log_p[np.arange(N), classes]": "log_p[np.arange(N), predicted]"},
    "The loss asks for the probability of the right class, not of the predicted one.",
)
unit.mistake_in(
    "loss_from_scores",
    "the class one further on",
    {"log_p[np.arange(N), classes]": "log_p[np.arange(N), classes - 1]"},
    "The classes count from 0 already: nothing is subtracted.",
)
unit.mistake_in(
    "loss_from_scores",
    "-ln of the mean probability",
    {LOSS: "-np.log(np.mean(np.exp(log_p)[np.arange(N), classes]))"},
    "First -ln for each example, then the mean: the logarithm of a mean is another number.",
)
unit.mistake_in(
    "loss_from_scores",
    "the median loss",
    {"-np.mean(": "-np.median("},
    "The mean is asked for; a median ignores how bad the worst examples are.",
)
unit.mistake_in("loss_from_scores", "logarithm to base 2", {LOSS: LOSS + " / np.log(2)"}, LOG2)
unit.mistake_in("loss_from_scores", "logarithm to base 10", {LOSS: LOSS + " / np.log(10)"}, LOG10)
unit.mistake_in(
    "loss_from_scores",
    "logarithms of probabilities",
    {TRIPLE: "return log_p, predicted, loss"},
    "Probabilities lie between 0 and 1: return exp(ln p).",
)
unit.mistake_in(
    "loss_from_scores",
    "a sigmoid for each score",
    {TRIPLE: "return np.exp(-np.logaddexp(0, -scores)), predicted, loss"},
    "One of several classes: the probabilities of a row add up to 1, which sigmoids do not. Use the softmax.",
)
unit.mistake_in(
    "loss_from_scores",
    "the loss first",
    {TRIPLE: "return loss, predicted, np.exp(log_p)"},
    "The order is probabilities, predicted classes, loss.",
)
unit.mistake_in("loss_from_scores", "the loss alone", {TRIPLE: "return loss"},
                "Return all three: probabilities, predicted classes, loss.")  # fmt: skip
unit.mistake_in(
    "loss_from_scores",
    "the predicted classes are missing",
    {TRIPLE: "return np.exp(log_p), loss"},
    "Return all three: probabilities, predicted classes, loss.",
)
unit.mistake_in(
    "loss_from_scores",
    "scores are changed",
    {ROWS[0]: "shifted = scores\n    shifted -= scores.max(axis=1, keepdims=True)"},
    "-= on an array that was passed in changes the caller's array: write s = s - …, which makes a new one.",
)


@unit.alternative("TensorFlow")
def loss_from_scores(scores, classes):
    import tensorflow as tf

    scores = tf.cast(scores, tf.float64)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=scores)
    return tf.nn.softmax(scores), tf.argmax(scores, axis=-1), tf.reduce_mean(losses)


@unit.alternative("PyTorch, in float32")
def loss_from_scores(scores, classes):
    scores, classes = torch.tensor(scores, dtype=torch.float32), torch.tensor(classes)
    loss = torch.nn.functional.cross_entropy(scores, classes)
    return scores.softmax(dim=1), scores.argmax(dim=1), loss


@unit.alternative("loops and lists")
def loss_from_scores(scores, classes):
    import math

    table, predicted, total = [], [], 0.0
    for row, right in zip(scores.tolist(), classes.tolist()):
        top = max(row)
        lse = top + math.log(sum(math.exp(s - top) for s in row))
        table.append([math.exp(s - lse) for s in row])
        predicted.append(row.index(top))
        total += lse - row[right]
    return [table, predicted, total / len(table)]


@unit.alternative("one-hot labels, and argmax of the probabilities")
def loss_from_scores(scores, classes):
    one_hot = np.eye(scores.shape[1])[classes]
    log_p = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
    p = np.exp(log_p)
    return p, p.argmax(axis=1).astype(np.int32), -(one_hot * log_p).sum(axis=1).mean()
