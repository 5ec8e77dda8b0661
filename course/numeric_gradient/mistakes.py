"""Unit 1: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np

from course.numeric_gradient.check import unit

# Slips that are possible in every method that steps along one entry after the other.
NOT_PUT_BACK = "Put x[i] back before you step along the next entry; otherwise the steps add up."
MODIFIED = "The caller still needs x: work on a copy, or put every entry back after its step."
WHOLE = "An array of whole numbers cannot hold x + h: the step is cut off. Work on a float copy of x."
TOGETHER = "All entries move at once. A partial derivative moves one entry and keeps the others."
IGNORES_H = "The step is a parameter: use h as it was passed, not a number of your own."
FLAT = "The gradient has one number for each entry of x, in x's shape."

# --- forward_difference ---------------------------------------------------------------------------

unit.mistake_in(
    "forward_difference",
    "not divided by the step",
    {"(f(x) - here) / h": "f(x) - here"},
    "The difference of two values is not yet a slope: divide it by the step between them.",
)
unit.mistake_in(
    "forward_difference",
    "divided by 2h instead of h",
    {"(f(x) - here) / h": "(f(x) - here) / (2 * h)"},
    "x and x + h lie one h apart, so divide by h; 2h belongs to the central difference.",
)
unit.mistake_in(
    "forward_difference",
    "sign turned round",
    {"f(x) - here": "here - f(x)"},
    "Take the value after the step minus the value before it.",
)
unit.mistake_in(
    "forward_difference",
    "a backward difference",
    {"before + h": "before - h", "f(x) - here": "here - f(x)"},
    "You step to the left of x. A forward difference steps to the right.",
)
unit.mistake_in(
    "forward_difference",
    "a central difference",
    {"here = f(x)": "", "gradient[i] = (f(x) - here) / h": "above = f(x)\n        x[i] = before - h\n"
     "        gradient[i] = (above - f(x)) / (2 * h)"},
    "That is the central difference, the next task. Here compare f after one step forward with f at x.",
)  # fmt: skip
unit.mistake_in(
    "forward_difference",
    "entries not put back",
    {"        x[i] = before\n": ""},
    NOT_PUT_BACK,
)
unit.mistake_in(
    "forward_difference",
    "input left modified",
    {"        x[i] = before\n": "", "np.array(x, dtype=float)": "np.asarray(x, dtype=float)"},
    MODIFIED,
)
unit.mistake_in(
    "forward_difference",
    "whole numbers cut off the step",
    {"np.array(x, dtype=float)": "np.array(x)", "np.zeros_like(x)": "np.zeros(x.shape)"},
    WHOLE,
)
unit.mistake_in(
    "forward_difference",
    "the result keeps an integer dtype",
    {"gradient = np.zeros_like(x)": "gradient = np.zeros_like(given)",
     "x = np.array(x, dtype=float)": "given, x = x, np.array(x, dtype=float)"},
    "zeros_like of an array of whole numbers holds whole numbers: slopes put into it are cut off.",
)  # fmt: skip
unit.mistake_in(
    "forward_difference",
    "h ignored",
    {"here = f(x)": "h = 1e-5\n    here = f(x)"},
    IGNORES_H,
)
unit.mistake_in(
    "forward_difference",
    "flattened",
    {"return gradient": "return gradient.ravel()"},
    FLAT,
)


unit.mistake_in(
    "forward_difference",
    "compared with the value of the entry before",
    {"gradient[i] = (f(x) - here) / h\n        x[i] = before":
     "there = f(x)\n        gradient[i], here = (there - here) / h, there\n        x[i] = before"},
    "Every difference starts at x: compute f(x) once, before the loop, and subtract that.",
)  # fmt: skip
unit.mistake_in(
    "forward_difference",
    "compared with the value before, and nothing put back",
    {"gradient[i] = (f(x) - here) / h\n        x[i] = before\n":
     "there = f(x)\n        gradient[i], here = (there - here) / h, there\n"},
    "Each entry must be moved from x itself: put x[i] back, and subtract f(x) of before the loop.",
)  # fmt: skip


@unit.mistake("every entry moved at once", TOGETHER)
def forward_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    return np.full(x.shape, (f(x + h) - f(x)) / h)


@unit.alternative("one shifted copy for each entry")
def forward_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    slopes = []
    for i in range(x.size):
        shifted = x.copy().ravel()
        shifted[i] += h
        slopes.append((f(shifted.reshape(x.shape)) - f(x)) / h)
    return np.array(slopes).reshape(x.shape)


@unit.alternative("in place with np.nditer")
def forward_difference(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.empty(x.shape)
    entries = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    here = f(x)
    for entry in entries:
        entry[...] += h
        gradient[entries.multi_index] = (f(x) - here) / h
        entry[...] -= h
    return gradient


@unit.alternative("rows of the identity, as a list of lists")
def forward_difference(f, x, h=1e-5):
    steps = h * np.eye(np.size(x)).reshape(-1, *np.shape(x))
    slopes = np.array([(f(x + step) - f(x)) / h for step in steps])
    return slopes.reshape(np.shape(x)).tolist()


# --- central_difference ---------------------------------------------------------------------------

unit.mistake_in(
    "central_difference",
    "divided by h instead of 2h",
    {"/ (2 * h)": "/ h"},
    "x + h and x - h lie 2h apart, so divide by 2h.",
)
unit.mistake_in(
    "central_difference",
    "brackets missing around 2 * h",
    {"/ (2 * h)": "/ 2 * h"},
    "a / 2 * h is (a / 2) * h in Python: write a / (2 * h).",
)
unit.mistake_in(
    "central_difference",
    "sign turned round",
    {"above - below": "below - above"},
    "Take f(x + h) minus f(x - h), in this order.",
)
unit.mistake_in(
    "central_difference",
    "a forward difference",
    {"x[i] = before - h": "x[i] = before", "/ (2 * h)": "/ h"},
    "That is the forward difference. Step to both sides of x and compare these two values.",
)
unit.mistake_in(
    "central_difference",
    "second value taken at x",
    {"x[i] = before - h": "x[i] = before"},
    "You divide by 2h but step to one side only: the second value belongs to x - h.",
)
unit.mistake_in(
    "central_difference",
    "a sum instead of a difference",
    {"above - below": "above + below"},
    "Subtract the two values: the slope is the rise between them.",
)
unit.mistake_in(
    "central_difference",
    "entries not put back",
    {"        x[i] = before\n": ""},
    NOT_PUT_BACK,
)
unit.mistake_in(
    "central_difference",
    "input left modified",
    {"        x[i] = before\n": "", "np.array(x, dtype=float)": "np.asarray(x, dtype=float)"},
    MODIFIED,
)
unit.mistake_in(
    "central_difference",
    "whole numbers cut off the step",
    {"np.array(x, dtype=float)": "np.array(x)", "np.zeros_like(x)": "np.zeros(x.shape)"},
    WHOLE,
)
unit.mistake_in(
    "central_difference",
    "the result keeps an integer dtype",
    {"gradient = np.zeros_like(x)": "gradient = np.zeros_like(given)",
     "x = np.array(x, dtype=float)": "given, x = x, np.array(x, dtype=float)"},
    "zeros_like of an array of whole numbers holds whole numbers: slopes put into it are cut off.",
)  # fmt: skip
unit.mistake_in(
    "central_difference",
    "h ignored",
    {"gradient = np.zeros_like(x)": "h, gradient = 1e-5, np.zeros_like(x)"},
    IGNORES_H,
)
unit.mistake_in(
    "central_difference",
    "flattened",
    {"return gradient": "return gradient.ravel()"},
    FLAT,
)


unit.mistake_in(
    "central_difference",
    "the second derivative",
    {"gradient = np.zeros_like(x)": "here, gradient = f(x), np.zeros_like(x)",
     "(above - below) / (2 * h)": "(above - 2 * here + below) / h**2"},
    "f(x + h) - 2 f(x) + f(x - h) over h² is the second derivative. The first is (f(x + h) - f(x - h)) / 2h.",
)  # fmt: skip


@unit.mistake("every entry moved at once", TOGETHER)
def central_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@unit.mistake("half a step to each side", "Step a whole h to each side, as 2h in the denominator says.")
def central_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    steps = h / 2 * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / h for step in steps]).reshape(x.shape)


@unit.alternative("one shifted copy for each side")
def central_difference(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i, _ in np.ndenumerate(x):
        above, below = x.astype(float), x.astype(float)
        above[i] += h
        below[i] -= h
        gradient[i] = 0.5 * (f(above) - f(below)) / h
    return gradient


@unit.alternative("the mean of forward and backward difference")
def central_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    forward = np.array([f(x + step) - f(x) for step in steps]) / h
    backward = np.array([f(x) - f(x - step) for step in steps]) / h
    return ((forward + backward) / 2).reshape(x.shape)


@unit.alternative("steps along the rows of the identity, stored column by column")
def central_difference(f, x, h=1e-5):
    print("rows of the identity")
    x = np.asarray(x, dtype=np.longdouble).astype(float)
    steps = np.eye(x.size).reshape(-1, *x.shape)
    slopes = [(f(x + h * step) - f(x - h * step)) / (2 * h) for step in steps]
    return np.asfortranarray(np.reshape(slopes, x.shape))


# --- complex_step ---------------------------------------------------------------------------------

unit.mistake_in(
    "complex_step",
    "real part instead of imaginary part",
    {"np.imag(f(z))": "np.real(f(z))"},
    "The real part is f itself. The derivative stands in the imaginary part.",
)
unit.mistake_in(
    "complex_step",
    "not divided by the step",
    {"np.imag(f(z)) / h": "np.imag(f(z))"},
    "The imaginary part is h times the derivative: divide by h.",
)
unit.mistake_in(
    "complex_step",
    "divided by 2h instead of h",
    {"np.imag(f(z)) / h": "np.imag(f(z)) / (2 * h)"},
    "There is one step only, of length h: divide by h.",
)
unit.mistake_in(
    "complex_step",
    "no imaginary step",
    {"before + 1j * h": "before + h"},
    "f saw real numbers only. Step by 1j * h, and on a complex copy: a float array drops the imaginary part.",
)
unit.mistake_in(
    "complex_step",
    "step downwards",
    {"before + 1j * h": "before - 1j * h"},
    "x - ih turns the sign of the imaginary part round. Step to x + ih.",
)
unit.mistake_in(
    "complex_step",
    "size instead of imaginary part",
    {"np.imag(f(z))": "np.abs(f(z))"},
    "abs mixes the real part in. The derivative stands in the imaginary part alone.",
)
unit.mistake_in(
    "complex_step",
    "a forward difference",
    {"before + 1j * h": "before + h", "np.imag(f(z))": "np.real(f(z) - f(np.array(x, dtype=float)))"},
    "That is a forward difference: with h = 1e-20 it subtracts two equal numbers. Step by 1j * h.",
)
unit.mistake_in(
    "complex_step",
    "entries not put back",
    {"        z[j] = before\n": ""},
    NOT_PUT_BACK,
)
unit.mistake_in(
    "complex_step",
    "h ignored",
    {"gradient = np.zeros(z.shape)": "h, gradient = 1e-20, np.zeros(z.shape)"},
    IGNORES_H,
)
unit.mistake_in(
    "complex_step",
    "flattened",
    {"return gradient": "return gradient.ravel()"},
    FLAT,
)


unit.mistake_in(
    "complex_step",
    "the size of a difference",
    {"np.imag(f(z))": "np.abs(f(z) - f(np.array(x, dtype=complex)))"},
    "Nothing is subtracted here, and abs loses the sign: the derivative is the imaginary part of f(x + ih), over h.",
)


@unit.mistake(
    "a central difference without complex numbers",
    "With h = 1e-20 that subtracts two equal numbers. Step by 1j * h, on a complex copy of x.",
)
def complex_step(f, x, h=1e-20):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps]).reshape(x.shape)


@unit.mistake("every entry moved at once", TOGETHER)
def complex_step(f, x, h=1e-20):
    return np.full(x.shape, np.imag(f(x + 1j * h)) / h)


@unit.alternative("steps along the rows of the identity")
def complex_step(f, x, h=1e-20):
    steps = 1j * h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([f(x + step).imag / h for step in steps]).reshape(x.shape)


@unit.alternative("one complex copy for each entry")
def complex_step(f, x, h=1e-20):
    gradient = np.empty_like(x)
    for j, _ in np.ndenumerate(x):
        z = x.astype(complex)
        z[j] += complex(0, h)
        gradient[j] = f(z).imag / h
    return gradient


@unit.alternative("a list of Python floats")
def complex_step(f, x, h=1e-20):
    slopes = np.zeros(x.size)
    for j in range(x.size):
        z = np.array(x, dtype=complex)
        z.flat[j] += 1j * h
        slopes[j] = np.imag(f(z) - f(x)) / h
    return slopes.reshape(x.shape).tolist()


# --- relative_error -------------------------------------------------------------------------------

unit.mistake_in(
    "relative_error",
    "no absolute value above",
    {"np.abs(a - b) / scale": "(a - b) / scale"},
    "Where b is the larger one, a - b is negative and the maximum overlooks it: take |a - b|.",
)
unit.mistake_in(
    "relative_error",
    "no absolute values below",
    {"np.abs(a) + np.abs(b)": "np.abs(a + b)"},
    "Numbers of opposite sign cancel in a + b. The scale is |a| + |b|.",
)
unit.mistake_in(
    "relative_error",
    "scaled by one of the two only",
    {"np.abs(a) + np.abs(b)": "np.abs(a)"},
    "The error must not depend on the order of a and b: the scale is |a| + |b|.",
)
unit.mistake_in(
    "relative_error",
    "scaled by b only",
    {"np.abs(a) + np.abs(b)": "np.abs(b)"},
    "The error must not depend on the order of a and b: the scale is |a| + |b|.",
)
unit.mistake_in(
    "relative_error",
    "the smallest instead of the largest",
    {"np.max(": "np.min("},
    "One bad entry is enough for a wrong gradient: return the largest error.",
)
unit.mistake_in(
    "relative_error",
    "scaled by the larger instead of the sum",
    {"np.abs(a) + np.abs(b)": "np.maximum(np.abs(a), np.abs(b))"},
    "Here the scale is the sum |a| + |b|, which keeps the result between 0 and 1.",
)
unit.mistake_in(
    "relative_error",
    "the absolute error",
    {" / scale": ""},
    "|a - b| alone says little: 0.01 is much beside 0.02 and nothing beside 1000. Divide by the scale.",
)
unit.mistake_in(
    "relative_error",
    "the mean instead of the largest",
    {"np.max(": "np.mean("},
    "A mean hides one bad entry among many good ones: return the largest.",
)
unit.mistake_in(
    "relative_error",
    "the sum instead of the largest",
    {"np.max(": "np.sum("},
    "A sum grows with the number of entries: return the largest.",
)
unit.mistake_in(
    "relative_error",
    "the errors of all entries",
    {"return np.max(np.abs(a - b) / scale)": "return np.abs(a - b) / scale"},
    "These are the errors of all entries; return the largest of them.",
)
unit.mistake_in(
    "relative_error",
    "0/0 is not a number",
    {"np.maximum(np.abs(a) + np.abs(b), np.finfo(float).tiny)": "np.abs(a) + np.abs(b)"},
    "Two zeros are equal, but 0/0 is NaN: keep the scale at least a tiny positive number.",
)
unit.mistake_in(
    "relative_error",
    "tiny is too large",
    {"np.finfo(float).tiny": "1e-8"},
    "Numbers of 1e-12 can differ too, and 1e-8 drowns them: take the smallest normal float.",
)
unit.mistake_in(
    "relative_error",
    "largest error over largest scale",
    {"np.max(np.abs(a - b) / scale)": "np.max(np.abs(a - b)) / np.max(scale)"},
    "Divide entry by entry first, then take the maximum: a small entry can have the largest relative error.",
)


@unit.mistake(
    "norms of the whole arrays", "A norm hides one bad entry among many: divide entry by entry, then take max."
)
def relative_error(a, b):
    def norm(v):
        return np.sqrt(np.sum(np.square(v)))

    return norm(np.subtract(a, b)) / max(norm(a) + norm(b), np.finfo(float).tiny)


@unit.alternative("entry by entry in plain Python")
def relative_error(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a), np.ravel(b)):
        if p != q:
            worst = max(worst, abs(p - q) / (abs(p) + abs(q)))
    return worst


@unit.alternative("0/0 caught with np.where")
def relative_error(a, b):
    scale = np.abs(a) + np.abs(b)
    return float(np.where(scale > 0, np.abs(np.subtract(a, b)) / np.where(scale > 0, scale, 1), 0).max())


@unit.alternative("0/0 replaced with np.nan_to_num")
def relative_error(a, b):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(np.asarray(b) - a) / (np.abs(b) + np.abs(a))).max()


# --- why_it_fails ---------------------------------------------------------------------------------

SMALL = """    if np.all(near(central)):
        return "too small to compare"
