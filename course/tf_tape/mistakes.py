"""Unit 6: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np
import tensorflow as tf

from course.tf_tape.check import unit

# Slips that are possible in more than one task.
UNRECORDED = (
    "None says that the tape saw no way from the input to the result. Use a tf.Variable or tape.watch, and compute "
    "the result after that and inside the with block."
)
SECOND_CALL = "A tape is used up by its first gradient call. Ask for all gradients at once, as a list of sources."
NO_GRADIENT = "That is the value alone. Return the gradients too."
NO_VALUE = "That is the gradient alone. Return the value too, before it."
OTHER_ORDER = "The value comes first, then the gradients."
WHOLE = "The tape follows floating-point numbers only: turn whole numbers into floats before you begin."
UPHILL = "The sign is turned round: a probability near 1 for the right label must give a loss near 0, from above."
SUM = "The loss is a mean: use tf.reduce_mean, or a larger batch would mean larger gradients."
EACH = "That is one loss for each example. Take their mean before you ask for gradients."
TURNED = "-ln P belongs to label 1 and -ln(1 - P) to label 0; you have them the other way round."
ONLY_ONE = "For label 0 the loss is -ln(1 - P): another value and another derivative."
NUDGED = (
    "A nudge also moves what tf.stop_gradient holds constant, and costs a call for each number. Record on a tape: it "
    "gives all gradients after one call."
)
NUDGED_SLOWLY = (
    "A nudge goes through all the data again for each weight: too slow for many weights, and blind for tiny ones. "
    "Record the loss on a tape, or use the formula of the gradient: once through the data is enough."
)
CUT_OFF = "Right for small scores, but for large ones a probability is rounded to 0 or 1. Pass the scores on as logits."
NUDGED_BLINDLY = (
    "Beside a huge loss a nudge is lost: the difference has no digits left. Record the loss on a tape, or use the "
    "formula of the gradient."
)
P_AS_LOGITS = (
    "from_logits=True applies the sigmoid itself. Give it the scores: with P it takes the sigmoid of a sigmoid."
)

# --- tape_gradient --------------------------------------------------------------------------------

ASK = "tape.gradient(value, inputs)"
GIVE = "return value, gradients"
REFUSE = """    for i, gradient in enumerate(gradients):
        if gradient is None:
            raise ValueError(f"tape_gradient: f must depend on every input, got None for input {i}")
