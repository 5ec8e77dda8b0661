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
ONLY_ONE = "For label 0 the loss is -ln(1 - P): another value and another slope."
NUDGED = (
    "A nudge also moves what tf.stop_gradient holds constant, and costs a call for each number. Record on a tape: it "
    "gives all gradients after one call."
)
P_AS_LOGITS = (
    "from_logits=True applies the sigmoid itself. Give it the scores: with P it takes the sigmoid of a sigmoid."
)

# --- tape_gradient --------------------------------------------------------------------------------


@unit.mistake("nothing was recorded", UNRECORDED)
def tape_gradient(f, values):
    inputs = [tf.constant(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, tape.gradient(value, inputs)


@unit.mistake("a second gradient call on the same tape", SECOND_CALL)
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    tape.gradient(value, inputs[0])
    return value, [tape.gradient(value, v) for v in inputs]


@unit.mistake("whole numbers stay whole", WHOLE)
def tape_gradient(f, values):
    inputs = [tf.Variable(value) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, tape.gradient(value, inputs)


@unit.mistake("only the first input is watched", "Watch every input, not only the first: the others come back as None.")
def tape_gradient(f, values):
    inputs = [tf.constant(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(inputs[0])
        value = f(*inputs)
    return value, tape.gradient(value, inputs)


@unit.mistake("f was given numbers, not the variables", "Call f with the variables, or the tape has nothing to follow.")
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*[v.numpy() for v in inputs])
    return value, tape.gradient(value, inputs)[0]


@unit.mistake("only the gradient by the first input", "Ask for the gradient by all inputs: pass their list as sources.")
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, tape.gradient(value, inputs[0])


@unit.mistake(
    "the gradients summed over all entries", "Every entry of an input has a slope of its own: do not sum them."
)
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, [tf.reduce_sum(gradient) for gradient in tape.gradient(value, inputs)]


@unit.mistake(
    "gradients multiplied by the inputs", "The gradient is what the tape returns; do not multiply by the input."
)
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, [v * gradient for v, gradient in zip(inputs, tape.gradient(value, inputs), strict=True)]


@unit.mistake(
    "target and sources swapped", "The call is tape.gradient(target, sources): the result first, then inputs."
)
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, tape.gradient(inputs, value)


@unit.mistake("the inputs moved before the gradient", "Record f at the values that were given, without a step before.")
def tape_gradient(f, values):
    inputs = [tf.Variable(np.asarray(value, dtype=float)) for value in values]
    for v in inputs:
        v.assign_add(0.1 * tf.ones_like(v))
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return value, tape.gradient(value, inputs)


unit.mistake_in(
    "tape_gradient",
    "gradients in the opposite order",
    {"return value, gradients": "return value, gradients[::-1]"},
    "Return the gradients in the order of the inputs.",
)
unit.mistake_in(
    "tape_gradient",
    "the gradient of the square",
    {"tape.gradient(value, inputs)": "[2 * value * g for g in tape.gradient(value, inputs)]"},
    "That is the gradient of f squared. The target is f itself.",
)
unit.mistake_in("tape_gradient", "value without gradients", {"return value, gradients": "return value"}, NO_GRADIENT)
unit.mistake_in("tape_gradient", "gradients without value", {"return value, gradients": "return gradients"}, NO_VALUE)
unit.mistake_in(
    "tape_gradient",
    "gradients before the value",
    {"return value, gradients": "return gradients, value"},
    OTHER_ORDER,
)


@unit.alternative("constants that are watched, a persistent tape")
def tape_gradient(f, values):
    inputs = [tf.constant(value, dtype=tf.float64) for value in values]
    with tf.GradientTape(persistent=True) as tape:
        for v in inputs:
            tape.watch(v)
        value = f(*inputs)
    return value.numpy(), [tape.gradient(value, v).numpy() for v in inputs]


@unit.alternative("a new tape for each input, in float32")
def tape_gradient(f, values):
    inputs = [tf.Variable(value, dtype=tf.float32) for value in values]
    gradients = []
    for v in inputs:
        with tf.GradientTape() as tape:
            value = f(*inputs)
        gradients.append(tape.gradient(value, v))
    return float(value), gradients


@unit.alternative("f on the tape's own list of watched variables, returned as a list")
def tape_gradient(f, values):
    inputs = [tf.Variable(tf.cast(value, tf.float32)) for value in values]
    with tf.GradientTape() as tape:
        value = f(*inputs)
    return [value, tape.gradient(value, tuple(inputs))]


@unit.alternative("the row of a Jacobian")
def tape_gradient(f, values):
    inputs = tuple(tf.convert_to_tensor(value, dtype=tf.float64) for value in values)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = f(*inputs)
    return value, list(tape.jacobian(value, inputs))


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
    "labels (N,) beside scores (N, 1)",
    {"column = labels.reshape(-1, 1)": "column = labels"},
    "(N, 1) and (N,) broadcast to a table (N, N): every score meets every label. Make both of one shape.",
)
unit.mistake_in("vectorised_loss", "a sum instead of a mean", {"reduce_mean": "reduce_sum"}, SUM)
unit.mistake_in(
    "vectorised_loss", "one loss for each example", {"tf.reduce_mean(-tf.math.log(right))": "-tf.math.log(right)"}, EACH
)
unit.mistake_in(
    "vectorised_loss",
    "bias left out",
    {"scores = tf.matmul(X, w, transpose_b=True) + b": "scores = tf.matmul(X, w, transpose_b=True)"},
    "Add the bias to every score; without it the loss does not depend on b and its gradient is None.",
)
unit.mistake_in(
    "vectorised_loss",
    "bias not followed by the tape",
    {"w, b = tf.Variable(w), tf.Variable(b)": "w = tf.Variable(w)"},
    "b is a plain number, so no gradient comes back to it: make it a tf.Variable, or watch it.",
)
unit.mistake_in(
    "vectorised_loss",
    "nothing was recorded",
    {"w, b = tf.Variable(w), tf.Variable(b)": "w, b = tf.constant(w), tf.constant(b)"},
    UNRECORDED,
)
unit.mistake_in(
    "vectorised_loss",
    "w not transposed",
    {"tf.matmul(X, w, transpose_b=True)": "tf.matmul(X, w)"},
    "(N, D) times (1, D) does not fit. The scores are X times the transposed w: transpose_b=True.",
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
    "Return the loss, then the gradient by w, then the one by b.",
)
unit.mistake_in(
    "vectorised_loss",
    "gradient by w as a flat vector",
    {"return loss, dw, db": "return loss, tf.reshape(dw, [-1]), db"},
    "The gradient has the shape of w itself, (1, D).",
)
unit.mistake_in(
    "vectorised_loss",
    "gradient of the mean score",
    {"tape.gradient(loss, [w, b])": "np.mean(X, axis=0, keepdims=True), 1.0"},
    "That is how the mean score answers to w and b. Ask for the gradient of the loss.",
)


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
    {"from_logits=True": "from_logits=False", "bce(labels, scores)": "bce(labels, tf.sigmoid(scores))"},
    "Right for small scores, but for large ones a probability is rounded to 0 or 1. Pass the scores on as logits.",
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
unit.mistake_in(
    "loss_from_logits",
    "scores clipped",
    {"bce(labels, scores)": "bce(labels, tf.clip_by_value(scores, -30.0, 30.0))"},
    "Clipping hides the trouble: the loss stops growing and the gradient becomes 0. Leave the scores as they are.",
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
    "gradient by the labels",
    {"tape.watch(scores)": "tape.watch(labels)", "tape.gradient(loss, scores)": "tape.gradient(loss, labels)"},
    "Watch the scores and ask for the gradient by them; the labels are given and do not move.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient of the probabilities",
    {"tape.gradient(loss, scores)": "tf.sigmoid(scores) * (1 - tf.sigmoid(scores))"},
    "P(1 - P) leads from the score to P only. Ask the tape for the gradient of the loss.",
)
unit.mistake_in(
    "loss_from_logits",
    "gradient not divided by N",
    {"tape.gradient(loss, scores)": "tf.sigmoid(scores) - labels"},
    "P - label is the slope of one example's loss. The loss is a mean over N of them.",
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
    "the gradient by the input is missing",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[1:])"},
    "The first gradient is the one by x itself, before any stage.",
)
unit.mistake_in(
    "intermediate_gradients",
    "the gradient by the result is missing",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[:-1])"},
    "The last gradient is the one by the result itself, which is 1.",
)
unit.mistake_in(
    "intermediate_gradients",
    "only the gradient by the input",
    {"return tape.gradient(passed[-1], passed)": "return tape.gradient(passed[-1], passed[0])"},
    "Keep what every stage returns, and ask for the gradients by all of them: the sources may be a list.",
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
    "These are the values on the way. Ask the tape for the gradients by them.",
)
unit.mistake_in(
    "intermediate_gradients",
    "the tape did not follow x",
    {"        tape.watch(passed[0])\n": ""},
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
    {"tf.constant(np.asarray(x, dtype=float))": "tf.constant(x)"},
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
    "every result by the input", "Here all targets are differentiated by x. The target is the last result only."
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
    {"tape.gradient(loss, w)": 'tape.gradient(0.0 * loss, w, unconnected_gradients="zero")'},
    "A gradient of zeros says that w does not matter. It does: mend the way from w to the loss instead.",
)
unit.mistake_in(
    "repaired_gradient",
    "whole numbers stay whole",
    {"for given in (w, X, y))": "for given in (w, X, y))\n    w = w.astype(int) if (w == np.round(w)).all() else w"},
    WHOLE,
)
unit.mistake_in(
    "repaired_gradient",
    "w cut to whole numbers",
    {"w = tf.constant(w)": "w = tf.constant(np.floor(w))"},
    "Turn whole numbers into floats, not floats into whole numbers.",
)
unit.mistake_in(
    "repaired_gradient",
    "the loss instead of its gradient",
    {"return tape.gradient(loss, w)": "return loss"},
    "That is the loss. Return its gradient by w.",
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
    "gradient by X",
    {"        tape.watch(w)\n": "        X = tf.constant(X)\n        tape.watch(X)\n",
     "return tape.gradient(loss, w)": "return tape.gradient(loss, X)"},
    "That is the gradient by the table X. Watch w, and ask for the gradient by w.",
)  # fmt: skip
unit.mistake_in(
    "repaired_gradient",
    "gradient by the errors",
    {"return tape.gradient(loss, w)": "return tape.gradient(loss, errors)"},
    "These are the gradients by the errors, one an example. The way from w to the errors has to be on the tape too.",
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
    "The gradient has the shape of w, (D,). If you made w a column, take it back to a vector.",
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