"""
KINK = """    if np.all(near(central) | near(ahead) | near(behind)):
        return "kink"
"""

unit.mistake_in(
    "why_it_fails",
    "no absolute tolerance",
    {"atol=1e-7": "atol=0"},
    "An entry near 0 has no digits to agree in: let it differ by an atol of 1e-7.",
)
unit.mistake_in(
    "why_it_fails",
    "an absolute tolerance alone",
    {"rtol=1e-3": "rtol=0", "atol=1e-7": "atol=1e-6", "near(central, atol=0)": "near(central)"},
    "An entry of 1e5 may differ by more than one of 1: allow a share of its size, rtol.",
)
unit.mistake_in(
    "why_it_fails",
    "an absolute tolerance that hides small entries",
    {"atol=1e-7": "atol=1e-2"},
    "An entry of 1e-3 that is a fifth too large is wrong. Keep atol far below the entries that count.",
)
unit.mistake_in(
    "why_it_fails",
    "entries near 0 agree",
    {"near(central, atol=0)": "near(central)"},
    "First ask for the relative tolerance alone. What only the absolute one lets through is too small to compare.",
)
unit.mistake_in(
    "why_it_fails",
    "kinks to the left overlooked",
    {" | near(behind)": ""},
    "A kink may lie on either side of x: compare with the backward difference too.",
)
unit.mistake_in(
    "why_it_fails",
    "kinks to the right overlooked",
    {" | near(behind)": "", "near(ahead)": "near(behind)"},
    "A kink may lie on either side of x: compare with the forward difference too.",
)
unit.mistake_in(
    "why_it_fails",
    "no kinks",
    {KINK: ""},
    "At a kink a right entry differs from the central difference: compare it with both one-sided ones.",
)
unit.mistake_in(
    "why_it_fails",
    "a kink excuses every claim",
    {"near(ahead) | near(behind)": "~np.isclose(ahead, behind, rtol=1e-3, atol=1e-7)"},
    "Beside a kink a claim can be wrong too. It must be the derivative on one side.",
)
unit.mistake_in(
    "why_it_fails",
    "a kink somewhere excuses a wrong entry elsewhere",
    {KINK: """    if np.any(~near(central) & (near(ahead) | near(behind))):
        return "kink"
