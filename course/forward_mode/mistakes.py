"""Unit 4: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np

from course.forward_mode.check import unit
from course.forward_mode.reference import align

# Slips that are possible in more than one task.
VALUE = "That is the value itself. Asked for is its derivative, which has the axes of w behind those of the value."
NUDGED = "A difference of two values has few right digits, and none where entries hardly move: write down the rule."
LOOPED = "A Python loop over single entries takes minutes with ten million of them: let one NumPy call do the sums."
CHANGED = "The given arrays belong to the caller: compute new ones, and avoid += and out= on those you were given."

# --- product_derivative ---------------------------------------------------------------------------

PRODUCT = "da * align(b, da) + align(a, db) * db"
unit.mistake_in(
    "product_derivative",
    "only the first factor moves",
    {" + align(a, db) * db": ""},
    "Both factors may depend on w. Add what the other one contributes: a times db.",
)
unit.mistake_in(
    "product_derivative",
    "only the second factor moves",
    {"da * align(b, da) + ": ""},
    "Both factors may depend on w. Add what the first one contributes: da times b.",
)
unit.mistake_in(
    "product_derivative",
    "the product of the derivatives",
    {PRODUCT: "da * db"},
    "(a·b)' is not a'·b'. Let one factor move while the other stands still, and add both cases.",
)
unit.mistake_in(
    "product_derivative",
    "the sum of the derivatives",
    {PRODUCT: "da + db"},
    "a' + b' belongs to the sum a + b. In a product each derivative is multiplied by the other factor.",
)
unit.mistake_in(
    "product_derivative",
    "a minus between the terms",
    {"align(b, da) + align": "align(b, da) - align"},
    "The two terms are added; the minus belongs to the rule of the quotient.",
)
unit.mistake_in(
    "product_derivative",
    "factors not swapped",
    {PRODUCT: "da * align(a, da) + align(b, db) * db"},
    "While a moves, b stands still and multiplies: da goes with b, and db with a.",
)
unit.mistake_in(
    "product_derivative",
    "axes not aligned",
    {PRODUCT: "da * b + a * db"},
    "NumPy aligns the last axes, but the axes of a value come first in its derivative. Append axes with align.",
)
unit.mistake_in(
    "product_derivative",
    "a matrix product",
    {PRODUCT: "np.tensordot(b, da, axes=b.ndim) + np.tensordot(a, db, axes=a.ndim)"},
    "That sums over the entries. The product is taken entry by entry, and so is its derivative.",
)
unit.mistake_in(
    "product_derivative",
    "summed over the axes of w",
    {PRODUCT: "(da * align(b, da) + align(a, db) * db).sum(axis=tuple(range(a.ndim, da.ndim)))"},
    "There is one derivative for each entry of w: keep them apart, do not add them up.",
)
unit.mistake_in(
    "product_derivative",
    "axes of w in front",
    {PRODUCT: "np.moveaxis(" + PRODUCT + ", range(a.ndim), range(-a.ndim, 0))"},
    "The axes of the value come first, then those of w: the shape is S + T.",
)
unit.mistake_in(
    "product_derivative",
    "the value added",
    {PRODUCT: "align(a * b, da) + da * align(b, da) + align(a, db) * db"},
    "Only changes count here: the value a·b itself is no part of its derivative.",
)
unit.mistake_in("product_derivative", "the value", {PRODUCT: "a * b"}, VALUE)
unit.mistake_in(
    "product_derivative",
    "halved",
    {PRODUCT: "(" + PRODUCT + ") / 2"},
    "The two terms are added, not averaged.",
)

unit.mistake_in(
    "product_derivative",
    "the arguments of align exchanged",
    {PRODUCT: "da * align(da, b) + align(db, a) * db"},
    "align(b, da) gives the value b as many axes as da has: the value comes first, then the derivative.",
)
unit.mistake_in(
    "product_derivative",
    "the rule of a square",
    {PRODUCT: "2 * align(a, da) * da"},
    "2·a·a' is the derivative of a·a. Here the factors may differ: both terms are needed.",
)
unit.mistake_in(
    "product_derivative",
    "one axis appended, whatever the shape of w",
    {PRODUCT: "da * b[..., None] + a[..., None] * db"},
    "As many axes are to be appended as w has, which may be none or several: align does that.",
)
unit.mistake_in(
    "product_derivative",
    "only one of the values aligned",
    {PRODUCT: "da * align(b, da) + a * db"},
    "Both values have to be aligned with the derivative that they meet: a with db, b with da.",
)
MOVED = "(align(a, da) {0} 1e-5 * da) * (align(b, db) {0} 1e-5 * db)"
unit.mistake_in(
    "product_derivative",
    "found by nudging",
    {PRODUCT: f"({MOVED.format('+')} - {MOVED.format('-')}) / 2e-5"},
    NUDGED,
)


@unit.mistake("computed in place", CHANGED)
def product_derivative(a, da, b, db):
    if np.ndim(da) == 0:
        return da * b + a * db
    right = align(a, db) * db
    da *= align(b, da)
    da += right
    return da


@unit.alternative("axes appended one by one")
def product_derivative(a, da, b, db):
    a, b = np.asarray(a), np.asarray(b)
    while a.ndim < np.ndim(da):
        a, b = a[..., None], b[..., None]
    return a * db + b * da


@unit.alternative("reshaped to two axes, and back")
def product_derivative(a, da, b, db):
    rows = np.size(a)
    flat_a, flat_b = np.reshape(a, (rows, 1)), np.reshape(b, (rows, 1))
    return (np.reshape(da, (rows, -1)) * flat_b + np.reshape(db, (rows, -1)) * flat_a).reshape(np.shape(da))


@unit.alternative("transposed, so that NumPy's own broadcasting is right")
def product_derivative(a, da, b, db):
    return (np.transpose(da) * np.transpose(b) + np.transpose(db) * np.transpose(a)).T


@unit.alternative("entry by entry")
def product_derivative(a, da, b, db):
    result = np.zeros(np.shape(da))
    a, da, b, db = (np.asarray(given) for given in (a, da, b, db))
    for i in np.ndindex(a.shape):
        result[i] = da[i] * b[i] + a[i] * db[i]
    return result.tolist()


@unit.alternative("a complex step along w")
def product_derivative(a, da, b, db):
    h = 1e-30
    moved = (align(a, da) + 1j * h * np.asarray(da)) * (align(b, db) + 1j * h * np.asarray(db))
    return moved.imag / h


# --- matmul_derivative ----------------------------------------------------------------------------

SUM = "through_a.reshape(n, m, *T) + through_b.reshape(n, m, *T)"
unit.mistake_in(
    "matmul_derivative",
    "only a moves",
    {SUM: "through_a.reshape(n, m, *T)"},
    "b may depend on w too: add a @ db.",
)
unit.mistake_in(
    "matmul_derivative",
    "only b moves",
    {SUM: "through_b.reshape(n, m, *T)"},
    "a may depend on w too: add what da contributes, multiplied by b from the right.",
)
unit.mistake_in(
    "matmul_derivative",
    "a minus between the terms",
    {"(n, m, *T) + ": "(n, m, *T) - "},
    "The two terms are added, as in every product.",
)
unit.mistake_in(
    "matmul_derivative",
    "summed over the rows of a",
    {SUM: f"np.broadcast_to(({SUM}).sum(axis=0), (n, m, *T))"},
    "Row i of the result depends on row i of a: keep the rows apart, and sum over the inner index k only.",
)
unit.mistake_in(
    "matmul_derivative",
    "axes of w in front",
    {SUM: f"np.moveaxis({SUM}, (0, 1), (-2, -1))"},
    "The axes of the value come first, then those of w: the shape is (n, m) + T.",
)
unit.mistake_in(
    "matmul_derivative",
    "summed over the axes of w",
    {SUM: f"({SUM}).reshape(n, m, -1).sum(axis=2)"},
    "There is one derivative for each entry of w: keep them apart, do not add them up.",
)
unit.mistake_in(
    "matmul_derivative",
    "the transposed result",
    {SUM: f"({SUM}).swapaxes(0, 1)"},
    "Entry (i, j) of a @ b comes from row i of a and column j of b: the result begins with (n, m).",
)
unit.mistake_in("matmul_derivative", "the value", {SUM: "a @ b"}, VALUE)
unit.mistake_in(
    "matmul_derivative",
    "divided by the inner length",
    {SUM: f"({SUM}) / k"},
    "A matrix product sums over the inner index; there is no mean in it.",
)

unit.mistake_in(
    "matmul_derivative",
    "the factors' derivatives added",
    {SUM: f"np.broadcast_to(({SUM}) * 0 + da.sum(axis=(0, 1)) + db.sum(axis=(0, 1)), (n, m, *T))"},
    "a' + b' belongs to a sum. In a product each derivative is multiplied by the other factor.",
)
MOVED = "np.einsum('ik...,kj...->ij...', align(a, da) {0} 1e-5 * da, align(b, db) {0} 1e-5 * db)"
unit.mistake_in(
    "matmul_derivative",
    "found by nudging",
    {SUM: f"({MOVED.format('+')} - {MOVED.format('-')}) / 2e-5"},
    NUDGED,
)


@unit.mistake(
    "the new axis left at the end",
    "tensordot puts the axis that b brings at the very end, behind those of w. Move it to place 1 (np.moveaxis).",
)
def matmul_derivative(a, da, b, db):
    return np.tensordot(da, b, axes=(1, 0)) + np.tensordot(a, db, axes=(1, 0))


@unit.mistake(
    "np.dot, which chooses other axes",
    "np.dot sums over the last axis of da, which belongs to w. Name the axes: np.tensordot, or np.einsum with '...'.",
)
def matmul_derivative(a, da, b, db):
    return np.dot(da, b) + np.dot(a, db)


@unit.mistake("a loop over single entries", LOOPED)
def matmul_derivative(a, da, b, db):
    result = np.zeros((len(a), b.shape[1], *da.shape[2:]))
    for i, j, *t in np.ndindex(result.shape):
        for k in range(len(b)):
            result[(i, j, *t)] += da[(i, k, *t)] * b[k, j] + a[i, k] * db[(k, j, *t)]
    return result


@unit.mistake("computed in place", CHANGED)
def matmul_derivative(a, da, b, db):
    result = np.einsum("ik...,kj->ij...", da, b)
    da *= 0
    result += np.einsum("ik,kj...->ij...", a, db)
    return result


@unit.mistake(
    "axes of w taken for those of a matrix",
    "@ works on the last two axes, and those belong to w. Name the axes: np.tensordot, or np.einsum with '...'.",
)
def matmul_derivative(a, da, b, db):
    return da @ b + a @ db


@unit.mistake(
    "the product of the derivatives",
    "(a·b)' is not a'·b'. Let a move while b stands still, then the other way round, and add both.",
)
def matmul_derivative(a, da, b, db):
    return np.einsum("ik...,kj...->ij...", da, db)


@unit.mistake(
    "the factors in the wrong order",
    "Matrices do not commute: the derivative is da @ b + a @ db, with b to the right and a to the left.",
)
def matmul_derivative(a, da, b, db):
    return np.einsum("ik,kj...->ij...", b, da) + np.einsum("ik...,kj->ij...", db, a)


@unit.mistake(
    "entry by entry",
    "That is the rule for a * b. Here the sum over the inner index is missing: contract k, do not keep it.",
)
def matmul_derivative(a, da, b, db):
    return da * align(b, da) + align(a, db) * db


@unit.alternative("two einsums")
def matmul_derivative(a, da, b, db):
    return np.einsum("ik...,kj->ij...", da, b) + np.einsum("ik,kj...->ij...", a, db)


@unit.alternative("two tensordots")
def matmul_derivative(a, da, b, db):
    return np.moveaxis(np.tensordot(da, b, axes=(1, 0)), -1, 1) + np.tensordot(a, db, axes=1)


@unit.alternative("a product for each entry of w")
def matmul_derivative(a, da, b, db):
    result = np.zeros((a.shape[0], b.shape[1], *da.shape[2:]))
    for t in np.ndindex(da.shape[2:]):
        at = (slice(None), slice(None), *t)
        result[at] = da[at] @ b + a @ db[at]
    return result


@unit.alternative("axes of w moved to the front, then @")
def matmul_derivative(a, da, b, db):
    da, db = (np.moveaxis(np.asarray(d), (0, 1), (-2, -1)) for d in (da, db))
    return np.moveaxis(da @ b + a @ db, (-2, -1), (0, 1))


@unit.alternative("loops over the entries of the result")
def matmul_derivative(a, da, b, db):
    n, m = len(a), b.shape[1]
    result = np.zeros((n, m, *da.shape[2:]))
    for i in range(n):
        for j in range(m):
            for k in range(len(b)):
                result[i, j] += da[i, k] * b[k, j] + a[i, k] * db[k, j]
    return result


# --- softmax --------------------------------------------------------------------------------------

SHIFT = "np.exp(z - z.max(axis=1, keepdims=True))"
unit.mistake_in(
    "softmax",
    "overflows for large scores",
    {SHIFT: "np.exp(z)"},
    "exp(800) is infinite, and inf/inf is NaN. Subtract the largest score of each row first: p stays the same.",
)
unit.mistake_in(
    "softmax",
    "one largest score for all rows",
    {SHIFT: "np.exp(z - z.max())"},
    "A row of -800 beside one of +800 becomes 0/0. Subtract from each row its own largest score.",
)
unit.mistake_in(
    "softmax",
    "normalised over the batch",
    {"powers.sum(axis=1, keepdims=True)": "powers.sum(axis=0, keepdims=True)"},
    "Each row is an example: the probabilities of a row add up to 1, so sum along axis 1.",
)
unit.mistake_in(
    "softmax",
    "normalised over everything",
    {"powers.sum(axis=1, keepdims=True)": "powers.sum()"},
    "Each row is an example with probabilities of its own: divide by the sum of the row.",
)
unit.mistake_in(
    "softmax",
    "only the diagonal",
    {"align(p, dz) * weighted.sum(axis=1, keepdims=True)": "align(p, dz) * weighted"},
    "p(1 - p) is right for a score's own probability only. Every score of the row also moves all the others.",
)
unit.mistake_in(
    "softmax",
    "the denominator taken for a constant",
    {" - align(p, dz) * weighted.sum(axis=1, keepdims=True)": ""},
    "That treats the sum below as a constant, but every score of the row moves it: subtract its share.",
)
unit.mistake_in(
    "softmax",
    "the rule of the sigmoid's loss",
    {"dp = weighted - align(p, dz) * weighted.sum(axis=1, keepdims=True)": "dp = align(p - 1, dz) * dz"},
    "p - 1 belongs to a loss that is put on top of the softmax. Asked for is the derivative of p.",
)
unit.mistake_in(
    "softmax",
    "sign turned round",
    {"dp = weighted - align(p, dz) *": "dp = -weighted + align(p, dz) *"},
    "A higher score raises its own probability: the term with dp_i's own score is positive.",
)
unit.mistake_in(
    "softmax",
    "a plus between the terms",
    {"dp = weighted - align": "dp = weighted + align"},
    "The second term comes from the denominator: it is subtracted, and the changes of a row add up to 0.",
)
unit.mistake_in(
    "softmax",
    "the sum without its probability",
    {"align(p, dz) * weighted.sum": "weighted.sum"},
    "The mean change of the row's scores is subtracted from dz; the whole bracket is multiplied by p.",
)
unit.mistake_in(
    "softmax",
    "the sum of dz without weights",
    {"weighted.sum(axis=1, keepdims=True)": "dz.sum(axis=1, keepdims=True)"},
    "Each score moves the denominator by its own power: sum p[n, j] · dz[n, j], not dz[n, j].",
)
unit.mistake_in(
    "softmax",
    "the sum runs over the examples",
    {"weighted.sum(axis=1": "weighted.sum(axis=0"},
    "Only the scores of the same row share a denominator: sum along axis 1.",
)
unit.mistake_in(
    "softmax",
    "axes not aligned",
    {"weighted = align(p, dz) * dz": "weighted = p.reshape((1,) * (dz.ndim - 2) + p.shape) * dz"},
    "NumPy aligns the last axes, but the axes of a value come first in its derivative. Append axes with align.",
)
unit.mistake_in("softmax", "probabilities without derivative", {"return p, dp": "return p"}, "Return both, `p, dp`.")
unit.mistake_in("softmax", "derivative without probabilities", {"return p, dp": "return dp"}, "Return both, `p, dp`.")
unit.mistake_in("softmax", "derivative first", {"return p, dp": "return dp, p"}, "The value comes first: `p, dp`.")
unit.mistake_in(
    "softmax",
    "the derivative of log p",
    {"dp = weighted - align(p, dz) * weighted": "dp = dz - weighted"},
    "That is the derivative of the logarithm of p. Multiply it by p.",
)
unit.mistake_in(
    "softmax",
    "a sigmoid of each score",
    {"p = powers / powers.sum(axis=1, keepdims=True)": "p = np.exp(-np.logaddexp(0, -z))"},
    "The probabilities of a row compete: divide the power of each score by the sum of the row's powers.",
)

unit.mistake_in(
    "softmax",
    "the largest score of each column subtracted",
    {SHIFT: "np.exp(z - z.max(axis=0, keepdims=True))"},
    "Each row is an example: subtract the largest score of the row, with axis=1.",
)
KEEPDIMS = "Without keepdims=True the sums have lost their axis, and NumPy aligns them with the columns: keep it."
unit.mistake_in(
    "softmax",
    "keepdims forgotten",
    {SHIFT: "np.exp(z - z.max(axis=1))", "powers.sum(axis=1, keepdims=True)": "powers.sum(axis=1)"},
    KEEPDIMS,
)
unit.mistake_in(
    "softmax",
    "keepdims forgotten below the fraction",
    {"powers.sum(axis=1, keepdims=True)": "powers.sum(axis=1)"},
    KEEPDIMS,
)
unit.mistake_in(
    "softmax",
    "keepdims forgotten in the derivative",
    {"weighted.sum(axis=1, keepdims=True)": "weighted.sum(axis=1)"},
    KEEPDIMS,
)
unit.mistake_in(
    "softmax",
    "scores clipped",
    {SHIFT: "np.exp(np.clip(z, -700, 700))"},
    "Clipping makes different scores equal. Subtract the largest score of each row, which changes nothing.",
)
unit.mistake_in(
    "softmax",
    "scores shifted above the fraction only",
    {"p = powers / powers.sum(": "p = powers / np.exp(z).sum("},
    "The shift cancels only if it stands above and below: divide by the sum of the same powers.",
)
unit.mistake_in(
    "softmax",
    "the Jacobian's sum over the other scores only",
    {"weighted.sum(axis=1, keepdims=True)": "(weighted.sum(axis=1, keepdims=True) - weighted)"},
    "The sum runs over all scores of the row, the probability's own among them.",
)
MOVED = "scores = align(z, dz) {} 1e-5 * dz\n    powers = np.exp(scores - scores.max(axis=1, keepdims=True))"
ABOVE = f"{MOVED.format('+')}\n    above = powers / powers.sum(axis=1, keepdims=True)"
unit.mistake_in(
    "softmax",
    "found by nudging",
    {
        "weighted = align(p, dz) * dz": f"{ABOVE}\n    {MOVED.format('-')}",
        "dp = weighted - align(p, dz) * weighted.sum(axis=1, keepdims=True)":
            "dp = (above - powers / powers.sum(axis=1, keepdims=True)) / 2e-5",
    },
    NUDGED,
)  # fmt: skip


@unit.mistake("computed in place", CHANGED)
def softmax(z, dz):
    if z.dtype.kind != "f":
        z = z.astype(float)
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    weighted = align(p, dz) * dz
    return p, weighted - align(p, dz) * weighted.sum(axis=1, keepdims=True)


@unit.alternative("row by row, with the Jacobian")
def softmax(z, dz):
    p, dp = np.zeros(np.shape(z)), np.zeros(np.shape(dz))
    for n, row in enumerate(z):
        p[n] = np.exp(row - max(row)) / sum(np.exp(row - max(row)))
        J = np.diag(p[n]) - np.outer(p[n], p[n])
        dp[n] = np.tensordot(J, dz[n], axes=1)
    return p, dp


@unit.alternative("through the log-sum-exp")
def softmax(z, dz):
    p = np.exp(z - np.logaddexp.reduce(z.astype(float), axis=1)[:, None])
    mean = np.einsum("nj,nj...->n...", p, dz)[:, None]
    return [p, np.einsum("ni,ni...->ni...", p, dz - mean)]


@unit.alternative("the quotient rule, with SciPy's softmax")
def softmax(z, dz):
    from scipy import special

    p = special.softmax(np.asarray(z, dtype=float), axis=1)
    share = np.einsum("ni,nj,nj...->ni...", p, p, dz)
    return p, align(p, dz) * dz - share


@unit.alternative("as one power over differences of scores")
def softmax(z, dz):
    z = np.array(z, dtype=float)
    with np.errstate(over="ignore"):
        p = 1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)
    dp = [[p[n, i] * sum(p[n, j] * (dz[n, i] - dz[n, j]) for j in range(z.shape[1])) for i in range(z.shape[1])]
          for n in range(len(z))]  # fmt: skip
    return p.tolist(), np.array(dp)


# --- linear_layer ---------------------------------------------------------------------------------

unit.mistake_in(
    "linear_layer",
    "bias left out",
    {"    y = x @ W + b\n": "    y = x @ W\n"},
    "y = x @ W + b: the bias is added to every row.",
)
unit.mistake_in(
    "linear_layer",
    "bias subtracted",
    {
        "    y = x @ W + b\n": "    y = x @ W - b\n",
        "by_b[:, outputs, outputs] = 1.0": "by_b[:, outputs, outputs] = -1.0",
    },
    "The bias is added, so its own derivative is +1.",
)
unit.mistake_in(
    "linear_layer",
    "every output depends on every column of W",
    {"by_W[:, outputs, :, outputs] = x": "by_W[:] = x[:, None, :, None]"},
    "y[n, j] is made from column j of W only: by_W[n, j, i, l] is 0 where l is not j.",
)
unit.mistake_in(
    "linear_layer",
    "W instead of x",
    {"by_W[:, outputs, :, outputs] = x": "by_W[:, outputs, :, outputs] = W.T[:, None]"},
    "The derivative of x·W with respect to W is x; W is the derivative with respect to x.",
)
unit.mistake_in(
    "linear_layer",
    "by_W only ones",
    {"by_W[:, outputs, :, outputs] = x": "by_W[:, outputs, :, outputs] = 1.0"},
    "The weight W[i, j] is multiplied by x[n, i], so that is its derivative, not 1.",
)
unit.mistake_in(
    "linear_layer",
    "axes of W swapped",
    {"return y, by_W, by_b": "return y, by_W.swapaxes(2, 3), by_b"},
    "The last two axes of by_W are those of W, in its order: (k, m).",
)
unit.mistake_in(
    "linear_layer",
    "axes of y swapped",
    {"return y, by_W, by_b": "return y, by_W.swapaxes(0, 1), by_b.swapaxes(0, 1)"},
    "The first two axes are those of y, in its order: example n, then output j.",
)
unit.mistake_in(
    "linear_layer",
    "axes of the parameters in front",
    {"return y, by_W, by_b": "return y, np.moveaxis(by_W, (0, 1), (2, 3)), np.moveaxis(by_b, (0, 1), (1, 2))"},
    "The axes of the value y come first, then those of the parameter.",
)
unit.mistake_in(
    "linear_layer",
    "summed over the examples",
    {"return y, by_W, by_b": "return y, by_W.sum(axis=0), by_b.sum(axis=0)"},
    "Each example has derivatives of its own. They meet only in the loss, which is not part of the layer.",
)
unit.mistake_in(
    "linear_layer",
    "mean over the examples",
    {"return y, by_W, by_b": "return y, by_W / N, by_b / N"},
    "There is no mean in a layer: 1/N belongs to the loss.",
)
unit.mistake_in(
    "linear_layer",
    "every output depends on every bias",
    {"by_b[:, outputs, outputs] = 1.0": "by_b[:] = 1.0"},
    "y[n, j] has only b[j] added: by_b[n, j, l] is 1 where l is j, else 0.",
)
unit.mistake_in(
    "linear_layer",
    "by_b is b",
    {"by_b[:, outputs, outputs] = 1.0": "by_b[:, outputs, outputs] = b"},
    "The derivative of a sum with respect to one of its terms is 1, whatever the term's value.",
)
unit.mistake_in(
    "linear_layer",
    "by_b is zero",
    {"    by_b[:, outputs, outputs] = 1.0\n": ""},
    "y does depend on b: y[n, j] changes by 1 when b[j] does.",
)
unit.mistake_in(
    "linear_layer",
    "one identity for all examples",
    {"by_b = np.zeros((N, m, m))\n    by_b[:, outputs, outputs] = 1.0": "by_b = np.eye(m)"},
    "The bias is added in every row, so there is an identity for each example: by_b has the shape (N, m, m).",
)
unit.mistake_in("linear_layer", "y alone", {"return y, by_W, by_b": "return y"}, "Return all three: `y, by_W, by_b`.")
unit.mistake_in(
    "linear_layer",
    "bias before weights",
    {"return y, by_W, by_b": "return y, by_b, by_W"},
    "The order is y, by_W, by_b.",
)
unit.mistake_in(
    "linear_layer",
    "the derivative with respect to x",
    {"return y, by_W, by_b": "return y, np.broadcast_to(W.T, (N, m, k)), by_b"},
    "Asked for is the derivative with respect to W. That with respect to x would hold the entries of W.",
)

unit.mistake_in(
    "linear_layer",
    "by_W of the first example for all",
    {"by_W[:, outputs, :, outputs] = x": "by_W[:, outputs, :, outputs] = x[:1]"},
    "Each example has inputs of its own: by_W[n] holds x[n].",
)
BY_W = "by_W = np.zeros((N, m, k, m))\n    by_W[:, outputs, :, outputs] = x"
BY_B = "by_b = np.zeros((N, m, m))\n    by_b[:, outputs, outputs] = 1.0"
unit.mistake_in(
    "linear_layer",
    "x itself as by_W",
    {BY_W: "by_W = x"},
    "by_W has an entry for each entry of y and each of W: by_W[n, j, i, l] is x[n, i] where l is j, and 0 elsewhere.",
)
unit.mistake_in(
    "linear_layer",
    "x transposed as by_W",
    {BY_W: "by_W = x.T"},
    "xᵀ belongs to the gradient of a loss. by_W has an entry for each entry of y and each of W.",
)
unit.mistake_in(
    "linear_layer",
    "by_b without the axis of b",
    {BY_B: "by_b = np.ones((N, m))"},
    "by_b has an entry for each entry of y and each of b: an identity for every example.",
)
unit.mistake_in(
    "linear_layer",
    "ones for each bias as by_b",
    {BY_B: "by_b = np.ones(m)"},
    "by_b has an entry for each entry of y and each of b: an identity for every example.",
)
unit.mistake_in(
    "linear_layer",
    "the bias added to the derivative with respect to W",
    {"by_W[:, outputs, :, outputs] = x": "by_W[:, outputs, :, outputs] = x + 1.0"},
    "The bias does not depend on W: the derivative with respect to W holds x alone.",
)


@unit.mistake("a loop over single entries", LOOPED)
def linear_layer(x, W, b):
    (N, k), m = x.shape, len(b)
    by_W, by_b = np.zeros((N, m, k, m)), np.zeros((N, m, m))
    for n in range(N):
        for j in range(m):
            by_b[n, j, j] = 1.0
            for i in range(k):
                by_W[n, j, i, j] = x[n, i]
    return x @ W + b, by_W, by_b


@unit.alternative("example by example")
def linear_layer(x, W, b):
    m = W.shape[1]
    by_W = [np.einsum("i,jl->jil", row, np.eye(m)) for row in x]
    return np.array([row @ W + b for row in x]), np.array(by_W), np.stack([np.eye(m)] * len(x))


@unit.alternative("Kronecker's delta as an identity, and einsum")
def linear_layer(x, W, b):
    delta = np.eye(W.shape[1])
    return x @ W + b, np.einsum("ni,jl->njil", x, delta), np.einsum("n,jl->njl", np.ones(len(x)), delta)


@unit.alternative("output by output, returned as a list")
def linear_layer(x, W, b):
    (N, k), m = x.shape, len(b)
    by_W, by_b = np.zeros((N, m, k, m)), np.zeros((N, m, m))
    for j in range(m):
        by_W[:, j, :, j] = x
        by_b[:, j, j] = 1
    return [x.dot(W) + b, by_W, by_b]


@unit.mistake(
    "found by nudging",
    "Where y is large, a difference of two y has no digits left. The derivative with respect to W holds x's numbers.",
)
def linear_layer(x, W, b):
    x, W, b = (np.array(given, dtype=float) for given in (x, W, b))
    y = x @ W + b
    by_W, by_b = np.zeros(y.shape + W.shape), np.zeros(y.shape + b.shape)
    for i in np.ndindex(W.shape):
        step = np.zeros(W.shape)
        step[i] = 1
        by_W[(..., *i)] = x @ (W + step) + b - y
    for j in range(len(b)):
        by_b[..., j] = np.arange(len(b)) == j
    return y.astype(np.float32), by_W.astype(np.float32), by_b.astype(int)


@unit.alternative("with a broadcast identity")
def linear_layer(x, W, b):
    x = np.asarray(x)
    delta = np.identity(len(b))
    by_W = x[:, None, :, None] * delta[None, :, None, :]
    return np.matmul(x, W) + np.asarray(b)[None], by_W, np.broadcast_to(delta, (len(x), *delta.shape))


# --- training_step --------------------------------------------------------------------------------

LOSS = "-np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))"
SLOPES = "((1 - labels) / (1 - p) - labels / p) / N"
unit.mistake_in(
    "training_step",
    "uphill",
    {"w - learning_rate": "w + learning_rate"},
    "The derivative points to where the loss grows. Step the other way: subtract.",
)
unit.mistake_in(
    "training_step",
    "gradient not divided by N",
    {SLOPES: SLOPES[:-4]},
    "The loss is a mean over the batch, so its derivative is one too: divide by N.",
)
unit.mistake_in(
    "training_step",
    "loss is a sum",
    {"-np.mean(": "-np.sum("},
    "The loss is the mean over the batch: divide the sum by N. The gradient is divided already.",
)
unit.mistake_in(
    "training_step",
    "loss and gradient are sums",
    {"-np.mean(": "-np.sum(", SLOPES: SLOPES[:-4]},
    "Both are sums over the examples. Divide both by N, or a larger batch would mean a larger step.",
)
unit.mistake_in(
    "training_step",
    "the derivative with respect to the score",
    {SLOPES: "(p - labels) / N"},
    "p - label is the derivative with respect to the score. The derivatives of p are given: go back to p only.",
)
unit.mistake_in(
    "training_step",
    "the sign of ln(1 - p)",
    {"((1 - labels) / (1 - p) - labels / p)": "(-(1 - labels) / (1 - p) - labels / p)"},
    "The derivative of -ln(1 - p) with respect to p is +1 / (1 - p): the minus inside the bracket turns the sign.",
)
unit.mistake_in(
    "training_step",
    "label 0 treated as label 1",
    {LOSS: "-np.mean(np.log(p))", SLOPES: "-1 / p / N"},
    "For label 0 the right label has the probability 1 - p: another loss and another slope.",
)
unit.mistake_in(
    "training_step",
    "examples of label 0 left out",
    {LOSS: "-np.mean(labels * np.log(p))", SLOPES: "-labels / p / N"},
    "An example of label 0 has a loss too, -ln(1 - p). Add it.",
)
unit.mistake_in(
    "training_step",
    "labels turned round",
    {"N = len(p)": "N, labels = len(p), 1 - labels"},
    "-ln p belongs to label 1 and -ln(1 - p) to label 0; you have them the other way round.",
)
unit.mistake_in(
    "training_step",
    "the derivative of p, not of the loss",
    {SLOPES: "np.full(N, 1 / N)"},
    "That follows the mean of p. The stage from p to the loss is missing: multiply by its slope.",
)
unit.mistake_in(
    "training_step",
    "minus of -ln forgotten",
    {LOSS: LOSS[1:]},
    "The logarithm of a probability is negative; the loss is its negative, which is positive.",
)
unit.mistake_in(
    "training_step",
    "learning rate left out",
    {"learning_rate * ": ""},
    "The step is the gradient times the learning rate.",
)
unit.mistake_in(
    "training_step",
    "divided by the learning rate",
    {"learning_rate * gradients[name]": "gradients[name] / learning_rate"},
    "A larger learning rate means a larger step: multiply by it.",
)
unit.mistake_in(
    "training_step",
    "the gradients, not the parameters",
    {"return loss, updated": "return loss, gradients"},
    "These are the derivatives of the loss. Take the step and return the parameters after it.",
)
unit.mistake_in(
    "training_step",
    "the steps, not the parameters",
    {"w - learning_rate": "-learning_rate"},
    "That is how far each parameter moves. Add it to the parameter itself.",
)
unit.mistake_in(
    "training_step",
    "the parameters before the step",
    {"return loss, updated": "return loss, parameters"},
    "Return the new parameters, those after the step.",
)
unit.mistake_in(
    "training_step",
    "only the first parameter is updated",
    {
        "updated = {name: w -": "updated = parameters | {name: w -",
        "gradients[name] for name, w in parameters.items()": "gradients[name] for name, w in [*parameters.items()][:1]",
    },
    "Every parameter takes a step, not only the first.",
)
unit.mistake_in(
    "training_step",
    "base 2",
    {LOSS: LOSS.replace("np.log(", "np.log2(")},
    "ln is the natural logarithm, np.log; np.log2 is another one.",
)
unit.mistake_in(
    "training_step",
    "the slopes added up before they meet the derivatives",
    {"np.tensordot(slopes, derivatives[name], axes=1)": "slopes.sum() * derivatives[name].sum(axis=0)"},
    "Each example has a slope and derivatives of its own: multiply them example by example, then add up.",
)
unit.mistake_in(
    "training_step",
    "no minus for the hit",
    {"- labels / p)": "+ labels / p)"},
    "The derivative of -ln p with respect to p is -1/p: a larger p means a smaller loss for label 1.",
)
unit.mistake_in(
    "training_step",
    "parameters first",
    {"return loss, updated": "return updated, loss"},
    "The loss comes first, then the parameters.",
)
unit.mistake_in(
    "training_step",
    "parameters without loss",
    {"return loss, updated": "return updated"},
    "Return both, `loss, updated`.",
)

unit.mistake_in(
    "training_step",
    "the loss of label 1 for all examples",
    {LOSS: "-np.mean(np.log(p))"},
    "For label 0 the right label has the probability 1 - p: its loss is -ln(1 - p). The slopes have it already.",
)
unit.mistake_in(
    "training_step",
    "no loss for label 0",
    {LOSS: "-np.mean(labels * np.log(p))"},
    "An example of label 0 has a loss too, -ln(1 - p). The slopes have it already.",
)
unit.mistake_in(
    "training_step",
    "a list of parameters",
    {"return loss, updated": "return loss, list(updated.values())"},
    "Return the parameters as a dict with the same names.",
)
unit.mistake_in(
    "training_step",
    "return inside the loop",
    {"for name, w in parameters.items()}": "for name, w in list(parameters.items())[:1]}"},
    "The first parameter alone came back. Go through all of them before you return.",
)
unit.mistake_in(
    "training_step",
    "divided by N twice",
    {"learning_rate * gradients": "learning_rate / N * gradients"},
    "The mean is taken in the slopes already: divide by N once.",
)
unit.mistake_in(
    "training_step",
    "probabilities clipped",
    {"N = len(p)": "N, p = len(p), np.clip(p, 1e-7, 1 - 1e-7)"},
    "Clipping changes the loss and its slope for probabilities below 1e-7. They are never 0 here: do not clip.",
)
unit.mistake_in(
    "training_step",
    "N counts the parameters",
    {"N = len(p)": "N = len(parameters)"},
    "The mean runs over the examples, len(p) of them.",
)


@unit.mistake("found by nudging", NUDGED)
def training_step(parameters, p, derivatives, labels, learning_rate):
    def loss_at(p):
        return -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))

    updated = {}
    for name, w in parameters.items():
        gradient = np.zeros(np.shape(w))
        for i in np.ndindex(gradient.shape):
            step = 1e-5 * derivatives[name][(slice(None), *i)]
            gradient[i] = (loss_at(p + step) - loss_at(p - step)) / 2e-5
        updated[name] = w - learning_rate * gradient
    return loss_at(p), updated


@unit.mistake("updated in place", CHANGED)
def training_step(parameters, p, derivatives, labels, learning_rate):
    slopes = np.where(labels == 1, -1 / p, 1 / (1 - p)) / len(p)
    for name in parameters:
        parameters[name] -= learning_rate * np.tensordot(slopes, derivatives[name], axes=1)
    return -np.mean(np.log(np.where(labels == 1, p, 1 - p))), parameters


@unit.alternative("the probability of the right label, and einsum")
def training_step(parameters, p, derivatives, labels, learning_rate):
    sign = 2 * labels - 1
    right = np.where(labels == 1, p, 1 - p)
    step = learning_rate * sign / right / p.size
    return np.mean(-np.log(right)), {
        name: w + np.einsum("n,n...->...", step, derivatives[name]) for name, w in parameters.items()
    }


@unit.alternative("probabilities clipped where no float64 of use is lost")
def training_step(parameters, p, derivatives, labels, learning_rate):
    p, labels = np.clip(np.asarray(p), 1e-12, 1 - 1e-12), np.asarray(labels)
    signed = np.where(labels == 1, -1.0 / p, 1.0 / (1.0 - p)) / len(labels)
    after = {}
    for name in parameters:
        slopes = signed.reshape(-1, *[1] * np.ndim(parameters[name]))
        after[name] = parameters[name] - learning_rate * (slopes * derivatives[name]).sum(axis=0)
    return -np.where(labels == 1, np.log(p), np.log1p(-p)).mean(), after


@unit.alternative("example by example")
def training_step(parameters, p, derivatives, labels, learning_rate):
    N, loss = len(p), 0.0
    updated = {name: np.array(w) for name, w in parameters.items()}
    for n in range(N):
        loss -= np.log(p[n] if labels[n] else 1 - p[n]) / N
        slope = -1 / p[n] if labels[n] else 1 / (1 - p[n])
        for name in updated:
            updated[name] = updated[name] - learning_rate / N * slope * derivatives[name][n]
    return [float(loss), {name: w.tolist() for name, w in updated.items()}]


@unit.alternative("the mean over the examples, with align")
def training_step(parameters, p, derivatives, labels, learning_rate):
    slopes = (p - labels) / (p * (1 - p))
    updated = {}
    for name, dp in derivatives.items():
        gradient = (align(slopes, dp) * dp).mean(axis=0)
        updated[name] = parameters[name] - learning_rate * gradient
    return np.log(np.abs(1 - labels - p)).mean() * -1, updated
