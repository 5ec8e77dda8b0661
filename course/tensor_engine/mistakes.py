"""Unit 5: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np

from course.tensor_engine.check import unit

# Nudging takes longer than a part may. These answers say so at once, so that nobody waits to learn their name.
NUDGED = (
    "A call or two for each of 200,000 entries takes too long, and a step is lost beside tiny numbers. Write the "
    "formula: it goes through the arrays once."
)

KEEP = "An axis that had length 1 must have length 1 again: sum with keepdims=True, or reshape to shape."

# --- unbroadcast ----------------------------------------------------------------------------------

unit.mistake_in(
    "unbroadcast",
    "the mean instead of the sum",
    {"result.sum(axis=0)": "result.mean(axis=0)", "result.sum(axis=axis, keepdims=True)": "result.mean(axis=axis, "
     "keepdims=True)"},
    "The number was used in every copy, and what comes back along all of them adds up: take the sum, not the mean.",
)  # fmt: skip
unit.mistake_in(
    "unbroadcast",
    "stretched axes forgotten",
    {"shape[axis] == 1 != result.shape[axis]": "False"},
    "An axis of length 1 was repeated as well: where shape has a 1, sum along that axis too.",
)


@unit.mistake(
    "axes in front forgotten",
    "Broadcasting also puts new axes in front: sum over them first, as many as the gradient has more than shape.",
)
def unbroadcast(gradient, shape):
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


unit.mistake_in(
    "unbroadcast",
    "the stretched axis dropped",
    {"axis=axis, keepdims=True": "axis=axis", "range(result.ndim)": "reversed(range(result.ndim))"},
    KEEP,
)  # fmt: skip
unit.mistake_in(
    "unbroadcast",
    "new axes looked for at the end",
    {"result.sum(axis=0)": "result.sum(axis=-1)"},
    "Broadcasting lines shapes up at their ends and adds axes in front: sum over axis 0, not over the last one.",
)


@unit.mistake("the stretched axis dropped, from the front", KEEP)
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis)
    return gradient


@unit.mistake(
    "only one new axis summed",
    "Broadcasting may put several axes in front. An `if` sums over one of them: use a loop.",
)
def unbroadcast(gradient, shape):
    if gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


@unit.mistake(
    "return inside the loop",
    "`return` inside the loop ends it after the first axis, and with shape () nothing is returned. Put it behind.",
)
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
        return gradient


@unit.mistake("only the first copy", "Every copy hands a gradient back, not only the first: sum over the copies.")
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = np.take(gradient, [0], axis=axis)
    return gradient


@unit.mistake("cut to the shape", "np.resize throws numbers away. Each of them belongs to a copy: sum over the copies.")
def unbroadcast(gradient, shape):
    return np.resize(gradient, shape)


@unit.mistake("returned as it came", "The gradient still has the shape after broadcasting: sum it down to shape.")
def unbroadcast(gradient, shape):
    return gradient


@unit.mistake("everything summed to one number", "Sum only over the axes that broadcasting added or stretched.")
def unbroadcast(gradient, shape):
    return gradient.sum()


@unit.mistake(
    "the whole sum in every entry",
    "Each entry receives what came back along its own copies: sum over the added and stretched axes only.",
)
def unbroadcast(gradient, shape):
    return gradient if gradient.shape == shape else np.full(shape, gradient.sum())


@unit.mistake(
    "axes counted from the front",
    "After new axes in front, axis i of shape is axis i + (number of new axes) of the gradient: sum over those first.",
)
def unbroadcast(gradient, shape):
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    gradient = gradient.sum(axis=stretched, keepdims=True)
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient


@unit.mistake(
    "axes of length 1 lost",
    "A 1 in shape is part of the shape: (1, 4) is not (4,). Keep such axes, or reshape to shape at the end.",
)
def unbroadcast(gradient, shape):
    result = gradient
    for _ in range(gradient.ndim - len(shape)):
        result = result.sum(axis=0)
    for axis in range(result.ndim):
        if shape[axis] == 1 != result.shape[axis]:
            result = result.sum(axis=axis, keepdims=True)
    return result.squeeze()


@unit.mistake("found by nudging", NUDGED)
def unbroadcast(gradient, shape):
    if gradient.size > 1000:
        raise TimeoutError("a step for each entry takes too long")
    steps = 1e-5 * np.eye(int(np.prod(shape))).reshape(-1, *shape)
    found = [((gradient * step).sum() - (gradient * -step).sum()) / 2e-5 for step in steps]
    return np.reshape(found, shape)


@unit.alternative("one sum over all axes, then reshape")
def unbroadcast(gradient, shape):
    added = gradient.ndim - len(shape)
    axes = tuple(range(added)) + tuple(added + i for i, n in enumerate(shape) if n == 1)
    return np.sum(gradient, axis=axes).reshape(shape)


@unit.alternative("a while loop, then the axes of length 1")
def unbroadcast(gradient, shape):
    while np.ndim(gradient) > len(shape):
        gradient = np.sum(gradient, axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = np.sum(gradient, axis=axis, keepdims=True)
    return np.asarray(gradient)


@unit.alternative("entry by entry, with += into the place that it came from")
def unbroadcast(gradient, shape):
    result = np.zeros(shape)
    sources = np.broadcast_to(np.arange(result.size).reshape(shape), gradient.shape)
    for place, source in np.ndenumerate(sources):
        result.reshape(-1)[source] += gradient[place]
    return result


@unit.alternative("shape filled up with ones in front")
def unbroadcast(gradient, shape):
    full = (1,) * (len(gradient.shape) - len(shape)) + tuple(shape)
    for axis, (before, after) in enumerate(zip(full, gradient.shape)):
        if before < after:
            gradient = np.add.reduce(gradient, axis=axis, keepdims=True)
    return gradient.reshape(shape).tolist()


@unit.alternative("with np.add.at, in float32")
def unbroadcast(gradient, shape):
    result = np.zeros(shape)
    places = np.broadcast_arrays(*np.indices(shape), gradient)[:-1] if shape else ()
    np.add.at(result, tuple(places), gradient if shape else gradient.sum())
    return result.astype(np.float32)


# --- matmul_rule ----------------------------------------------------------------------------------

SWAPPED = "In a product of matrices the order counts: g stands where Y stood, the other factor where it stood before."
NO_TRANSPOSE = "Transpose the other factor: compare the shapes, (n, m) times (m, k) makes (n, k)."
ALL_AXES = "On a stack, .T turns all axes round. Swap the last two only: .mT, or np.swapaxes(…, -1, -2)."
TIMES_Y = "What comes back is the upstream gradient g, not the result Y."
LOCAL = "That is the local derivative alone: multiply it by the upstream gradient g."
TURNED = "The result is transposed: its shape must be that of the matrix it is the gradient of."

unit.mistake_in("matmul_left", "by A: B not transposed", {"B.mT": "B"}, NO_TRANSPOSE)
unit.mistake_in("matmul_left", "by A: factors in the wrong order", {"g @ B.mT": "B.mT @ g"}, SWAPPED)
unit.mistake_in("matmul_left", "by A: order wrong and no transpose", {"g @ B.mT": "B @ g"}, SWAPPED)
unit.mistake_in("matmul_left", "by A: a stack transposed along all axes", {"B.mT": "B.T"}, ALL_AXES)
unit.mistake_in("matmul_left", "by A: result transposed", {"g @ B.mT": "(g @ B.mT).mT"}, TURNED)
unit.mistake_in("matmul_left", "by A: Y instead of g", {"g @ B.mT": "Y @ B.mT"}, TIMES_Y)
unit.mistake_in("matmul_left", "by A: g left out", {"g @ B.mT": "np.ones_like(g) @ B.mT"}, LOCAL)
unit.mistake_in(
    "matmul_left",
    "by A: the rule for B",
    {"g @ B.mT": "A.mT @ g"},
    "That is the gradient with respect to B. A receives g and the other factor, B.",
)
unit.mistake_in(
    "matmul_left",
    "by A: entry by entry",
    {"g @ B.mT": "g * B"},
    "The * rule multiplies entry by entry. A matrix product comes back as a matrix product: use @.",
)
unit.mistake_in("matmul_right", "by B: A not transposed", {"A.mT": "A"}, NO_TRANSPOSE)
unit.mistake_in("matmul_right", "by B: factors in the wrong order", {"A.mT @ g": "g @ A.mT"}, SWAPPED)
unit.mistake_in("matmul_right", "by B: order wrong and no transpose", {"A.mT @ g": "g @ A"}, SWAPPED)
unit.mistake_in("matmul_right", "by B: a stack transposed along all axes", {"A.mT": "A.T"}, ALL_AXES)
unit.mistake_in("matmul_right", "by B: result transposed", {"A.mT @ g": "g.mT @ A"}, TURNED)
unit.mistake_in("matmul_right", "by B: Y instead of g", {"A.mT @ g": "A.mT @ Y"}, TIMES_Y)
unit.mistake_in("matmul_right", "by B: g left out", {"A.mT @ g": "A.mT @ np.ones_like(g)"}, LOCAL)
unit.mistake_in(
    "matmul_right",
    "by B: the rule for A",
    {"A.mT @ g": "g @ B.mT"},
    "That is the gradient with respect to A. B receives g and the other factor, A.",
)
unit.mistake_in(
    "matmul_right",
    "by B: a mean over the rows",
    {"A.mT @ g": "A.mT @ g / len(A)"},
    "Nothing here is a mean: if the loss is one, its 1/N stands in g already.",
)


@unit.mistake("by A: found by nudging", NUDGED)
def matmul_left(g, Y, A, B):
    if A.size > 1000:
        raise TimeoutError("a step for each entry takes too long")
    steps = 1e-5 * np.eye(A.size).reshape(-1, *A.shape)
    return np.reshape([((g * ((A + s) @ B)).sum() - (g * ((A - s) @ B)).sum()) / 2e-5 for s in steps], A.shape)


@unit.mistake("by B: found by nudging", NUDGED)
def matmul_right(g, Y, A, B):
    if B.size > 1000:
        raise TimeoutError("a step for each entry takes too long")
    steps = 1e-5 * np.eye(B.size).reshape(-1, *B.shape)
    return np.reshape([((g * (A @ (B + s))).sum() - (g * (A @ (B - s))).sum()) / 2e-5 for s in steps], B.shape)


@unit.alternative("np.einsum")
def matmul_left(g, Y, A, B):
    return np.einsum("...nm,...km->...nk", g, B)


@unit.alternative("transposed twice, for matrices or one stack at a time")
def matmul_left(g, Y, A, B):
    if g.ndim == 2:
        return np.dot(B, g.T).T
    return np.stack([np.dot(b, u.T).T for u, b in zip(g, B)])


@unit.alternative("swapaxes, as lists")
def matmul_left(g, Y, A, B):
    return np.matmul(g, np.swapaxes(B, -1, -2)).tolist()


@unit.alternative("np.einsum, by B")
def matmul_right(g, Y, A, B):
    return np.einsum("...nk,...nm->...km", A, g)


@unit.alternative("a sum of outer products")
def matmul_right(g, Y, A, B):
    result = np.zeros_like(B)
    for row in range(A.shape[-2]):
        result += A[..., row, :, None] * g[..., row, None, :]
    return result


@unit.alternative("swapaxes, in float32")
def matmul_right(g, Y, A, B):
    axes = [*range(A.ndim - 2), A.ndim - 1, A.ndim - 2]
    return (np.transpose(A, axes) @ g).astype(np.float32)


# --- sum_and_mean_rule ----------------------------------------------------------------------------

NOT_SPREAD = "Every entry of x is to receive something: repeat g until it has x's shape."
BY_X = "The derivative of a sum with respect to each of its terms is 1, whatever x is: x does not enter."
AXIS_BACK = "Put the axis back where it was: an axis of length 1 at its own place, then repeat along it."
NO_AXIS = "With axis=None, y is one number and has no axis to put back: call np.expand_dims only if axis is not None."
KEPT = "With keepdims=True the axis is still there: only put it back when it is missing."

unit.mistake_in("sum_rule", "sum: g not repeated", {"np.full(x.shape, g)": "g"}, NOT_SPREAD)
unit.mistake_in("sum_rule", "sum: multiplied by x", {"np.full(x.shape, g)": "np.full(x.shape, g) * x"}, BY_X)
unit.mistake_in("sum_rule", "sum: axis not put back", {"g = np.expand_dims(g, axis)": "pass"}, AXIS_BACK)
unit.mistake_in(
    "sum_rule",
    "sum: axis put back at the end",
    {"np.expand_dims(g, axis)": "np.expand_dims(g, tuple(range(-np.size(axis), 0)))"},
    AXIS_BACK,
)
unit.mistake_in("sum_rule", "sum: keepdims ignored", {" and not keepdims": ""}, KEPT)
unit.mistake_in("sum_rule", "sum: no case for axis=None", {"axis is not None and ": ""}, NO_AXIS)
unit.mistake_in("sum_rule", "sum: keepdims the wrong way round", {"not keepdims": "keepdims"}, KEPT)
unit.mistake_in(
    "sum_rule",
    "sum: ones without g",
    {"np.full(x.shape, g)": "np.ones(x.shape)"},
    "1 is the local derivative. Multiply it by the upstream gradient g.",
)
unit.mistake_in(
    "sum_rule",
    "sum: divided as in a mean",
    {"np.full(x.shape, g)": "np.full(x.shape, g / (x.size // y.size))"},
    "That is the rule of the mean. In a sum each entry counts in full: do not divide.",
)
unit.mistake_in(
    "sum_rule",
    "sum: split among all entries",
    {"np.full(x.shape, g)": "np.full(x.shape, g / x.size)"},
    "The gradient is not shared out among the entries: each of them moves y by as much as it moves itself.",
)
unit.mistake_in(
    "sum_rule",
    "sum: the sum of g everywhere",
    {"np.full(x.shape, g)": "np.full(x.shape, np.sum(g))"},
    "An entry of x went into one entry of y only: it receives that one's gradient, not all of them.",
)
unit.mistake_in("mean_rule", "mean: g not repeated", {"np.full(x.shape, g / count)": "g / count"}, NOT_SPREAD)
unit.mistake_in("mean_rule", "mean: multiplied by x", {"g / count)": "g / count) * x"}, BY_X)
unit.mistake_in("mean_rule", "mean: axis not put back", {"g = np.expand_dims(g, axis)": "pass"}, AXIS_BACK)
unit.mistake_in("mean_rule", "mean: no case for axis=None", {"axis is not None and ": ""}, NO_AXIS)
unit.mistake_in(
    "mean_rule",
    "mean: no case for a tuple of axes",
    {"x.size // y.size": "x.size if axis is None else x.shape[axis]"},
    "axis may be a tuple, which is no index of x.shape. x.size // y.size counts the entries of one mean in any case.",
)
unit.mistake_in("mean_rule", "mean: keepdims ignored", {" and not keepdims": ""}, KEPT)
unit.mistake_in(
    "mean_rule",
    "mean: not divided",
    {"g / count": "g"},
    "That is the rule of the sum. A mean divides by the number of entries, so its gradient does as well.",
)
unit.mistake_in(
    "mean_rule",
    "mean: divided by the size of x",
    {"x.size // y.size": "x.size"},
    "Divide by how many entries went into one mean: all of x only where the mean is over everything.",
)
unit.mistake_in(
    "mean_rule",
    "mean: divided by the size of y",
    {"x.size // y.size": "y.size"},
    "y.size counts the means. Divide by how many entries of x went into each of them.",
)
unit.mistake_in(
    "mean_rule",
    "mean: divided by the length of axis 0",
    {"x.size // y.size": "len(x)"},
    "len(x) is the length of axis 0. Divide by the number of entries along the axes that the mean is over.",
)
unit.mistake_in(
    "mean_rule",
    "mean: divided twice",
    {"g / count": "g / count**2"},
    "g is the gradient with respect to the mean as it is, nothing in it has been divided: divide once.",
)
unit.mistake_in(
    "mean_rule",
    "mean: multiplied by the number of entries",
    {"g / count": "g * count"},
    "The more entries, the less each of them moves the mean: divide by their number.",
)


unit.mistake_in(
    "mean_rule",
    "mean: g divided in place",
    {"return np.full(x.shape, g / count)": "g /= count\n    return np.full(x.shape, g)"},
    "`g /= count` writes into the caller's array, and the engine still needs it: put g / count into a new one.",
)


@unit.mistake("sum: found by nudging", NUDGED)
def sum_rule(g, y, x, axis=None, keepdims=False):
    if x.size > 1000:
        raise TimeoutError("a step for each entry takes too long")
    steps = 1e-5 * np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(g * ((x + s).sum(axis, keepdims=keepdims) - y)).sum() / 1e-5 for s in steps], x.shape)


@unit.mistake("mean: found by nudging", NUDGED)
def mean_rule(g, y, x, axis=None, keepdims=False):
    if x.size > 1000:
        raise TimeoutError("a step for each entry takes too long")
    steps = 1e-5 * np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(g * ((x + s).mean(axis, keepdims=keepdims) - y)).sum() / 1e-5 for s in steps], x.shape)


@unit.alternative("a view that is broadcast")
def sum_rule(g, y, x, axis=None, keepdims=False):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.broadcast_to(np.reshape(g, kept), x.shape)


@unit.alternative("ones times g, axis after axis")
def sum_rule(g, y, x, axis=None, keepdims=False):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not keepdims:
        for a in sorted(a % x.ndim for a in axes):
            g = np.expand_dims(g, a)
    return np.ones_like(x) * g


@unit.alternative("entry by entry, as lists")
def sum_rule(g, y, x, axis=None, keepdims=False):
    axes = set(range(x.ndim)) if axis is None else {a % x.ndim for a in np.atleast_1d(axis)}
    result = np.empty_like(x)
    for place in np.ndindex(x.shape):
        source = [0 if a in axes else i for a, i in enumerate(place)]
        left = [i for a, i in enumerate(source) if keepdims or a not in axes]
        result[place] = np.asarray(g)[tuple(left)]
    return result.tolist()


@unit.alternative("the count from the lengths of the axes")
def mean_rule(g, y, x, axis=None, keepdims=False):
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    count = 1
    for a in axes:
        count *= x.shape[a]
    g = np.reshape(g, np.mean(x, axis=axes, keepdims=True).shape)
    return np.broadcast_to(g, x.shape) / count


@unit.alternative("spread first, divided afterwards")
def mean_rule(g, y, x, axis=None, keepdims=False):
    if not keepdims and axis is not None:
        g = np.expand_dims(g, axis)
    return np.zeros_like(x) + g * np.size(y) / np.size(x)


@unit.alternative("the mean of ones")
def mean_rule(g, y, x, axis=None, keepdims=False):
    shape = np.mean(x, axis=axis, keepdims=True).shape
    return (np.ones(x.shape) * np.array(g).reshape(shape) * (np.prod(shape) / x.size)).astype(np.float32)


# --- softmax_cross_entropy ------------------------------------------------------------------------

STABLE = "Subtract each row's largest logit before you take exp: the softmax is the same, and nothing overflows."
NAME = "softmax_cross_entropy_gradient"

unit.mistake_in(
    NAME,
    "no shift before exp",
    {"logits - logits.max(axis=1, keepdims=True)": "logits + 0.0"},
    STABLE,
)
unit.mistake_in(
    NAME,
    "shifted by the largest logit of the batch",
    {"logits.max(axis=1, keepdims=True)": "logits.max()"},
    "One shift for all rows lets rows of small logits underflow to 0/0. Shift each row by its own largest logit.",
)
unit.mistake_in(
    NAME,
    "ln of a probability that is 0",
    {"(np.log(total[:, 0]) - shifted[rows, labels])": "-np.log(gradient[rows, labels] / total[:, 0])"},
    "A tiny probability is rounded to 0 and its ln is -inf. Use ln P = shifted logit - ln(sum of exp).",
)
unit.mistake_in(
    NAME,
    "ln of P plus a small number",
    {"(np.log(total[:, 0]) - shifted[rows, labels])": "-np.log(gradient[rows, labels] / total[:, 0] + 1e-12)"},
    "The small number hides the rounding and caps the loss. Use ln P = shifted logit - ln(sum of exp), which is exact.",
)
unit.mistake_in(
    NAME,
    "softmax over the examples",
    {"total = gradient.sum(axis=1, keepdims=True)": "total = np.repeat(gradient.sum(axis=0, keepdims=True), "
     "len(logits), axis=0)", "np.log(total[:, 0])": "np.log(total[rows, labels])"},
    "The probabilities of one example sum to 1, those of one class need not: sum along axis 1.",
)  # fmt: skip
unit.mistake_in(
    NAME,
    "the axis of the largest logits not kept",
    {"logits.max(axis=1, keepdims=True)": "logits.max(axis=1)"},
    "Without keepdims=True the N numbers stand in a row, beside the classes. Keep the axis, so that they are a column.",
)
unit.mistake_in(
    NAME,
    "the largest logit of each class",
    {"logits.max(axis=1": "logits.max(axis=0"},
    "axis=0 compares examples. The shift must be the same in a whole row: the largest logit along axis 1.",
)
unit.mistake_in(
    NAME,
    "the axis of the sums not kept",
    {"total = gradient.sum(axis=1, keepdims=True)": "total = gradient.sum(axis=1)", "total[:, 0]": "total"},
    "Without keepdims=True the N sums stand in a row, beside the classes. Keep the axis, so that they are a column.",
)
unit.mistake_in(
    NAME,
    "1 added at the label",
    {"gradient[rows, labels] -= 1": "gradient[rows, labels] += 1"},
    "Subtract 1 at the label: P minus the one-hot label.",
)
unit.mistake_in(
    NAME,
    "loss is a sum",
    {"labels]).sum() / len(labels)": "labels]).sum()"},
    "The loss is the mean over the examples: divide the sum by N.",
)
unit.mistake_in(
    NAME,
    "gradient not divided by N",
    {"    gradient /= len(labels)\n": ""},
    "The loss is a mean, so the gradient of each row is divided by N as well.",
)
unit.mistake_in(
    NAME,
    "both are sums",
    {"labels]).sum() / len(labels)": "labels]).sum()", "    gradient /= len(labels)\n": ""},
    "Divide loss and gradient by N, or a larger batch would mean a larger step.",
)
unit.mistake_in(
    NAME,
    "divided by all entries",
    {
        "labels]).sum() / len(labels)": "labels]).sum() / logits.size",
        "gradient /= len(labels)": "gradient /= logits.size",
    },
    "There are N losses, one for each row, not N·K: divide by the number of rows.",
)
unit.mistake_in(
    NAME,
    "only the probabilities",
    {"    gradient[rows, labels] -= 1\n": ""},
    "The loss also contains the logit of the label itself: subtract 1 there.",
)
unit.mistake_in(
    NAME,
    "1 subtracted everywhere",
    {"gradient[rows, labels] -= 1": "gradient -= 1"},
    "Subtract 1 only at the label of each row: gradient[rows, labels].",
)
unit.mistake_in(
    NAME,
    "1 subtracted in whole columns",
    {"gradient[rows, labels] -= 1": "gradient[:, np.unique(labels)] -= 1"},
    "gradient[:, labels] takes these columns of every row. Pair rows and labels: gradient[np.arange(N), labels].",
)
unit.mistake_in(
    NAME,
    "sign of the gradient turned round",
    {"return loss, gradient": "return loss, -gradient"},
    "That is label minus P. Raising the logit of a wrong class raises the loss, so its gradient is +P.",
)
unit.mistake_in(
    NAME,
    "sign of the loss turned round",
    {"np.log(total[:, 0]) - shifted[rows, labels]": "shifted[rows, labels] - np.log(total[:, 0])"},
    "The loss is MINUS ln P, a number above 0.",
)
unit.mistake_in(
    NAME,
    "the loss of P, not of ln P",
    {"(np.log(total[:, 0]) - shifted[rows, labels])": "(1 - gradient[rows, labels] / total[:, 0])"},
    "The loss of a row is -ln of its label's probability, not 1 minus that.",
)
unit.mistake_in(
    NAME,
    "slope of the sigmoid put in",
    {"    gradient[rows, labels] -= 1\n": "    gradient[rows, labels] -= 1\n    gradient *= np.exp(shifted) / total * "
     "(1 - np.exp(shifted) / total)\n"},
    "P minus the one-hot label is the gradient with respect to the logits already. Leave out P(1 - P).",
)  # fmt: skip
unit.mistake_in(
    NAME,
    "the logits overwritten",
    {"shifted = logits - logits.max(axis=1, keepdims=True)": "logits -= logits.max(axis=1, keepdims=True)\n"
     "    shifted = logits"},
    "-= writes into the caller's array: put the difference into a new one, shifted.",
)  # fmt: skip
unit.mistake_in(NAME, "loss without gradient", {"return loss, gradient": "return loss"}, "Return (loss, gradient).")
unit.mistake_in(
    NAME, "gradient before loss", {"return loss, gradient": "return gradient, loss"}, "The loss comes first."
)
unit.mistake_in(
    NAME,
    "labels counted from 1",
    {"rows = np.arange(len(labels))": "rows, labels = np.arange(len(labels)), labels - 1"},
    "The classes are 0, 1, …, K - 1, so a label is an index as it stands: subtract nothing.",
)


@unit.mistake("found by nudging", NUDGED)
def softmax_cross_entropy_gradient(logits, labels):
    def loss(z):
        z = z - z.max(axis=1, keepdims=True)
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]).mean()

    gradient = np.zeros(logits.shape)
    for i in np.ndindex(logits.shape):
        if logits.size > 1000:
            raise TimeoutError("a step for each entry takes too long")
        step = np.zeros(logits.shape)
        step[i] = 1e-5
        gradient[i] = (loss(logits + step) - loss(logits - step)) / 2e-5
    return loss(logits), gradient


@unit.alternative("one-hot labels and log-softmax")
def softmax_cross_entropy_gradient(logits, labels):
    one_hot = np.eye(logits.shape[1])[labels]
    log_P = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -(one_hot * log_P).sum() / len(logits), (np.exp(log_P) - one_hot) / len(logits)


@unit.alternative("row by row")
def softmax_cross_entropy_gradient(logits, labels):
    N, loss, gradient = len(logits), 0.0, []
    for row, label in zip(logits, labels):
        e = np.exp(row - max(row))
        loss += (np.log(sum(e)) - (row[label] - max(row))) / N
        P = e / sum(e)
        P[label] -= 1
        gradient.append((P / N).tolist())
    return [loss, gradient]


@unit.alternative("shifted after the batch's largest, with log-sum-exp from SciPy")
def softmax_cross_entropy_gradient(logits, labels):
    from scipy.special import log_softmax, softmax

    N, K = logits.shape
    picked = np.arange(K) == labels[:, None]
    return -log_softmax(logits, axis=1)[picked].mean(), np.where(picked, softmax(logits, 1) - 1, softmax(logits, 1)) / N


@unit.alternative("the mean of the losses, and a one-hot array subtracted")
def softmax_cross_entropy_gradient(logits, labels):
    N, K = np.shape(logits)
    z = logits - np.max(logits, axis=1).reshape(N, 1)
    log_sum = np.log(np.sum(np.exp(z), axis=1))
    loss = np.mean([log_sum[n] - z[n, labels[n]] for n in range(N)])
    one_hot = np.zeros((N, K))
    for n, label in enumerate(labels):
        one_hot[n][label] = 1.0
    return loss, (np.exp(z - log_sum[:, np.newaxis]) - one_hot) / N


@unit.alternative("with differences of logits")
def softmax_cross_entropy_gradient(logits, labels):
    N = logits.shape[0]
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    losses = np.logaddexp.reduce(logits - own, axis=1)
    P = np.exp(logits - own - losses[:, None])
    np.put_along_axis(P, labels[:, None], np.take_along_axis(P, labels[:, None], 1) - 1, axis=1)
    return np.mean(losses), P / N


# --- two_hidden_layers ----------------------------------------------------------------------------

unit.mistake_in(
    "two_hidden_layers",
    "second ReLU forgotten on the way back",
    {" * (h2 > 0)": ""},
    "A unit that the second ReLU switched off hands nothing back: multiply by (h2 > 0).",
)
unit.mistake_in(
    "two_hidden_layers",
    "first ReLU forgotten on the way back",
    {" * (h1 > 0)": ""},
    "A unit that the first ReLU switched off hands nothing back: multiply by (h1 > 0).",
)
unit.mistake_in(
    "two_hidden_layers",
    "both ReLUs forgotten on the way back",
    {" * (h2 > 0)": "", " * (h1 > 0)": ""},
    "The derivative of ReLU is 1 where its result is above 0 and 0 elsewhere: multiply by it in both layers.",
)
unit.mistake_in(
    "two_hidden_layers",
    "multiplied by the activation instead of its slope",
    {"(h2 > 0)": "h2", "(h1 > 0)": "h1"},
    "The slope of ReLU is 0 or 1, not its value: multiply by (h > 0).",
)
unit.mistake_in(
    "two_hidden_layers",
    "ReLU's mask the wrong way round",
    {"(h2 > 0)": "(h2 <= 0)", "(h1 > 0)": "(h1 <= 0)"},
    "Units that are on let the gradient through, units that are off stop it: h > 0.",
)
unit.mistake_in(
    "two_hidden_layers",
    "slope of the sigmoid",
    {"(h2 > 0)": "(h2 * (1 - h2))", "(h1 > 0)": "(h1 * (1 - h1))"},
    "h(1 - h) is the slope of a sigmoid. These layers are ReLU: 1 where h > 0, else 0.",
)
unit.mistake_in(
    "two_hidden_layers",
    "no ReLU in the second layer",
    {"np.maximum(h1 @ W2 + b2, 0)": "h1 @ W2 + b2", " * (h2 > 0)": ""},
    "Both hidden layers end in a ReLU; without it two layers are only one matrix.",
)
unit.mistake_in(
    "two_hidden_layers",
    "ReLU on the logits",
    {"logits = h2 @ W3 + b3": "logits = np.maximum(h2 @ W3 + b3, 0)", "    d3 /= len(X)\n": "    d3 /= len(X)\n"
     "    d3 *= logits > 0\n"},
    "Logits may be negative: the last layer has no ReLU.",
)  # fmt: skip
unit.mistake_in(
    "two_hidden_layers",
    "biases not added",
    {"X @ W1 + b1": "X @ W1", "h1 @ W2 + b2": "h1 @ W2", "h2 @ W3 + b3": "h2 @ W3"},
    "Each layer adds its bias, one number for each of its outputs.",
)
unit.mistake_in(
    "two_hidden_layers",
    "no shift before exp",
    {"logits - logits.max(axis=1, keepdims=True)": "logits"},
    STABLE,
)
unit.mistake_in(
    "two_hidden_layers",
    "1/N forgotten in the gradients",
    {"    d3 /= len(X)\n": ""},
    "The loss is a mean over the examples: divide the gradient of the logits by N, and all others follow.",
)
unit.mistake_in(
    "two_hidden_layers",
    "divided by N in every layer",
    {"X.T @ d1, d1.sum(axis=0), h1.T @ d2, d2.sum(axis=0)": "X.T @ d1 / len(X), d1.sum(axis=0) / len(X), "
     "h1.T @ d2 / len(X), d2.sum(axis=0) / len(X)"},
    "The 1/N of the mean comes once, at the logits. From there it is in every gradient already.",
)  # fmt: skip
unit.mistake_in(
    "two_hidden_layers",
    "a mean over the batch for the biases",
    {"d1.sum(axis=0)": "d1.mean(axis=0)", "d2.sum(axis=0)": "d2.mean(axis=0)", "d3.sum(axis=0)": "d3.mean(axis=0)"},
    "The bias was broadcast to every row, so the rows' gradients add up: sum over axis 0.",
)
unit.mistake_in(
    "two_hidden_layers",
    "bias gradients not summed",
    {"d1.sum(axis=0)": "d1", "d2.sum(axis=0)": "d2", "d3.sum(axis=0)": "d3"},
    "The bias has one row, its gradient has N: undo the broadcasting with a sum over axis 0.",
)
unit.mistake_in(
    "two_hidden_layers",
    "bias gradients summed along the wrong axis",
    {"d1.sum(axis=0)": "d1.sum(axis=1)", "d2.sum(axis=0)": "d2.sum(axis=1)", "d3.sum(axis=0)": "d3.sum(axis=1)"},
    "Axis 0 counts the examples: sum over it, so that one number for each output remains.",
)
unit.mistake_in(
    "two_hidden_layers",
    "bias gradients of shape (1, outputs)",
    {"d1.sum(axis=0)": "d1.sum(axis=0, keepdims=True)", "d2.sum(axis=0)": "d2.sum(axis=0, keepdims=True)",
     "d3.sum(axis=0)": "d3.sum(axis=0, keepdims=True)"},
    "A gradient has the shape of its parameter: b is (outputs,), so leave keepdims out.",
)  # fmt: skip
unit.mistake_in(
    "two_hidden_layers",
    "weights not transposed on the way back",
    {"W3.T": "W3", "W2.T": "W2"},
    "Forward a layer multiplies by W from the right; back it is W transposed.",
)
unit.mistake_in(
    "two_hidden_layers",
    "weight gradients transposed",
    {"X.T @ d1": "d1.T @ X", "h1.T @ d2": "d2.T @ h1", "h2.T @ d3": "d3.T @ h2"},
    "The gradient of W (inputs, outputs) is (layer's input)ᵀ times d, in that order.",
)
unit.mistake_in(
    "two_hidden_layers",
    "gradients in the order of the way back",
    {"return loss, [X.T @ d1, d1.sum(axis=0), h1.T @ d2, d2.sum(axis=0), h2.T @ d3, d3.sum(axis=0)]":
     "return loss, [h2.T @ d3, d3.sum(axis=0), h1.T @ d2, d2.sum(axis=0), X.T @ d1, d1.sum(axis=0)]"},
    "You find W3's gradient first, but the list has the order of the parameters: W1, b1, W2, b2, W3, b3.",
)  # fmt: skip
unit.mistake_in(
    "two_hidden_layers",
    "all weights before all biases",
    {"[X.T @ d1, d1.sum(axis=0), h1.T @ d2, d2.sum(axis=0), h2.T @ d3, d3.sum(axis=0)]":
     "[X.T @ d1, h1.T @ d2, h2.T @ d3, d1.sum(axis=0), d2.sum(axis=0), d3.sum(axis=0)]"},
    "The list has the order of the parameters: W1, b1, W2, b2, W3, b3.",
)  # fmt: skip
unit.mistake_in(
    "two_hidden_layers",
    "layer's output instead of its input",
    {"X.T @ d1": "h1.T @ d1", "h1.T @ d2": "h2.T @ d2"},
    "W2 was multiplied by h1, so h1 comes back to it; W1 was multiplied by X.",
)
unit.mistake_in(
    "two_hidden_layers",
    "the label's 1 not subtracted",
    {"    d3[rows, labels] -= 1\n": ""},
    "The gradient of the logits is P minus the one-hot label: subtract 1 at each row's label.",
)
unit.mistake_in(
    "two_hidden_layers",
    "sign turned round",
    {"np.exp(log_P)\n": "-np.exp(log_P)\n", "d3[rows, labels] -= 1": "d3[rows, labels] += 1"},
    "That is the way downhill. The gradient of the logits is P minus the one-hot label.",
)
unit.mistake_in(
    "two_hidden_layers",
    "loss without the minus",
    {"-log_P[rows, labels].mean()": "log_P[rows, labels].mean()"},
    "The loss is MINUS ln of the label's probability, a number above 0.",
)
unit.mistake_in(
    "two_hidden_layers",
    "loss is a sum",
    {"labels].mean()": "labels].sum()"},
    "The loss is the mean over the examples; your gradients are divided by N already.",
)
unit.mistake_in(
    "two_hidden_layers",
    "the parameters updated on the way",
    {"    return loss": "    W1 -= 0.1 * X.T @ d1\n    W3 -= 0.1 * h2.T @ d3\n    return loss"},
    "Only the gradients are asked for: the update is another step, and -= writes into the caller's arrays.",
)
unit.mistake_in(
    "two_hidden_layers",
    "a layer updated before its weights were read",
    {"    d2 = d3": "    W3 = W3 - 0.1 * h2.T @ d3\n    d2 = d3"},
    "d2 needs the W3 that was used on the way forward: compute all gradients first, then update.",
)


@unit.mistake("found by nudging", NUDGED)
def two_hidden_layers(parameters, X, labels):
    def loss():
        h = X
        for i in (0, 2, 4):
            h = (np.maximum(h, 0) if i else h) @ parameters[i] + parameters[i + 1]
        return (np.logaddexp.reduce(h, axis=1) - h[np.arange(len(h)), labels]).mean()

    here, gradients = loss(), [np.zeros(p.shape) for p in parameters]
    for p, gradient in zip(parameters, gradients):
        for i in np.ndindex(p.shape):
            if p.size > 1000:
                raise TimeoutError("a step for each entry takes too long")
            before = p[i]
            p[i] = before + 1e-5
            gradient[i] = (loss() - here) / 1e-5
            p[i] = before
    return here, gradients


@unit.alternative("a loop over the layers")
def two_hidden_layers(parameters, X, labels):
    inputs, x = [], X
    for i in (0, 2, 4):
        inputs.append(x)
        x = x @ parameters[i] + parameters[i + 1]
        x = x.clip(min=0) if i < 4 else x
    log_P = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
    one_hot = np.eye(x.shape[1])[labels]
    d, gradients = (np.exp(log_P) - one_hot) / len(X), []
    for i in (4, 2, 0):
        gradients = [inputs[i // 2].T @ d, d.sum(0), *gradients]
        d = (d @ parameters[i].T) * (inputs[i // 2] > 0)
    return -(one_hot * log_P).sum() / len(X), tuple(gradients)


@unit.alternative("masks set to 0, the loss from probabilities")
def two_hidden_layers(parameters, X, labels):
    W1, b1, W2, b2, W3, b3 = parameters
    s1 = np.dot(X, W1) + b1
    h1 = s1 * (s1 > 0)
    s2 = np.dot(h1, W2) + b2
    h2 = s2 * (s2 > 0)
    z = np.dot(h2, W3) + b3
    P = np.exp(z - z.max(axis=1)[:, None])
    P /= P.sum(axis=1)[:, None]
    one_hot = np.zeros_like(P)
    one_hot[np.arange(len(X)), labels] = 1
    loss = -np.sum(one_hot * np.log(P)) / len(X)
    d3 = (P - one_hot) / len(X)
    d2 = np.dot(d3, W3.T)
    d2[s2 <= 0] = 0
    d1 = np.dot(d2, W2.T)
    d1[s1 <= 0] = 0
    return loss, [np.dot(X.T, d1), np.sum(d1, 0), np.dot(h1.T, d2), np.sum(d2, 0), np.dot(h2.T, d3), np.sum(d3, 0)]


@unit.alternative("one example after the other")
def two_hidden_layers(parameters, X, labels):
    W1, b1, W2, b2, W3, b3 = parameters
    loss, gradients = 0.0, [np.zeros_like(p) for p in parameters]
    for x, label in zip(X, labels):
        s1 = W1.T @ x + b1
        h1 = np.where(s1 > 0, s1, 0)
        s2 = W2.T @ h1 + b2
        h2 = np.where(s2 > 0, s2, 0)
        logits = W3.T @ h2 + b3
        e = np.exp(logits - logits.max())
        P = e / e.sum()
        loss -= np.log(P[label]) / len(X)
        d3 = P - (np.arange(len(P)) == label)
        d2 = (W3 @ d3) * (s2 > 0)
        d1 = (W2 @ d2) * (s1 > 0)
        parts = [np.outer(x, d1), d1, np.outer(h1, d2), d2, np.outer(h2, d3), d3]
        for gradient, part in zip(gradients, parts):
            gradient += part / len(X)
    return loss, gradients


@unit.alternative("biases as a row of the weights")
def two_hidden_layers(parameters, X, labels):
    def with_ones(x):
        return np.column_stack([x, np.ones(len(x))])

    V = [np.vstack([parameters[i], parameters[i + 1]]) for i in (0, 2, 4)]
    x1 = with_ones(X)
    x2 = with_ones(np.maximum(0, x1 @ V[0]))
    x3 = with_ones(np.maximum(0, x2 @ V[1]))
    logits = x3 @ V[2]
    e = np.exp(logits - logits.max())
    P = e / e.sum(axis=1, keepdims=True)
    d3 = (P - np.eye(P.shape[1])[labels]) / len(X)
    d2 = (d3 @ V[2].T)[:, :-1] * (x3[:, :-1] > 0)
    d1 = (d2 @ V[1].T)[:, :-1] * (x2[:, :-1] > 0)
    both = [x1.T @ d1, x2.T @ d2, x3.T @ d3]
    return -np.log(P[range(len(X)), labels]).mean(), [half for g in both for half in (g[:-1].tolist(), g[-1])]