"""},
    "One entry without an excuse makes the gradient wrong, whatever is the matter with the others.",
)  # fmt: skip
unit.mistake_in(
    "why_it_fails",
    "an entry near 0 excuses a wrong entry elsewhere",
    {SMALL: """    if np.any(near(central) & ~near(central, atol=0)):
        return "too small to compare"
"""},
    "One entry without an excuse makes the gradient wrong, and a kink counts more than an entry near 0.",
)  # fmt: skip
unit.mistake_in(
    "why_it_fails",
    "one right entry is enough",
    {"np.all(near(central, atol=0))": "np.any(near(central, atol=0))"},
    "A gradient agrees if all of its entries do: np.all, not np.any.",
)
unit.mistake_in(
    "why_it_fails",
    "the mean of all entries",
    {"np.all(near(central, atol=0))": "np.abs(gradient - central).mean() < 1e-3 * np.abs(central).mean()"},
    "A mean hides one bad entry among many good ones: every entry must agree.",
)
unit.mistake_in(
    "why_it_fails",
    "whatever differs is wrong",
    {SMALL: "", KINK: ""},
    "Two of the four texts never come. Which excuses has a right gradient that fails?",
)
unit.mistake_in(
    "why_it_fails",
    "kinks and small entries exchanged",
    {SMALL: SMALL.replace("too small to compare", "kink"), KINK: KINK.replace("kink", "too small to compare")},
    "At a kink the one-sided differences are far apart; an entry near 0 differs by almost nothing.",
)
unit.mistake_in(
    "why_it_fails",
    "compared with the forward difference",
    {"central = (ahead + behind) / 2": "central = ahead"},
    "A kink to the left leaves the forward difference as it is. Compare with the central one first.",
)
unit.mistake_in(
    "why_it_fails",
    "sign of the backward difference turned round",
    {"f(x) - f(x - step)": "f(x - step) - f(x)"},
    "The backward difference is f(x) minus f(x - h), divided by h.",
)
unit.mistake_in(
    "why_it_fails",
    "True and False instead of the texts",
    {'return "agrees"': "return True", 'return "wrong gradient"': "return False"},
    "One of four texts is asked for.",
)
unit.mistake_in(
    "why_it_fails",
    "steps too long to be sure",
    {"h = 1e-5": "h = 1e-2"},
    "With h = 1e-2 the differences themselves are off by more than 1e-3: use a step of 1e-5.",
)
unit.mistake_in(
    "why_it_fails",
    "every entry moved at once",
    {"h * np.eye(x.size).reshape(x.size, *x.shape)": "[h * np.ones(x.shape)] * x.size"},
    TOGETHER,
)


@unit.mistake(
    "a smaller step instead of both sides",
    "A smaller step leaves a kink beside x behind. At a kink none is small enough: use both one-sided differences.",
)
def why_it_fails(f, gradient, x):
    x = np.asarray(x, dtype=float)

    def numeric(h):
        steps = h * np.eye(x.size).reshape(-1, *x.shape)
        return np.reshape([f(x + step) - f(x - step) for step in steps], x.shape) / (2 * h)

    if np.allclose(gradient, numeric(1e-5), rtol=1e-3, atol=0):
        return "agrees"
    if np.allclose(gradient, numeric(1e-5), rtol=1e-3, atol=1e-7):
        return "too small to compare"
    return "kink" if np.allclose(gradient, numeric(1e-8), rtol=1e-3, atol=1e-6) else "wrong gradient"


@unit.mistake("input left modified", MODIFIED)
def why_it_fails(f, gradient, x):
    ahead, behind, here = np.zeros(x.shape), np.zeros(x.shape), f(x)
    for i in np.ndindex(x.shape):
        x[i] += 1e-5
        ahead[i] = (f(x) - here) / 1e-5
        x[i] -= 2e-5
        behind[i] = (here - f(x)) / 1e-5
        x[i] += 1e-5
    central = (ahead + behind) / 2
    if np.allclose(gradient, central, rtol=1e-3, atol=0):
        return "agrees"
    if np.allclose(gradient, central, rtol=1e-3, atol=1e-7):
        return "too small to compare"
    excused = [np.isclose(gradient, slope, rtol=1e-3, atol=1e-7) for slope in (central, ahead, behind)]
    return "kink" if np.all(np.any(excused, axis=0)) else "wrong gradient"


@unit.alternative("entry by entry, and the worst reason counts")
def why_it_fails(f, gradient, x):
    x = np.array(x, dtype=float)
    here, reasons = f(x), set()
    for i in np.ndindex(x.shape):
        before, a = x[i], gradient[i]
        x[i] = before + 1e-5
        ahead = (f(x) - here) / 1e-5
        x[i] = before - 1e-5
        behind = (here - f(x)) / 1e-5
        x[i] = before
        central = (ahead + behind) / 2
        if abs(a - central) / max(abs(a) + abs(central), 1e-300) < 1e-4:
            continue
        if abs(a - central) < 1e-7:
            reasons.add("too small to compare")
        elif min(abs(a - ahead), abs(a - behind)) < 0.01 * abs(a):
            reasons.add("kink")
        else:
            reasons.add("wrong gradient")
    for reason in ("wrong gradient", "kink", "too small to compare"):
        if reason in reasons:
            return reason
    return "agrees"


@unit.alternative("one-sided differences with a shorter step")
def why_it_fails(f, gradient, x):
    flat = np.array(x, dtype=float).ravel()
    claimed = np.ravel(gradient)

    def at(i, h):
        moved = flat.copy()
        moved[i] += h
        return f(moved.reshape(np.shape(x)))

    sides = np.array([[at(i, 1e-6) - at(i, 0), at(i, 0) - at(i, -1e-6)] for i in range(flat.size)]) / 1e-6
    wide = np.array([at(i, 1e-5) - at(i, -1e-5) for i in range(flat.size)]) / 2e-5
    error = np.abs(claimed - wide)
    if (error <= 1e-5 * np.abs(wide)).all():
        return "agrees"
    bad = error > 1e-5 * np.abs(wide) + 1e-7
    if not bad.any():
        return "too small to compare"
    one_sided = (np.abs(sides - claimed[:, None]) < 0.02 * np.abs(claimed[:, None])).any(axis=1)
    return "kink" if one_sided[bad].all() else "wrong gradient"


@unit.alternative("a central difference, and the backward one from it")
def why_it_fails(f, gradient, x):
    h, rows = 1e-5, np.eye(x.size).reshape(-1, *x.shape)
    central = np.array([f(x + h * row) - f(x - h * row) for row in rows]).reshape(x.shape) / (2 * h)
    forward = np.array([f(x + h * row) - f(x) for row in rows]).reshape(x.shape) / h
    backward = 2 * central - forward
    wrong = ~np.isclose(gradient, central, rtol=1e-4, atol=1e-6)
    excused = np.isclose(gradient, forward, rtol=1e-2) | np.isclose(gradient, backward, rtol=1e-2)
    if np.any(wrong & ~excused):
        return "wrong gradient"
    if np.any(wrong):
        return "kink"
    return "agrees" if np.allclose(gradient, central, rtol=1e-4, atol=0) else "too small to compare"


# --- jacobian -------------------------------------------------------------------------------------

unit.mistake_in(
    "jacobian",
    "transposed",
    {"axis=1": "axis=0"},
    "Row i belongs to output fᵢ, column j to input xⱼ. You have them the other way round.",
)
unit.mistake_in(
    "jacobian",
    "divided by h instead of 2h",
    {"/ (2 * h)": "/ h"},
    "x + h and x - h lie 2h apart, so divide by 2h.",
)
unit.mistake_in(
    "jacobian",
    "a forward difference",
    {"f(x - step)) / (2 * h)": "f(x)) / h"},
    "That is a forward difference; its error is of order h. Step to both sides.",
)
unit.mistake_in(
    "jacobian",
    "sign turned round",
    {"f(x + step) - f(x - step)": "f(x - step) - f(x + step)"},
    "Take f(x + step) minus f(x - step), in this order.",
)
unit.mistake_in(
    "jacobian",
    "outputs summed",
    {"np.stack(columns, axis=1)": "np.stack(columns, axis=1).sum(axis=0)"},
    "That is the gradient of the sum of all outputs. Keep one row for each output.",
)
unit.mistake_in(
    "jacobian",
    "first output only",
    {"np.stack(columns, axis=1)": "np.stack(columns, axis=1)[0]"},
    "That is the gradient of the first output. Each output has a row of its own.",
)
unit.mistake_in(
    "jacobian",
    "steps add up",
    {"        step = np.zeros_like(x)\n": "", "columns = []": "columns, step = [], np.zeros_like(x)"},
    "Start each column with a step of zeros, or the earlier entries move along.",
)
unit.mistake_in(
    "jacobian",
    "every entry moved at once",
    {"step[j] = h": "step[:] = h"},
    TOGETHER,
)
unit.mistake_in(
    "jacobian",
    "whole numbers cut off the step",
    {"np.array(x, dtype=float)": "np.array(x)"},
    WHOLE,
)
unit.mistake_in(
    "jacobian",
    "h ignored",
    {"columns = []": "columns, h = [], 1e-5"},
    IGNORES_H,
)
unit.mistake_in(
    "jacobian",
    "flattened",
    {"np.stack(columns, axis=1)": "np.stack(columns, axis=1).ravel()"},
    "A Jacobian is a table: one row for each output, one column for each input.",
)


@unit.alternative("column by column into an array made before")
def jacobian(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    J = np.zeros((len(f(x)), len(x)))
    for j in range(len(x)):
        above, below = x.copy(), x.copy()
        above[j] += h
        below[j] -= h
        J[:, j] = (f(above) - f(below)) / (2 * h)
    return J


@unit.alternative("one gradient for each output")
def jacobian(f, x, h=1e-5):
    steps = h * np.eye(len(x))
    outputs = range(len(f(x + steps[0])))
    return [[(f(x + s)[i] - f(x - s)[i]) / 2 / h for s in steps] for i in outputs]


@unit.alternative("rows for inputs, then transposed")
def jacobian(f, x, h=1e-5):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)]).T