"""

unit.mistake_in("tape_gradient", "nothing was recorded", {"tf.Variable(np": "tf.constant(np", REFUSE: ""}, UNRECORDED)
unit.mistake_in(
    "tape_gradient", "a second gradient call on the same tape", {ASK: "[tape.gradient(value, v) for v in inputs]"},
    SECOND_CALL,
)  # fmt: skip
unit.mistake_in(
    "tape_gradient", "whole numbers stay whole", {"np.asarray(value, dtype=float)": "value", REFUSE: ""}, WHOLE
)
unit.mistake_in(
    "tape_gradient",
    "whole numbers stay whole, and None becomes 0",
    {"np.asarray(value, dtype=float)": "value", ASK: f'{ASK[:-1]}, unconnected_gradients="zero")'},
    WHOLE,
)
unit.mistake_in(
    "tape_gradient",
    "only the first input is watched",
    {
        "tf.Variable(np": "tf.constant(np",
        "        value = f": "        tape.watch(inputs[0])\n        value = f",
        REFUSE: "",
    },
    "Watch every input, not only the first: the others come back as None.",
)
unit.mistake_in(
    "tape_gradient",
    "f was given numbers, not the variables",
    {"f(*inputs)": "f(*[v.numpy() for v in inputs])", REFUSE: ""},
    "Call f with the variables, or the tape has nothing to follow.",
)
unit.mistake_in(
    "tape_gradient",
    "f was given the list",
    {"f(*inputs)": "f(inputs)"},
    "f takes n arguments. The star in f(*inputs) hands it the items of the list one by one.",
)
unit.mistake_in(
    "tape_gradient",
    "only the gradient with respect to the first input",
    {ASK: "[tape.gradient(value, inputs[0])]"},
    "Ask for the gradient with respect to all inputs: pass their list as sources.",
)
unit.mistake_in(
    "tape_gradient",
    "only the gradient with respect to the first input, without a list",
    {ASK: "tape.gradient(value, inputs[0])", REFUSE: ""},
    "Ask for the gradient with respect to all inputs: pass their list as sources, and return the list that comes back.",
)
unit.mistake_in(
    "tape_gradient",
    "the gradients summed over all entries",
    {GIVE: "return value, [tf.reduce_sum(gradient) for gradient in gradients]"},
    "Every entry of an input has a derivative of its own: do not sum them.",
)
unit.mistake_in(
    "tape_gradient",
    "the gradients flattened",
    {GIVE: "return value, [tf.reshape(gradient, [-1]) for gradient in gradients]"},
    "A gradient has the shape of its input, which is how the tape returns it: leave it so.",
)
unit.mistake_in(
    "tape_gradient",
    "gradients multiplied by the inputs",
    {GIVE: "return value, [v * gradient for v, gradient in zip(inputs, gradients)]"},
    "The gradient is what the tape returns; do not multiply by the input.",
)
unit.mistake_in(
    "tape_gradient",
    "target and sources swapped",
    {ASK: "tape.gradient(inputs, value)", REFUSE: ""},
    "The call is tape.gradient(target, sources): the result first, then inputs.",
)
unit.mistake_in(
    "tape_gradient",
    "the inputs moved before the gradient",
    {"    with tf": "    for v in inputs:\n        v.assign_add(0.1 * tf.ones_like(v))\n    with tf"},
    "Record f at the values that were given, without a step before.",
)
unit.mistake_in(
    "tape_gradient",
    "None kept",
    {REFUSE: ""},
    "None says that no way led from the input to the value. Look for it among the gradients, and raise ValueError.",
)
unit.mistake_in(
    "tape_gradient",
    "None replaced by 0",
    {ASK: f'{ASK[:-1]}, unconnected_gradients="zero")'},
    "Zeros hide that no way led from the input to the value. Keep None, look for it, and raise ValueError.",
)
unit.mistake_in(
    "tape_gradient",
    "inputs without a gradient left out",
    {REFUSE: "    gradients = [gradient for gradient in gradients if gradient is not None]\n"},
    "Without the None nobody can tell which gradient belongs to which input: raise ValueError instead.",
)
unit.mistake_in(
    "tape_gradient",
    "gradients in the opposite order",
    {GIVE: "return value, gradients[::-1]"},
    "Return the gradients in the order of the inputs.",
)
unit.mistake_in(
    "tape_gradient",
    "the gradient of the square",
    {GIVE: "return value, [2 * value * gradient for gradient in gradients]"},
    "That is the gradient of f squared. The target is f itself.",
)
unit.mistake_in("tape_gradient", "value without gradients", {GIVE: "return value"}, NO_GRADIENT)
unit.mistake_in("tape_gradient", "gradients without value", {GIVE: "return gradients"}, NO_VALUE)
unit.mistake_in("tape_gradient", "gradients before the value", {GIVE: "return gradients, value"}, OTHER_ORDER)


@unit.alternative("constants that are watched, a persistent tape")
def tape_gradient(f, values):
    inputs = [tf.constant(value, dtype=tf.float64) for value in values]
    with tf.GradientTape(persistent=True) as tape:
        for v in inputs:
            tape.watch(v)
        value = f(*inputs)
    gradients = [tape.gradient(value, v) for v in inputs]
    if any(gradient is None for gradient in gradients):
        raise ValueError("an input plays no part")
    return value.numpy(), [gradient.numpy() for gradient in gradients]


@unit.alternative("a new tape for each input, in float32")
def tape_gradient(f, values):
    inputs = [tf.Variable(value, dtype=tf.float32) for value in values]
    gradients = []
    for v in inputs:
        with tf.GradientTape() as tape:
            value = f(*inputs)
        gradients.append(tape.gradient(value, v))
        if gradients[-1] is None:
            raise ValueError(v)
    return float(value), gradients


@unit.alternative("f on the tape's own list of watched variables, returned as a list")
def tape_gradient(f, values):
    inputs = [tf.Variable(tf.cast(value, tf.float32)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    gradients = tape.gradient(value, tuple(inputs))
    if None in [None if gradient is None else 0 for gradient in gradients]:
        raise ValueError("None")
    return [value, gradients]


@unit.alternative("the row of a Jacobian")
def tape_gradient(f, values):
    inputs = tuple(tf.convert_to_tensor(value, dtype=tf.float64) for value in values)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = f(*inputs)
    rows = tape.jacobian(value, inputs)
    if not all(row is not None for row in rows):
        raise ValueError("not connected")
    return value, list(rows)


@unit.mistake("numerical differences instead of a tape", NUDGED)
def tape_gradient(f, values):
    values = [np.array(value, dtype=float) for value in values]
    gradients = []
    for i in range(len(values)):
        gradient = np.zeros_like(values[i])
        for place in np.ndindex(values[i].shape):
            above, below = [v.copy() for v in values], [v.copy() for v in values]
            above[i][place] += 1e-5
            below[i][place] -= 1e-5
            gradient[place] = (f(*map(tf.constant, above)) - f(*map(tf.constant, below))) / 2e-5
        gradients.append(gradient)
    return f(*map(tf.constant, values)), gradients


# --- vectorised_loss ------------------------------------------------------------------------------

unit.mistake_in(
    "vectorised_loss",
    "labels (n,) beside scores (n, 1)",
    {"tf.reshape(labels, (-1, 1))": "labels"},
    "(n, 1) and (n,) broadcast to a table (n, n): every score meets every label. Make both of one shape.",
)
unit.mistake_in("vectorised_loss", "a sum instead of a mean", {"reduce_mean": "reduce_sum"}, SUM)
unit.mistake_in(
    "vectorised_loss", "one loss for each example", {"tf.reduce_mean(-tf.math.log(right))": "-tf.math.log(right)"}, EACH
)
unit.mistake_in(
    "vectorised_loss",
    "bias left out",
    {"transpose_b=True) + b": "transpose_b=True)"},
    "Add the bias to every score; without it the loss does not depend on b and its gradient is None.",
)
unit.mistake_in(
    "vectorised_loss",
    "bias not followed by the tape",
    {"tf.Variable(b, dtype=tf.float64)": "tf.constant(b, dtype=tf.float64)"},
    "b is a plain number, so no gradient comes back to it: make it a tf.Variable, or watch it.",
)
unit.mistake_in(
    "vectorised_loss",
    "nothing was recorded",
    {"tf.Variable(w": "tf.constant(w", "tf.Variable(b": "tf.constant(b"},
    UNRECORDED,
)
unit.mistake_in(
    "vectorised_loss",
    "w not transposed",
    {"tf.matmul(X, w, transpose_b=True)": "tf.matmul(X, w)"},
    "(n, d) times (1, d) does not fit. The scores are X times the transposed w: transpose_b=True.",
)
unit.mistake_in(
    "vectorised_loss",
    "bias subtracted",
    {"transpose_b=True) + b": "transpose_b=True) - b"},
    "The score is X times the transposed w *plus* the bias.",
)
unit.mistake_in(
    "vectorised_loss",
    "labels taken for signs",
    {"tf.reduce_mean(-tf.math.log(right))": "tf.reduce_mean(tf.math.softplus(-column * scores))"},
    "softplus(-t·score) is the loss for t of 1 and -1. Labels are 1 and 0: take t = 2·label - 1.",
)
unit.mistake_in(
    "vectorised_loss",
    "scores passed as probabilities",
    {"tf.reduce_mean(-tf.math.log(right))": "tf.keras.losses.BinaryCrossentropy()(column, scores)"},
    "Without from_logits=True the loss expects probabilities between 0 and 1; a score may be any number.",
)
unit.mistake_in("vectorised_loss", "sign turned round", {"-tf.math.log(right)": "tf.math.log(right)"}, UPHILL)
unit.mistake_in(
    "vectorised_loss",
    "label 0 treated as label 1",
    {"tf.where(column == 1, P, 1 - P)": "P"},
    ONLY_ONE,
)
unit.mistake_in("vectorised_loss", "labels turned round", {"column == 1": "column == 0"}, TURNED)
unit.mistake_in(
    "vectorised_loss",
    "only the term of label 1",
    {"-tf.math.log(right)": "-column * tf.math.log(P)"},
    "Examples of label 0 have a loss too, -ln(1 - P): add the term (1 - label)·ln(1 - P).",
)
unit.mistake_in(
    "vectorised_loss",
    "probabilities passed as logits",
    {"tf.reduce_mean(-tf.math.log(right))": "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(column, P))"},
    P_AS_LOGITS,
)
unit.mistake_in(
    "vectorised_loss",
    "softmax of a single score",
    {"P = tf.sigmoid(scores)": "P = tf.nn.softmax(scores)"},
    "The softmax of one score alone is 1, whatever the score. One neuron needs the sigmoid.",
)
unit.mistake_in(
    "vectorised_loss",
    "a squared error",
    {"-tf.math.log(right)": "(P - column) ** 2"},
    "That is the squared distance of P from the label. The loss here is -ln of the right label's probability.",
)
unit.mistake_in(
    "vectorised_loss",
    "logarithm to base 2",
    {"-tf.math.log(right)": "-tf.math.log(right) / tf.math.log(tf.constant(2.0, P.dtype))"},
    "ln is the natural logarithm, tf.math.log. Base 2 multiplies loss and gradients by 1/ln 2.",
)
unit.mistake_in(
    "vectorised_loss",
    "a second gradient call on the same tape",
    {"dw, db = tape.gradient(loss, [w, b])": "dw, db = tape.gradient(loss, w), tape.gradient(loss, b)"},
    SECOND_CALL,
)
unit.mistake_in(
    "vectorised_loss",
    "gradients in the opposite order",
    {"return loss, dw, db": "return loss, db, dw"},
    "Return the loss, then the gradient with respect to w, then the one with respect to b.",
)
unit.mistake_in(
    "vectorised_loss",
    "gradients in a list of their own",
    {"return loss, dw, db": "return loss, [dw, db]"},
    "Return three items side by side: the loss, the gradient with respect to w, the one with respect to b.",
)
unit.mistake_in(
    "vectorised_loss",
    "gradient with respect to w as a flat vector",
    {"return loss, dw, db": "return loss, tf.reshape(dw, [-1]), db"},
    "The gradient has the shape of w itself, (1, d).",
)
unit.mistake_in(
    "vectorised_loss",
    "gradient of the mean score",
    {"tape.gradient(loss, [w, b])": "np.mean(X, axis=0, keepdims=True), 1.0"},
    "That is how the mean score answers to w and b. Ask for the gradient of the loss.",
)


@unit.mistake("numerical differences instead of a tape", NUDGED_SLOWLY)
def vectorised_loss(w, b, X, labels):
    def loss(w, b):
        return np.mean(np.logaddexp(0, (1 - 2 * labels) * (X @ w[0] + b)))

    if np.size(w) > 1000:
        raise TimeoutError("as if it had gone through all of them")
    steps = 1e-5 * np.eye(np.size(w))[:, None]
    dw = [(loss(w + step, b) - loss(w - step, b)) / 2e-5 for step in steps]
    return loss(w, b), np.array([dw]), (loss(w, b + 1e-5) - loss(w, b - 1e-5)) / 2e-5


@unit.mistake("whole numbers stay whole", WHOLE)
def vectorised_loss(w, b, X, labels):
    w, b = tf.Variable(w), tf.Variable(b, dtype=w.dtype)
    with tf.GradientTape() as tape:
        P = tf.sigmoid(tf.matmul(X, w, transpose_b=True) + b)[:, 0]
        loss = -tf.reduce_mean(labels * tf.math.log(P) + (1 - labels) * tf.math.log(1 - P))
    return loss, *tape.gradient(loss, [w, b])


@unit.alternative("with BinaryCrossentropy from logits, in float32")
def vectorised_loss(w, b, X, labels):
    w, b = tf.Variable(w, dtype=tf.float32), tf.Variable(b, dtype=tf.float32)
    X, labels = tf.cast(X, tf.float32), tf.cast(labels, tf.float32)[:, None]
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = bce(labels, tf.matmul(X, w, transpose_b=True) + b)
    dw, db = tape.gradient(loss, [w, b])
    return loss, dw, db


@unit.alternative("both terms, products summed row by row, a persistent tape")
def vectorised_loss(w, b, X, labels):
    w, b = tf.constant(w, dtype=tf.float64), tf.constant(b, dtype=tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([w, b])
        scores = tf.reduce_sum(tf.cast(X, tf.float64) * w, axis=1) + b
        P = 1 / (1 + tf.exp(-scores))
        loss = -tf.reduce_mean(labels * tf.math.log(P) + (1 - labels) * tf.math.log(1 - P))
    return float(loss), tape.gradient(loss, w).numpy(), float(tape.gradient(loss, b))


@unit.alternative("by hand, without a tape")
def vectorised_loss(w, b, X, labels):
    scores = X @ w[0] + b
    P = 1 / (1 + np.exp(-scores))
    loss = np.mean(np.log1p(np.exp(-(2 * labels - 1) * scores)))
    return loss, ((P - labels) @ X)[None] / len(X), np.mean(P - labels)


@unit.alternative("a loop over the examples, the bias an array of one entry")
def vectorised_loss(w, b, X, labels):
    w, b = tf.Variable(w, dtype=tf.float64), tf.Variable([b], dtype=tf.float64)
    with tf.GradientTape() as tape:
        loss = 0.0
        for x, label in zip(X, labels, strict=True):
            score = tf.reduce_sum(x * w) + b
            loss += tf.math.softplus(-score if label == 1 else score) / len(X)
    return [loss, *tape.gradient(loss, [w, b])]


# --- loss_from_logits -----------------------------------------------------------------------------

unit.mistake_in(
    "loss_from_logits",
    "probabilities passed as logits",
    {"bce(labels, scores)": "bce(labels, tf.sigmoid(scores))"},
    P_AS_LOGITS,
)
unit.mistake_in(
    "loss_from_logits",
    "scores passed as probabilities",
    {"from_logits=True": "from_logits=False"},
    "Without from_logits=True the loss expects probabilities between 0 and 1; a score may be any number.",
)
unit.mistake_in(
    "loss_from_logits",
    "sigmoid first: large scores are cut off",
    {
        "from_logits=True": "from_logits=False",
        ', dtype="float64"': "",
        "bce(labels, scores)": "bce(labels, tf.sigmoid(scores))",
    },
    CUT_OFF,
)
unit.mistake_in(
    "loss_from_logits",
    "sigmoid first, in float64: large scores are cut off",
    {"from_logits=True": "from_logits=False", "bce(labels, scores)": "bce(labels, tf.sigmoid(scores))"},
    CUT_OFF,
)
unit.mistake_in(
    "loss_from_logits",
    "the formula as it stands: large scores give inf or NaN",
    {
        "bce(labels, scores)": "-tf.reduce_mean(tf.math.log(tf.where(labels == 1, tf.sigmoid(scores), "
        "1 - tf.sigmoid(scores))))"
    },
    "For a large score 1 - P is rounded to 0, and ln 0 is no number. Compute the loss from the logits.",
)
for most in (10, 15, 20, 30, 50, 88, 100, 500, 700):
    unit.mistake_in(
        "loss_from_logits",
        f"scores clipped at {most}",
        {"bce(labels, scores)": f"bce(labels, tf.clip_by_value(scores, -{most}, {most}))"},
        "Clipping hides the trouble: the loss stops growing and the gradient becomes 0. Leave the scores as they are.",
    )
for little in ("1e-7", "1e-8", "1e-9", "1e-10", "1e-12", "1e-15"):
    unit.mistake_in(
        "loss_from_logits",
        f"{little} added within the logarithm",
        {
            "bce(labels, scores)": "-tf.reduce_mean(tf.math.log("
            f"tf.where(labels == 1, tf.sigmoid(scores), 1 - tf.sigmoid(scores)) + {little}))"
        },
        "That hides ln 0: the loss stops growing and the gradient becomes 0. Compute the loss from the scores "
        "themselves, without a sigmoid.",
    )
unit.mistake_in(
    "loss_from_logits",
    "ln(1 + exp(score)) as it stands: infinite for large scores",
    {"bce(labels, scores)": "tf.reduce_mean(tf.math.log(1 + tf.exp(scores)) - labels * scores)"},
    "exp of a large score is infinite. tf.math.softplus(score) is ln(1 + exp(score)) without that.",
)
unit.mistake_in(
    "loss_from_logits",
    "no slope at a score of 0",
    {
        "bce(labels, scores)": "tf.reduce_mean(tf.nn.relu(scores) - labels * scores + "
        "tf.math.log1p(tf.exp(-tf.abs(scores))))"
    },
    "Stable, but the tape takes 0 for the slope of relu and abs at 0, where the loss has the slope 1/2 - label. Use "
    "tf.math.softplus, or the loss of Keras.",
)
unit.mistake_in(
    "loss_from_logits",
    "the term of the label left out",
    {"bce(labels, scores)": "tf.reduce_mean(tf.math.softplus(scores))"},
    "ln(1 + exp(score)) is the loss for label 0. Subtract label · score from it.",
)
unit.mistake_in(
    "loss_from_logits",
    "the term of the label added",
    {"bce(labels, scores)": "tf.reduce_mean(tf.math.softplus(scores) + labels * scores)"},
    "label · score is to be subtracted: a high score is good for label 1.",
)
unit.mistake_in(
    "loss_from_logits",
    "labels taken for signs",
    {"bce(labels, scores)": "tf.reduce_mean(tf.math.softplus(-labels * scores))"},
    "softplus(-t·score) is the loss for t of 1 and -1. Labels are 1 and 0: take t = 2·label - 1.",
)
unit.mistake_in(
    "loss_from_logits",
    "labels and scores swapped",
    {"bce(labels, scores)": "bce(scores, labels)"},
    "Keras wants the true labels first, then what the model says.",
)
unit.mistake_in("loss_from_logits", "nothing was recorded", {"        tape.watch(scores)\n": ""}, UNRECORDED)
unit.mistake_in(
    "loss_from_logits",
    "a sum instead of a mean",
    {"bce(labels, scores)": "len(labels) * bce(labels, scores)"},
    SUM,
)
unit.mistake_in(
    "loss_from_logits",
    "one loss for each example",
    {"bce(labels, scores)": "tf.nn.sigmoid_cross_entropy_with_logits(labels, scores)"},
    EACH,
)
unit.mistake_in("loss_from_logits", "labels turned round", {"bce(labels, scores)": "bce(1 - labels, scores)"}, TURNED)
unit.mistake_in(
    "loss_from_logits",
    "labels of -1 and 1",
    {"bce(labels, scores)": "bce(2 * labels - 1, scores)"},
    "Cross-entropy wants labels 0 and 1; signs of -1 and 1 belong to the hinge loss.",
)
unit.mistake_in(
    "loss_from_logits",
    "label 0 treated as label 1",
    {"bce(labels, scores)": "bce(tf.ones_like(labels), scores)"},
    ONLY_ONE,
)
unit.mistake_in(
    "loss_from_logits",
    "softmax over the batch",
    {"tf.keras.losses.BinaryCrossentropy": "tf.keras.losses.CategoricalCrossentropy"},
    "Categorical cross-entropy makes the scores compete with each other. Here each score is an example of its own.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient with respect to the labels",
    {"tape.watch(scores)": "tape.watch(labels)", "tape.gradient(loss, scores)": "tape.gradient(loss, labels)"},
    "Watch the scores and ask for the gradient with respect to them; the labels are given and do not move.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient of the probabilities",
    {"tape.gradient(loss, scores)": "tf.sigmoid(scores) * (1 - tf.sigmoid(scores))"},
    "P(1 - P) leads from the score to P only. Ask the tape for the gradient of the loss.",
)
unit.mistake_in(
    "loss_from_logits",
    "the label missing in the gradient",
    {"tape.gradient(loss, scores)": "tf.sigmoid(scores) / len(scores)"},
    "P / n is the gradient for label 0. For label 1 it is (P - 1) / n.",
)
unit.mistake_in(
    "loss_from_logits",
    "a column instead of a vector",
    {"tape.gradient(loss, scores)": "tape.gradient(loss, scores)[:, None]"},
    "The gradient has the shape of the scores, (n,). If you made a column of them, take it back to a vector.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient before the loss",
    {"return loss, tape.gradient(loss, scores)": "return tape.gradient(loss, scores), loss"},
    "The loss comes first, then its gradient.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient not divided by n",
    {"tape.gradient(loss, scores)": "tf.sigmoid(scores) - labels"},
    "P - label is the derivative of one example's loss. The loss is a mean over n of them.",
)
unit.mistake_in(
    "loss_from_logits",
    "sign turned round",
    {"bce(labels, scores)": "-bce(labels, scores)"},
    "The loss is positive already: BinaryCrossentropy includes the minus sign.",
)
unit.mistake_in(
    "loss_from_logits",
    "loss without gradient",
    {"return loss, tape.gradient(loss, scores)": "return loss"},
    NO_GRADIENT,
)
unit.mistake_in(
    "loss_from_logits",
    "gradient without loss",
    {"return loss, tape.gradient(loss, scores)": "return tape.gradient(loss, scores)"},
    NO_VALUE,
)


@unit.mistake("numerical differences instead of a gradient", NUDGED_BLINDLY)
def loss_from_logits(scores, labels):
    def loss(scores):
        return np.mean(np.logaddexp(0, scores) - labels * scores)

    scores = np.asarray(scores, dtype=float)
    steps = 1e-5 * np.eye(len(scores))
    return loss(scores), np.array([(loss(scores + step) - loss(scores - step)) / 2e-5 for step in steps])


@unit.mistake("whole numbers stay whole", WHOLE)
def loss_from_logits(scores, labels):
    scores, labels = tf.constant(scores), tf.constant(labels)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = tf.keras.losses.BinaryCrossentropy(from_logits=True)(labels, scores)
    return loss, tape.gradient(loss, scores)


@unit.alternative("Keras in float32, a variable")
def loss_from_logits(scores, labels):
    scores = tf.Variable(scores, dtype=tf.float32)
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = bce(tf.cast(labels, tf.float32), scores)
    return loss.numpy(), tape.gradient(loss, scores).numpy()


@unit.alternative("softplus, which is ln(1 + exp(s)) without overflow")
def loss_from_logits(scores, labels):
    scores = tf.Variable(scores, dtype=tf.float64)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.math.softplus((1 - 2 * labels) * scores))
    return loss, tape.gradient(loss, scores)


@unit.alternative("by hand in NumPy")
def loss_from_logits(scores, labels):
    loss = np.mean(np.logaddexp(0, scores) - labels * scores)
    return float(loss), ((np.exp(-np.logaddexp(0, -scores)) - labels) / len(labels)).tolist()


@unit.alternative("one column, the function of tf.nn")
def loss_from_logits(scores, labels):
    column = tf.Variable(np.reshape(scores, (-1, 1)).astype("float32"))
    with tf.GradientTape() as tape:
        each = tf.nn.sigmoid_cross_entropy_with_logits(np.reshape(labels, (-1, 1)).astype("float32"), column)
        loss = tf.reduce_sum(each) / len(labels)
    return loss, tape.gradient(loss, column)[:, 0]


# --- intermediate_gradients -----------------------------------------------------------------------

unit.mistake_in(
    "intermediate_gradients",
    "the gradient with respect to the input is missing",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[1:])"},
    "The first gradient is the one with respect to x itself, before any stage.",
)
unit.mistake_in(
    "intermediate_gradients",
    "the gradient with respect to the result is missing",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[:-1])"},
    "The last gradient is the one with respect to the result itself, which is 1.",
)
unit.mistake_in(
    "intermediate_gradients",
    "only the gradient with respect to the input",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[0])"},
    "Keep what every stage returns, and ask for the gradients with respect to all of them: the sources may be a list.",
)
unit.mistake_in(
    "intermediate_gradients",
    "in the order of the way back",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed)[::-1]"},
    "Return them in the order of the way forward: first x, last the result.",
)
unit.mistake_in(
    "intermediate_gradients",
    "values instead of gradients",
    {"return tape.gradient(passed[-1], passed)": "return passed"},
    "These are the values on the way. Ask the tape for the gradients with respect to them.",
)
unit.mistake_in(
    "intermediate_gradients",
    "the tape did not follow x",
    {"        tape.watch(x)\n": ""},
    "Make x a tf.Variable, or watch it before the first stage, and hand each stage the tensor itself, not a copy.",
)
unit.mistake_in(
    "intermediate_gradients",
    "the stages in the opposite order",
    {"for stage in stages": "for stage in stages[::-1]"},
    "Apply the first stage first.",
)
unit.mistake_in(
    "intermediate_gradients",
    "every stage applied to the input",
    {"stage(passed[-1])": "stage(passed[0])"},
    "Each stage takes what the stage before it returned; only the first takes x.",
)
unit.mistake_in(
    "intermediate_gradients",
    "whole numbers stay whole",
    {"np.asarray(x, dtype=float)": "x"},
    WHOLE,
)
unit.mistake_in(
    "intermediate_gradients",
    "a second gradient call on the same tape",
    {"return tape.gradient(passed[-1], passed)": "return [tape.gradient(passed[-1], value) for value in passed]"},
    SECOND_CALL,
)
unit.mistake_in(
    "intermediate_gradients",
    "the result in the place of its own gradient",
    {"return tape.gradient(passed[-1], passed)": "return [*tape.gradient(passed[-1], passed[:-1]), passed[-1]]"},
    "The last item is the gradient of the result with respect to itself, which is 1, not the result.",
)
unit.mistake_in(
    "intermediate_gradients",
    "computed again for the tape",
    {"passed = [x]": "passed = [x]\n    for stage in stages:\n        passed.append(stage(passed[-1]))",
     "            passed.append(stage(passed[-1]))\n    return": "            x = stage(x)\n    return",
     "tape.gradient(passed[-1], passed)": "tape.gradient(x, passed)"},
    "The tape does not know the values that you kept, since it saw others. Keep those computed inside the with block.",
)  # fmt: skip
unit.mistake_in(
    "intermediate_gradients",
    "the result in front of the gradients",
    {"return tape.gradient(passed[-1], passed)": "return [passed[-1], *tape.gradient(passed[-1], passed)]"},
    "Return the gradients alone: n + 1 of them for n stages.",
)


@unit.mistake(
    "local derivatives", "That is how each result answers to the one before it. Ask how the last one answers."
)
def intermediate_gradients(stages, x):
    value, gradients = tf.constant(np.asarray(x, dtype=float)), []
    for stage in stages:
        with tf.GradientTape() as tape:
            tape.watch(value)
            after = stage(value)
        gradients.append(tape.gradient(after, value))
        value = after
    return [*gradients, tf.ones_like(value)]


@unit.mistake(
    "every result with respect to the input",
    "Here all targets are differentiated with respect to x. The target is the last result only.",
)
def intermediate_gradients(stages, x):
    passed = [tf.constant(np.asarray(x, dtype=float))]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(passed[0])
        for stage in stages:
            passed.append(stage(passed[-1]))
    return [tape.gradient(value, passed[0]) for value in passed]


@unit.mistake("the sum of all results as target", "A list of targets is summed. The target is the last result alone.")
def intermediate_gradients(stages, x):
    passed = [tf.Variable(np.asarray(x, dtype=float))]
    with tf.GradientTape() as tape:
        for stage in stages:
            passed.append(stage(passed[-1]))
    return tape.gradient(passed[1:], passed)


@unit.mistake("numerical differences instead of a tape", NUDGED)
def intermediate_gradients(stages, x):
    value, gradients = np.array(x, dtype=float), []
    for i in range(len(stages) + 1):

        def result(v, rest=stages[i:]):
            v = tf.constant(v)
            for stage in rest:
                v = stage(v)
            return float(v)

        gradient = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            step = np.zeros(value.shape)
            step[place] = 1e-5
            gradient[place] = (result(value + step) - result(value - step)) / 2e-5
        gradients.append(gradient)
        value = np.array(stages[i](tf.constant(value))) if i < len(stages) else value
    return gradients


@unit.alternative("a persistent tape, asked one by one")
def intermediate_gradients(stages, x):
    value = tf.Variable(x, dtype=tf.float32)
    on_the_way = [value]
    with tf.GradientTape(persistent=True) as tape:
        for stage in stages:
            value = stage(value)
            on_the_way.append(value)
    return [tape.gradient(value, place).numpy() for place in on_the_way]


@unit.alternative("the rest of the stages recorded anew from every place")
def intermediate_gradients(stages, x):
    value, gradients = tf.cast(x, tf.float64), []
    for i in range(len(stages) + 1):
        with tf.GradientTape() as tape:
            tape.watch(value)
            result = tf.identity(value)
            for stage in stages[i:]:
                result = stage(result)
        gradients.append(tape.gradient(result, value))
        if i < len(stages):
            value = stages[i](value)
    return gradients


@unit.alternative("the chain rule by hand, with the tape's output_gradients")
def intermediate_gradients(stages, x):
    value, tapes = tf.constant(np.array(x, dtype="float64")), []
    for stage in stages:
        with tf.GradientTape() as tape:
            tape.watch(value)
            after = stage(value)
        tapes.append((tape, after, value))
        value = after
    gradients = [tf.ones_like(value)]
    for tape, after, before in reversed(tapes):
        gradients.insert(0, tape.gradient(after, before, output_gradients=gradients[0]))
    return tuple(gradients)


# --- repaired_gradient ----------------------------------------------------------------------------

unit.mistake_in("repaired_gradient", "still None: w is not watched", {"        tape.watch(w)\n": ""}, UNRECORDED)
unit.mistake_in(
    "repaired_gradient",
    "the None replaced by zeros",
    {"        tape.watch(w)\n": "", "tape.gradient(loss, w)": 'tape.gradient(loss, w, unconnected_gradients="zero")'},
    "A gradient of zeros says that w does not matter. It does: mend the way from w to the loss instead.",
)


@unit.mistake("not mended at all", UNRECORDED + " And turn whole numbers into floats first.")
def repaired_gradient(w, X, y):
    w = tf.constant(w)
    with tf.GradientTape() as tape:
        errors = np.dot(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)


@unit.mistake("whole numbers stay whole", WHOLE)
def repaired_gradient(w, X, y):
    w = tf.Variable(w)
    with tf.GradientTape() as tape:
        errors = tf.linalg.matvec(X, w) - y
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)


@unit.mistake("whole numbers become floats too late: the tape follows w before", WHOLE)
def repaired_gradient(w, X, y):
    w = tf.Variable(w)
    with tf.GradientTape() as tape:
        errors = tf.linalg.matvec(tf.cast(X, tf.float64), tf.cast(w, tf.float64)) - tf.cast(y, tf.float64)
        loss = tf.math.log(1 + tf.reduce_mean(errors**2))
    return tape.gradient(loss, w)


@unit.mistake("numerical differences instead of a repair", NUDGED_SLOWLY)
def repaired_gradient(w, X, y):
    def loss(w):
        return np.log1p(np.mean((X @ w - y) ** 2))

    if np.size(w) > 1000:
        raise TimeoutError("as if it had gone through all of them")
    return np.array([(loss(w + step) - loss(w - step)) / 2e-5 for step in 1e-5 * np.eye(np.size(w))])


unit.mistake_in(
    "repaired_gradient",
    "w cut to whole numbers",
    {"        tape.watch(w)\n": "        w = tf.floor(w)\n        tape.watch(w)\n"},
    "Turn whole numbers into floats, not floats into whole numbers.",
)
unit.mistake_in(
    "repaired_gradient",
    "a column minus a vector",
    {"tf.linalg.matvec(X, w) - y": "X @ w[:, None] - y"},
    "(n, 1) and (n,) broadcast to a table (n, n): every prediction meets every target. Make both of one shape.",
)
unit.mistake_in(
    "repaired_gradient",
    "y added",
    {"tf.linalg.matvec(X, w) - y": "tf.linalg.matvec(X, w) + y"},
    "An error is what X w is too much: X w *minus* y.",
)
unit.mistake_in(
    "repaired_gradient",
    "the loss beside its gradient",
    {"return tape.gradient(loss, w)": "return loss, tape.gradient(loss, w)"},
    "Return the gradient alone.",
)
unit.mistake_in(
    "repaired_gradient",
    "a factor 1/n forgotten in a formula",
    {"return tape.gradient(loss, w)": "return len(y) * tape.gradient(loss, w)"},
    "The loss has the mean of the squares: by hand, the gradient is divided by n as well.",
)
unit.mistake_in(
    "repaired_gradient",
    "the loss instead of its gradient",
    {"return tape.gradient(loss, w)": "return loss"},
    "That is the loss. Return its gradient with respect to w.",
)
unit.mistake_in(
    "repaired_gradient",
    "the logarithm lost in the repair",
    {"tf.math.log(1 + tf.reduce_mean(errors**2))": "tf.reduce_mean(errors**2)"},
    "The loss is ln(1 + mean), and the logarithm belongs on the tape as well: tf.math.log or tf.math.log1p.",
)
unit.mistake_in(
    "repaired_gradient",
    "the 1 in the logarithm lost",
    {"tf.math.log(1 + tf.reduce_mean(errors**2))": "tf.math.log(tf.reduce_mean(errors**2))"},
    "The loss is ln(1 + mean of the squares); the 1 is missing.",
)
unit.mistake_in("repaired_gradient", "a sum instead of a mean", {"reduce_mean": "reduce_sum"}, SUM)
unit.mistake_in(
    "repaired_gradient",
    "errors not squared",
    {"errors**2": "tf.abs(errors)"},
    "The loss takes the mean of the squared errors, not of their sizes.",
)
unit.mistake_in(
    "repaired_gradient",
    "the square of the mean",
    {"tf.reduce_mean(errors**2)": "tf.reduce_mean(errors) ** 2"},
    "Square each error first and take the mean afterwards: otherwise errors of opposite sign cancel.",
)
unit.mistake_in(
    "repaired_gradient",
    "gradient with respect to X",
    {"        tape.watch(w)\n": "        tape.watch(X)\n",
     "return tape.gradient(loss, w)": "return tape.gradient(loss, X)"},
    "That is the gradient with respect to X. Watch w, and ask for the gradient with respect to w.",
)  # fmt: skip
unit.mistake_in(
    "repaired_gradient",
    "gradient with respect to the errors",
    {"return tape.gradient(loss, w)": "return tape.gradient(loss, errors)"},
    "These are the gradients with respect to the errors, one an example. Record the way from w to the errors too.",
)
unit.mistake_in(
    "repaired_gradient",
    "y left out",
    {"tf.linalg.matvec(X, w) - y": "tf.linalg.matvec(X, w)"},
    "The errors are X w - y; without y the loss has its lowest point elsewhere.",
)
unit.mistake_in(
    "repaired_gradient",
    "sign turned round",
    {"return tape.gradient(loss, w)": "return -tape.gradient(loss, w)"},
    "The gradient points uphill. The minus sign belongs to a step of training, not to the gradient.",
)
unit.mistake_in(
    "repaired_gradient",
    "a step instead of the gradient",
    {"return tape.gradient(loss, w)": "return w - tape.gradient(loss, w)"},
    "That is w after one step downhill. Return the gradient itself.",
)
unit.mistake_in(
    "repaired_gradient",
    "a column instead of a vector",
    {"return tape.gradient(loss, w)": "return tape.gradient(loss, w)[:, None]"},
    "The gradient has the shape of w, (d,). If you made w a column, take it back to a vector.",
)
unit.mistake_in(
    "repaired_gradient",
    "factor 2 of the square forgotten",
    {"return tape.gradient(loss, w)": "return tape.gradient(loss, w) / 2"},
    "The derivative of a square has a factor of 2. The tape knows it, if the square is on the tape.",
)


@unit.alternative("a variable, and the product of matrices")
def repaired_gradient(w, X, y):
    w, X = tf.Variable(w, dtype=tf.float64), tf.cast(X, tf.float64)
    with tf.GradientTape() as tape:
        errors = (X @ w[:, None])[:, 0] - y
        loss = tf.math.log1p(tf.reduce_mean(errors**2))
    return tape.gradient(loss, w).numpy()


@unit.alternative("in float32, with y before X w")
def repaired_gradient(w, X, y):
    w, X, y = (tf.constant(given, dtype=tf.float32) for given in (w, X, y))
    with tf.GradientTape() as tape:
        tape.watch(w)
        errors = y - tf.reduce_sum(X * w, axis=1)
        loss = tf.math.log(1 + tf.reduce_sum(errors * errors) / len(y))
    return tape.gradient(loss, w)


@unit.alternative("by hand in NumPy")
def repaired_gradient(w, X, y):
    errors = X @ w - y
    return 2 * (X.T @ errors) / len(y) / (1 + np.mean(errors**2))


@unit.alternative("tensordot, as a list")
def repaired_gradient(w, X, y):
    w = tf.Variable([float(n) for n in w])
    with tf.GradientTape() as tape:
        errors = tf.tensordot(tf.cast(X, w.dtype), w, 1) - tf.cast(y, w.dtype)
        loss = tf.math.log1p(tf.reduce_mean(tf.square(errors)))
    return tape.gradient(loss, w).numpy().tolist()
