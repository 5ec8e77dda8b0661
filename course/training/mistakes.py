"""Unit 11: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np

from course.training.check import unit

MODIFIED = "The caller still needs these arrays: compute new ones instead of writing into them."

# --- standardise ----------------------------------------------------------------------------------

unit.mistake_in(
    "standardise",
    "the test set standardised by itself",
    {"(test - mean) / scale": "(test - test.mean(axis=0)) / np.where(test.std(axis=0) > 0, test.std(axis=0), 1.0)"},
    "Shift and scale the test set by the training set's mean and deviation: at test time nobody knows its own.",
)
unit.mistake_in(
    "standardise",
    "mean and deviation of both sets together",
    {
        "mean, deviation = train.mean(axis=0), train.std(axis=0)": "both = np.concatenate([train, test])\n"
        "    mean, deviation = both.mean(axis=0), both.std(axis=0)"
    },
    "The test set has leaked into the mean and the deviation: take both from the training set alone.",
)
unit.mistake_in(
    "standardise",
    "mean and deviation of the test set",
    {"train.mean(axis=0), train.std(axis=0)": "test.mean(axis=0), test.std(axis=0)"},
    "You took the statistics from the wrong set: they come from the training set.",
)
unit.mistake_in(
    "standardise",
    "the test set left as it was",
    {"(test - mean) / scale": "test"},
    "The network will see the test set too: shift and scale it by the training set's numbers.",
)
unit.mistake_in(
    "standardise",
    "one mean for all columns",
    {"train.mean(axis=0), train.std(axis=0)": "train.mean(), train.std()"},
    "Each column has a unit of its own: take mean and deviation along axis 0.",
)
unit.mistake_in(
    "standardise",
    "along the rows",
    {
        "train.mean(axis=0), train.std(axis=0)": "train.mean(axis=1, keepdims=True), train.std(axis=1, keepdims=True)",
        "(test - mean) / scale": "(test - test.mean(axis=1, keepdims=True)) / test.std(axis=1, keepdims=True)",
    },
    "That makes every example have mean 0. Each column should: use axis 0.",
)
unit.mistake_in(
    "standardise",
    "not divided",
    {"(train - mean) / scale, (test - mean) / scale": "train - mean, test - mean"},
    "The mean is 0 now, but a column in hundreds still outweighs one in hundredths: divide by the deviation.",
)
unit.mistake_in(
    "standardise",
    "not shifted",
    {"(train - mean) / scale, (test - mean) / scale": "train / scale, test / scale"},
    "Subtract the mean before you divide.",
)
unit.mistake_in(
    "standardise",
    "divided by the variance",
    {"train.std(axis=0)": "train.var(axis=0)"},
    "The variance has the square of the unit: divide by its root, the standard deviation.",
)
unit.mistake_in(
    "standardise",
    "division by N - 1",
    {"train.std(axis=0)": "train.std(axis=0, ddof=1)"},
    "ddof=1 estimates the deviation of a larger population. Here the N numbers themselves shall have deviation 1.",
)
unit.mistake_in(
    "standardise",
    "a constant column divided by zero",
    {"np.where(constant, 1.0, deviation)": "deviation"},
    "A column that never changes has deviation 0, and 0/0 is NaN: divide such a column by 1.",
)
unit.mistake_in(
    "standardise",
    "scaled between 0 and 1",
    {
        "train.mean(axis=0), train.std(axis=0)": "train.min(axis=0), train.max(axis=0) - train.min(axis=0)",
    },
    "That maps the smallest number to 0 and the largest to 1. Here mean 0 and standard deviation 1 are wanted.",
)
unit.mistake_in(
    "standardise",
    "one deviation for all columns",
    {"train.std(axis=0)": "np.array(train.std())"},
    "Each column has a unit of its own: take the deviation along axis 0, as you take the mean.",
)
unit.mistake_in(
    "standardise",
    "the test set scaled by its own deviation",
    {"(test - mean) / scale": "(test - mean) / np.where(test.std(axis=0) > 0, test.std(axis=0), 1.0)"},
    "The test set is divided by the training set's deviation too: at test time nobody knows its own.",
)
unit.mistake_in(
    "standardise",
    "the test set shifted by its own mean",
    {"(test - mean)": "(test - test.mean(axis=0))"},
    "The training set's mean is subtracted from the test set too: at test time nobody knows its own.",
)
unit.mistake_in(
    "standardise",
    "divided before the mean was subtracted",
    {"(train - mean) / scale, (test - mean) / scale": "train / scale - mean, test / scale - mean"},
    "The mean has the unit of the data: subtract it first, in brackets, then divide.",
)
unit.mistake_in(
    "standardise",
    "a small number added to the deviation",
    {"np.where(constant, 1.0, deviation)": "deviation + 1e-8"},
    "A constant column of the test set is divided by 1e-8 and becomes huge. Divide by 1 where the deviation is 0.",
)
unit.mistake_in(
    "standardise",
    "NaN replaced by 0",
    {"(train - mean) / scale, (test - mean) / scale":
     "np.nan_to_num((train - mean) / deviation), np.nan_to_num((test - mean) / deviation)"},
    "That hides 0/0, but not what is divided by 0 in the test set. Divide by 1 where the deviation is 0.",
)  # fmt: skip
unit.mistake_in(
    "standardise",
    "a constant column not shifted",
    {"(train - mean) / scale, (test - mean) / scale":
     "(train - np.where(deviation > 0, mean, 0)) / scale, (test - np.where(deviation > 0, mean, 0)) / scale"},
    "A constant column is not divided, but its mean is subtracted like any other's.",
)  # fmt: skip
unit.mistake_in(
    "standardise",
    "a constant column set to 0",
    {"(train - mean) / scale, (test - mean) / scale":
     "(train - mean) / scale * (deviation > 0), (test - mean) / scale * (deviation > 0)"},
    "A column that is constant in the training set need not be so in the test set: subtract its mean, divide by 1.",
)  # fmt: skip
unit.mistake_in(
    "standardise",
    "test before train",
    {"(train - mean) / scale, (test - mean) / scale": "(test - mean) / scale, (train - mean) / scale"},
    "Return the training set first, then the test set.",
)
unit.mistake_in(
    "standardise",
    "the training set alone",
    {"(train - mean) / scale, (test - mean) / scale": "(train - mean) / scale"},
    "Return both sets: `return train, test`.",
)


@unit.mistake("the arrays themselves changed", MODIFIED)
def standardise(train, test):
    if train.dtype != float:
        train, test = train.astype(float), test.astype(float)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    for data in (train, test):
        data -= mean
        data /= np.where(deviation > 0, deviation, 1.0)
    return train, test


@unit.alternative("column by column")
def standardise(train, test):
    train, test = np.array(train, dtype=float), np.array(test, dtype=float)
    for column in range(train.shape[1]):
        values = train[:, column].copy()
        scale = values.std() or 1.0
        train[:, column] = (values - values.mean()) / scale
        test[:, column] = (test[:, column] - values.mean()) / scale
    return train, test


@unit.alternative("with scikit-learn")
def standardise(train, test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train)
    return [scaler.transform(train), scaler.transform(test)]


@unit.alternative("deviation from the mean of the squares")
def standardise(train, test):
    centre = np.mean(train, axis=0)
    spread = np.sqrt(((train - centre) ** 2).mean(axis=0))
    spread[spread == 0] = 1
    return tuple(((data - centre) / spread).tolist() for data in (train, test))


# --- minibatches ----------------------------------------------------------------------------------

unit.mistake_in(
    "minibatches",
    "the last, smaller batch left out",
    {"range(0, len(order), batch_size)": "range(0, len(order) - batch_size + 1, batch_size)"},
    "10 examples in batches of 4 are 4, 4 and 2: keep what is left over; 10 // 4 counts full batches only.",
)
unit.mistake_in(
    "minibatches",
    "the order ignored",
    {"order[start : start + batch_size]": "np.arange(len(order))[start : start + batch_size]"},
    "The examples come in the order that was passed: take order[start:stop] as the index.",
)
unit.mistake_in(
    "minibatches",
    "labels not in the same order",
    {"labels[chosen]": "labels[start : start + batch_size]"},
    "X and labels must be taken with the same indices, or every example gets another one's label.",
)
unit.mistake_in(
    "minibatches",
    "examples not in the same order",
    {"X[chosen]": "X[start : start + batch_size]"},
    "X and labels must be taken with the same indices, or every example gets another one's label.",
)
unit.mistake_in(
    "minibatches",
    "one example skipped after each batch",
    {"range(0, len(order), batch_size)": "range(0, len(order), batch_size + 1)"},
    "The next batch begins where the last one ended: the step of the range is batch_size.",
)
unit.mistake_in(
    "minibatches",
    "batches that overlap",
    {"range(0, len(order), batch_size)": "range(0, len(order), max(1, batch_size - 1))"},
    "The next batch begins where the last one ended: the step of the range is batch_size.",
)
unit.mistake_in(
    "minibatches",
    "one example too few in each batch",
    {"order[start : start + batch_size]": "order[start : start + batch_size - 1]"},
    "A slice leaves its end out already: order[start : start + batch_size] holds batch_size indices.",
)
unit.mistake_in(
    "minibatches",
    "the first batch only",
    {"    return batches": "        return batches\n    return batches"},
    "The return stands inside the loop: it ends after the first batch.",
)
unit.mistake_in(
    "minibatches",
    "batch_size taken for the number of batches",
    {
        "    for start in range(0, len(order), batch_size):\n        chosen = order[start : start + batch_size]\n": (
            "    for chosen in np.array_split(order, batch_size):\n"
        )
    },
    "batch_size counts the examples in a batch, not the batches.",
)
unit.mistake_in(
    "minibatches",
    "sorted by the order instead of indexed",
    {"batches = []": "batches, order = [], np.argsort(order)"},
    "order[0] is the number of the example that comes first. argsort turns that round: index with order itself.",
)
unit.mistake_in(
    "minibatches",
    "labels before X",
    {"(X[chosen], labels[chosen])": "(labels[chosen], X[chosen])"},
    "Each pair holds X of the batch first, then its labels.",
)
unit.mistake_in(
    "minibatches",
    "X without the labels",
    {"(X[chosen], labels[chosen])": "X[chosen]"},
    "Each batch is a pair: X of the batch and the labels of the same examples.",
)
unit.mistake_in(
    "minibatches",
    "row numbers instead of examples",
    {"(X[chosen], labels[chosen])": "chosen"},
    "These are the numbers of the rows. Index X and labels with them, and keep the pair.",
)
unit.mistake_in(
    "minibatches",
    "pairs not kept together",
    {"batches.append((X[chosen], labels[chosen]))": "batches += [X[chosen], labels[chosen]]"},
    "Append one pair, (X[chosen], labels[chosen]), for each batch, not two items.",
)
unit.mistake_in(
    "minibatches",
    "the slice ends at batch_size",
    {"order[start : start + batch_size]": "order[start:batch_size]"},
    "A slice ends at an index, not after a length: order[start : start + batch_size].",
)
unit.mistake_in(
    "minibatches",
    "batches one example apart",
    {"range(0, len(order), batch_size)": "range(len(order))"},
    "The next batch begins batch_size examples later: give range its third argument.",
)
unit.mistake_in(
    "minibatches",
    "the first example skipped",
    {"range(0, len(order), batch_size)": "range(1, len(order), batch_size)"},
    "Counting begins at 0, so the first batch begins at order[0].",
)
unit.mistake_in(
    "minibatches",
    "the last full batch left out",
    {"range(0, len(order), batch_size)": "range(0, len(order) - batch_size, batch_size)"},
    "range leaves its end out already: run to len(order), and the last batch is there too, full or not.",
)
unit.mistake_in(
    "minibatches",
    "one list of X and one of labels",
    {"return batches": "return [x for x, _ in batches], [y for _, y in batches]"},
    "Return one list of pairs, so that `for X, labels in batches` goes through it.",
)
unit.mistake_in(
    "minibatches",
    "a generator of batches",
    {"    batches = []\n": "", "batches.append((X[chosen], labels[chosen]))": "yield X[chosen], labels[chosen]",
     "    return batches\n": ""},
    "A generator can be gone through only once, and has no length: collect the pairs in a list.",
)  # fmt: skip


@unit.alternative("shuffled once, then sliced")
def minibatches(X, labels, order, batch_size):
    X, labels = X[order], labels[order]
    return [(X[i : i + batch_size], labels[i : i + batch_size]) for i in range(0, len(X), batch_size)]


@unit.alternative("example by example, in lists")
def minibatches(X, labels, order, batch_size):
    batches = []
    for position, number in enumerate(order):
        if position % batch_size == 0:
            batches.append(([], []))
        batches[-1][0].append(X[number].tolist())
        batches[-1][1].append(float(labels[number]))
    return batches


@unit.alternative("split at the multiples of the batch size")
def minibatches(X, labels, order, batch_size):
    cuts = range(batch_size, len(order), batch_size)
    return tuple((X[part], labels[part]) for part in np.split(np.asarray(order), cuts))


# --- training_loop --------------------------------------------------------------------------------

unit.mistake_in(
    "training_loop",
    "uphill",
    {"p - learning_rate * g": "p + learning_rate * g"},
    "The gradient points uphill: subtract it.",
)
unit.mistake_in(
    "training_loop",
    "one epoch only",
    {"range(epochs)": "range(min(epochs, 1))"},
    "Go through all batches again in every epoch.",
)
unit.mistake_in(
    "training_loop",
    "the learning rate left out",
    {"learning_rate * g": "g"},
    "Multiply the gradient by the learning rate before you subtract it.",
)
unit.mistake_in(
    "training_loop",
    "the loss after the update",
    {
        "            losses.append(loss)\n": "",
        "for p, g in zip(parameters, gradients, strict=True)]": "for p, g in zip(parameters, gradients, strict=True)]\n"
        "            losses.append(loss_and_gradients(parameters, X, labels)[0])",
    },
    "The loss of a step is the one that came with its gradients, before the update.",
)
unit.mistake_in(
    "training_loop",
    "the gradients of the start used for every step",
    {
        "losses = []": "losses, start = [], parameters",
        "loss, gradients = loss_and_gradients(parameters,": "loss, gradients = loss_and_gradients(start,",
    },
    "After a step the parameters are others, and so are the gradients: compute them with the present ones.",
)
unit.mistake_in(
    "training_loop",
    "updated before all gradients were read",
    {
        "            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]": (
            "            parameters = list(parameters)\n"
            "            for i in range(len(parameters)):\n"
            "                gradient = loss_and_gradients(parameters, X, labels)[1][i]\n"
            "                parameters[i] = parameters[i] - learning_rate * gradient"
        )
    },
    "All gradients belong to the same parameters: compute them all, then update all.",
)
unit.mistake_in(
    "training_loop",
    "only the first parameter updated",
    {"for p, g in zip(parameters, gradients, strict=True)]": "for p, g in zip(parameters[:1], gradients[:1])]"
     " + parameters[1:]"},
    "Every parameter takes a step, the biases too.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "one step for each epoch",
    {"for X, labels in batches:": "for X, labels in batches[:1]:"},
    "An epoch goes through all batches and takes a step after each.",
)
unit.mistake_in(
    "training_loop",
    "one loss for each epoch",
    {
        "            losses.append(loss)\n": "",
        "for p, g in zip(parameters, gradients, strict=True)]": (
            "for p, g in zip(parameters, gradients, strict=True)]\n        losses.append(loss)"
        ),
    },
    "Keep the loss of every step, not only of the last one in each epoch.",
)
unit.mistake_in(
    "training_loop",
    "gradients divided by the batch size once more",
    {"learning_rate * g": "learning_rate * g / len(X)"},
    "loss_and_gradients has taken the mean over the batch already.",
)
unit.mistake_in(
    "training_loop",
    "the loss multiplied into the step",
    {"learning_rate * g": "learning_rate * loss * g"},
    "The step is learning rate times gradient; the loss itself does not enter it.",
)
unit.mistake_in(
    "training_loop",
    "one step for each epoch, by the sum of its gradients",
    {
        "for _ in range(epochs):\n": "for _ in range(epochs):\n        total = [0 * p for p in parameters]\n",
        "            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]": (
            "            total = [t + g for t, g in zip(total, gradients)]\n"
            "        parameters = [p - learning_rate * g for p, g in zip(parameters, total)]"
        ),
    },
    "Each batch is followed by its own step: update within the inner loop.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "return inside the loop over batches",
    {"    return parameters, losses": "            return parameters, losses\n    return parameters, losses"},
    "The return stands inside the inner loop and ends everything after one step.",
)
unit.mistake_in(
    "training_loop",
    "the losses begun anew in each epoch",
    {"for _ in range(epochs):": "for _ in range(epochs):\n        losses = []"},
    "Make the list of losses once, before both loops.",
)
unit.mistake_in(
    "training_loop",
    "every epoch from the start again",
    {"losses = []": "losses, start = [], parameters",
     "for _ in range(epochs):": "for _ in range(epochs):\n        parameters = start"},
    "The second epoch goes on from where the first one ended.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "the last loss alone",
    {"return parameters, losses": "return parameters, loss"},
    "Return the loss of every step: collect them in a list.",
)
unit.mistake_in(
    "training_loop",
    "the trained parameters not kept",
    {"            parameters = [p - learning_rate * g for p": "            trained = [p - learning_rate * g for p",
     "return parameters, losses": "return trained, losses"},
    "The next step begins at the parameters that this one made: assign them to the same name.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "the new values not kept in the list",
    {
        "            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]": (
            "            for p, g in zip(parameters, gradients):\n                p = p - learning_rate * g"
        )
    },
    "p = … gives the name p to a new array and leaves the list as it is: make a new list of the new arrays.",
)
unit.mistake_in(
    "training_loop",
    "the list taken for an array",
    {
        "            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]": (
            "            parameters = parameters - learning_rate * np.array(gradients)"
        )
    },
    "Parameters of different shapes do not fit into one array: update them one by one.",
)
unit.mistake_in(
    "training_loop",
    "the mean loss of each epoch",
    {
        "for _ in range(epochs):\n": "for _ in range(epochs):\n        seen = []\n",
        "losses.append(loss)": "seen.append(loss)",
        "    return parameters, losses": "        losses.append(np.mean(seen))\n    return parameters, losses",
    },
    "Keep the loss of every step; they are not averaged.",
)
unit.mistake_in(
    "training_loop",
    "a list of losses for each epoch",
    {"for _ in range(epochs):\n": "for _ in range(epochs):\n        losses.append([])\n",
     "losses.append(loss)": "losses[-1].append(loss)"},
    "All losses stand in one list, step after step.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "loops exchanged",
    {"for _ in range(epochs):\n        for X, labels in batches:":
     "for X, labels in batches:\n        for _ in range(epochs):"},
    "The outer loop is that over epochs: each goes through all batches.",
)  # fmt: skip
unit.mistake_in(
    "training_loop",
    "one epoch too few",
    {"range(epochs)": "range(1, epochs)"},
    "range(1, epochs) runs epochs - 1 times. range(epochs) runs as often as you need.",
)
unit.mistake_in(
    "training_loop",
    "one epoch too many",
    {"range(epochs)": "range(epochs + 1)"},
    "range(epochs) runs epochs times already.",
)
unit.mistake_in(
    "training_loop",
    "losses before parameters",
    {"return parameters, losses": "return losses, parameters"},
    "Return the trained parameters first, then the losses.",
)
unit.mistake_in(
    "training_loop",
    "parameters without the losses",
    {"return parameters, losses": "return parameters"},
    "Return both: `return parameters, losses`.",
)
unit.mistake_in(
    "training_loop",
    "the given list changed",
    {
        "            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]": (
            "            for i, g in enumerate(gradients):\n"
            "                parameters[i] = parameters[i] - learning_rate * g"
        )
    },
    "parameters[i] = … writes into the caller's list. Make a list of your own, once at the beginning or in each step.",
)


@unit.mistake("the given parameters changed", MODIFIED)
def training_loop(parameters, batches, loss_and_gradients, learning_rate, epochs):
    losses = []
    for _ in range(epochs):
        for X, labels in batches:
            loss, gradients = loss_and_gradients(parameters, X, labels)
            losses.append(loss)
            for p, g in zip(parameters, gradients):
                p -= learning_rate * g
    return parameters, losses


@unit.alternative("copies, changed in place")
def training_loop(parameters, batches, loss_and_gradients, learning_rate, epochs):
    parameters, losses = [p.copy() for p in parameters], []
    for _ in range(epochs):
        for X, labels in batches:
            loss, gradients = loss_and_gradients(parameters, X, labels)
            losses.append(float(loss))
            for p, g in zip(parameters, gradients):
                p -= learning_rate * g
    return parameters, losses


@unit.alternative("one loop over all steps")
def training_loop(parameters, batches, loss_and_gradients, learning_rate, epochs):
    losses = np.zeros(epochs * len(batches))
    for step in range(len(losses)):
        losses[step], gradients = loss_and_gradients(parameters, *batches[step % len(batches)])
        parameters = [p - learning_rate * g for p, g in zip(parameters, gradients)]
    return tuple(parameters), losses


@unit.alternative("with a helper that takes one step")
def training_loop(parameters, batches, loss_and_gradients, learning_rate, epochs):
    def step(values, batch):
        loss, slopes = loss_and_gradients(values, *batch)
        return [np.add(v, -learning_rate * s) for v, s in zip(values, slopes)], loss

    losses = []
    for batch in batches * epochs:
        parameters, loss = step(parameters, batch)
        losses.append(loss)
    return [p.tolist() for p in parameters], losses


# --- accuracy -------------------------------------------------------------------------------------

unit.mistake_in(
    "accuracy",
    "a column compared with a row",
    {
        "predicted = np.ravel(probabilities) >= 0.5\n    right = np.ravel(labels)": (
            "predicted = np.asarray(probabilities) >= 0.5\n    right = np.asarray(labels)"
        )
    },
    "An array (N, 1) compared with one of (N,) is broadcast to (N, N): give both the same shape first.",
)
unit.mistake_in(
    "accuracy",
    "the share of wrong answers",
    {"predicted == right": "predicted != right"},
    "You counted the errors, or took the probability for that of label 0. Accuracy is the share that is right.",
)
unit.mistake_in(
    "accuracy",
    "the number instead of the share",
    {"np.mean(predicted == right)": "np.sum(predicted == right)"},
    "Divide by the number of examples.",
)
unit.mistake_in(
    "accuracy",
    "in percent",
    {"np.mean(predicted == right)": "100 * np.mean(predicted == right)"},
    "The result is a share from 0 to 1, not a percentage.",
)
unit.mistake_in(
    "accuracy",
    "exactly 0.5 counted as 0",
    {">= 0.5": "> 0.5"},
    "A probability of exactly 0.5 counts as label 1: compare with >=; np.round makes 0 of 0.5.",
)
unit.mistake_in(
    "accuracy",
    "probabilities taken for scores",
    {">= 0.5": ">= 0"},
    "Every probability is above 0. The border between the labels lies at 0.5.",
)
unit.mistake_in(
    "accuracy",
    "probabilities compared without a decision",
    {"predicted = np.ravel(probabilities) >= 0.5": "predicted = np.ravel(probabilities)"},
    "A probability of 0.9 is not equal to label 1: decide for a label first, at 0.5.",
)
unit.mistake_in(
    "accuracy",
    "the share of label 1 found",
    {"np.mean(predicted == right)": "np.sum(predicted & right) / np.sum(right)"},
    "That looks at the examples of label 1 only (it is called recall). Count all examples.",
)
unit.mistake_in(
    "accuracy",
    "the share of predictions of 1 that are right",
    {"np.mean(predicted == right)": "np.sum(predicted & right) / np.sum(predicted)"},
    "That looks at the predictions of 1 only (it is called precision). Count all examples.",
)
unit.mistake_in(
    "accuracy",
    "one minus the mean error of the probability",
    {
        "predicted = np.ravel(probabilities) >= 0.5": "predicted = np.ravel(probabilities)",
        "np.mean(predicted == right)": "1 - np.mean(np.abs(predicted - right))",
    },
    "Accuracy counts decisions, not how sure they were: decide at 0.5, then compare.",
)
unit.mistake_in(
    "accuracy",
    "cut to whole numbers",
    {"np.ravel(probabilities) >= 0.5": "np.ravel(probabilities).astype(int)"},
    "astype(int) makes 0 of every probability below 1: compare with 0.5 instead.",
)
unit.mistake_in(
    "accuracy",
    "the comparison of every example",
    {"np.mean(predicted == right)": "predicted == right"},
    "That says for each example whether it is right. The share is the mean of these.",
)
unit.mistake_in(
    "accuracy",
    "only the ones counted",
    {"np.mean(predicted == right)": "np.mean(predicted & right)"},
    "An example of label 0 that gets a 0 is right too: compare with ==.",
)


@unit.alternative("counted in a loop")
def accuracy(probabilities, labels):
    hits = 0
    for p, label in zip(np.reshape(probabilities, -1), np.reshape(labels, -1)):
        hits += (1 if p >= 0.5 else 0) == label
    return hits / len(labels)


@unit.alternative("one minus the share of errors")
def accuracy(probabilities, labels):
    guesses = np.where(np.asarray(probabilities).flatten() < 0.5, 0, 1)
    return 1 - np.abs(guesses - np.asarray(labels).flatten()).mean()


@unit.alternative("with scikit-learn, in float32")
def accuracy(probabilities, labels):
    from sklearn.metrics import accuracy_score

    return np.float32(accuracy_score(np.ravel(labels), (np.ravel(probabilities) >= 0.5).astype(int)))


# --- keras_fit ------------------------------------------------------------------------------------

unit.mistake_in(
    "keras_fit",
    "an epoch too many",
    {"epochs=epochs": "epochs=epochs + 1"},
    "Pass the number of epochs on as it is.",
)
unit.mistake_in(
    "keras_fit",
    "one epoch only",
    {"epochs=epochs, ": ""},
    "fit runs one epoch unless told otherwise: pass the number of epochs on.",
)
unit.mistake_in(
    "keras_fit",
    "scores taken for probabilities",
    {"from_logits=True": "from_logits=False"},
    "The last layer is linear and gives scores: say from_logits=True.",
)
unit.mistake_in(
    "keras_fit",
    "the learning rate of the default",
    {"keras.optimizers.SGD(learning_rate)": "keras.optimizers.SGD()"},
    "SGD() takes 0.01. Pass the learning rate on.",
)
unit.mistake_in(
    "keras_fit",
    "Adam instead of plain gradient descent",
    {"keras.optimizers.SGD(learning_rate)": "keras.optimizers.Adam(learning_rate)"},
    "Adam takes steps of another length and direction: use keras.optimizers.SGD.",
)
unit.mistake_in(
    "keras_fit",
    "with momentum",
    {"keras.optimizers.SGD(learning_rate)": "keras.optimizers.SGD(learning_rate, momentum=0.9)"},
    "Plain gradient descent keeps no velocity: leave momentum at 0.",
)
unit.mistake_in(
    "keras_fit",
    "the sigmoid of the hidden layer forgotten",
    {'Dense(H, activation="sigmoid", dtype="float64")': 'Dense(H, dtype="float64")'},
    "Without an activation two layers are one linear map: the hidden units are sigmoid units.",
)
unit.mistake_in(
    "keras_fit",
    "ReLU instead of sigmoid",
    {'activation="sigmoid"': 'activation="relu"'},
    "The hidden units of this network are sigmoid units.",
)
unit.mistake_in(
    "keras_fit",
    "squared error",
    {"keras.losses.BinaryCrossentropy(from_logits=True)": "keras.losses.MeanSquaredError()"},
    "The loss is the cross-entropy of the scores.",
)
unit.mistake_in(
    "keras_fit",
    "Keras's own start instead of the given parameters",
    {"    model.set_weights(parameters)\n": "    keras.utils.set_random_seed(1)\n    model.build()\n"
     "    model.set_weights([0.3 * np.ones_like(p) for p in parameters])\n"},
    "Two runs can only agree from the same start: give the layers the parameters that were passed.",
)  # fmt: skip
unit.mistake_in(
    "keras_fit",
    "not trained at all",
    {"    model.fit(X, column, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)\n": ""},
    "compile only prepares: call fit, and set the given weights before it, not after.",
)
unit.mistake_in(
    "keras_fit",
    "batches of 32",
    {"batch_size=batch_size, ": ""},
    "fit takes batches of 32 unless told otherwise: pass batch_size on.",
)
unit.mistake_in(
    "keras_fit",
    "computed in float32",
    {'Dense(H, activation="sigmoid", dtype="float64")': 'Dense(H, activation="sigmoid", dtype="float32")',
     'Dense(1, dtype="float64")': 'Dense(1, dtype="float32")'},
    "float32 has 7 digits: say dtype=\"float64\" for every layer.",
)  # fmt: skip
unit.mistake_in(
    "keras_fit",
    "the sum over the batch",
    {"from_logits=True": 'from_logits=True, reduction="sum"'},
    "The loss is the mean over the batch, which is the usual reduction.",
)
unit.mistake_in(
    "keras_fit",
    "tanh instead of sigmoid",
    {'activation="sigmoid"': 'activation="tanh"'},
    "The hidden units of this network are sigmoid units.",
)
unit.mistake_in(
    "keras_fit",
    "the history instead of the weights",
    {"    model.fit(": "    return model.fit("},
    "fit returns a record of the losses. The trained parameters are in the model: return model.get_weights().",
)


@unit.alternative("a subclassed model, weights set layer by layer")
def keras_fit(parameters, X, labels, batch_size, learning_rate, epochs):
    import keras

    class Network(keras.Model):
        def __init__(self, units):
            super().__init__(dtype="float64")
            self.hidden = keras.layers.Dense(units, "sigmoid", dtype="float64")
            self.score = keras.layers.Dense(1, dtype="float64")

        def call(self, inputs):
            return self.score(self.hidden(inputs))

    model = Network(len(parameters[1]))
    model(X[:1])
    model.hidden.set_weights(parameters[:2])
    model.score.set_weights(parameters[2:])
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(X, labels[:, None].astype(float), batch_size, epochs, verbose=0, shuffle=False)
    return [*model.hidden.get_weights(), *model.score.get_weights()]


@unit.alternative("the functional way, with a sigmoid output and probabilities")
def keras_fit(parameters, X, labels, batch_size, learning_rate, epochs):
    import keras

    inputs = keras.Input((X.shape[1],), dtype="float64")
    hidden = keras.layers.Dense(parameters[0].shape[1], "sigmoid", dtype="float64")(inputs)
    outputs = keras.layers.Dense(1, "sigmoid", dtype="float64")(hidden)
    model = keras.Model(inputs, outputs)
    model.set_weights(parameters)
    model.compile(keras.optimizers.SGD(learning_rate), loss="binary_crossentropy")
    model.fit(X, labels.reshape(-1, 1), batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()


@unit.alternative("train_on_batch in a loop")
def keras_fit(parameters, X, labels, batch_size, learning_rate, epochs):
    import keras

    layers = keras.layers
    model = keras.Sequential([layers.Input((X.shape[1],)), layers.Dense(len(parameters[1]), "sigmoid", dtype="float64"),
                              layers.Dense(1, dtype="float64")])  # fmt: skip
    model.set_weights(parameters)
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.BinaryCrossentropy(from_logits=True))
    for _ in range(epochs):
        for i in range(0, len(X), batch_size):
            model.train_on_batch(X[i : i + batch_size], labels[i : i + batch_size, None])
    return [w.tolist() for w in model.get_weights()]
