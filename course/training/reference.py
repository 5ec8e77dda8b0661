"""What training needs around the gradient: batches, the loop, accuracy, standardised data, and Keras's ``fit``.

Sources: L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning",
SIAM Review 60 (2018), for stochastic gradient descent; T. Hastie, R. Tibshirani and J. Friedman,
"The Elements of Statistical Learning", 2nd ed. (2009), section 7.10, for what must not be learnt from test data.
"""

import numpy as np


def standardise(train, test):
    """Both sets, standardised by the training set.

    train: array (N, D); test: array (M, D), measured in the same units; N >
    0. Both are left as they were. The standard deviation is that of the N
    numbers themselves (division by N). A column that is constant in the
    training set is only shifted. Returns (train, test) as new arrays of the
    same shapes, without unit.
    Raises ValueError for other shapes and for an empty training set.
    """
    train, test = np.asarray(train, dtype=float), np.asarray(test, dtype=float)
    if train.ndim != 2 or test.ndim != 2 or train.shape[1] != test.shape[1]:
        raise ValueError(f"standardise: want (N, D) and (M, D), got {train.shape} and {test.shape}")
    if len(train) == 0:
        raise ValueError(f"standardise: the training set must have at least 1 row, got {train.shape}")
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    constant = train.max(axis=0) == train.min(axis=0)  # rounding may give it a deviation that is not quite 0
    scale = np.where(constant, 1.0, deviation)
    return (train - mean) / scale, (test - mean) / scale


def minibatches(X, labels, order, batch_size):
    """The examples in a given order, cut into batches.

    X: array (N, D); labels: array (N,); order: array (N,), a permutation of
    0 … N - 1, the example that comes first is number order[0]; batch_size:
    examples in a batch, > 0. The last batch holds what is left and may be
    smaller. Returns a list of pairs (X of the batch, labels of the batch).
    Raises ValueError where the lengths differ or batch_size is not > 0.
    """
    if batch_size <= 0:
        raise ValueError(f"minibatches: batch_size must be > 0, got {batch_size}")
    if not len(X) == len(labels) == len(order):
        raise ValueError(f"minibatches: lengths must agree, got {len(X)}, {len(labels)} and {len(order)}")
    batches = []
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batches.append((X[chosen], labels[chosen]))
    return batches


def training_loop(parameters, batches, loss_and_gradients, learning_rate, epochs):
    """Stochastic gradient descent: every batch once in each epoch, in order.

    parameters: list of arrays; list and arrays are left as they were.
    batches: list of pairs (X, labels). loss_and_gradients(parameters, X,
    labels): returns the loss, a number, and a list of gradients in the order
    and shapes of the parameters. learning_rate: a number > 0. epochs: >= 0.
    Returns (parameters, losses): the trained arrays in a list, and the loss
    of each step, computed before its update, in a list of
    epochs · len(batches) numbers.
    Raises ValueError if learning_rate is not > 0 or epochs is negative.
    """
    if not learning_rate > 0:
        raise ValueError(f"training_loop: learning_rate must be > 0, got {learning_rate}")
    if epochs < 0:
        raise ValueError(f"training_loop: epochs must be >= 0, got {epochs}")
    losses = []
    for _ in range(epochs):
        for X, labels in batches:
            loss, gradients = loss_and_gradients(parameters, X, labels)
            losses.append(loss)
            parameters = [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]
    return parameters, losses


def accuracy(probabilities, labels):
    """Share of examples whose more probable label is the right one.

    probabilities: array (N,) or (N, 1), the probability of label 1 of each
    example; 0.5 and more counts as label 1. labels: array (N,) or (N, 1) of
    0 and 1. Returns a number from 0 to 1.
    Raises ValueError for an empty set and where the numbers of examples
    differ.
    """
    examples, answers = np.size(probabilities), np.size(labels)
    if examples != answers or answers == 0:
        raise ValueError(f"accuracy: want as many probabilities as labels, at least 1, got {examples} and {answers}")
    predicted = np.ravel(probabilities) >= 0.5
    right = np.ravel(labels)
    return np.mean(predicted == right)


def keras_fit(parameters, X, labels, batch_size, learning_rate, epochs):
    """Train two dense layers with Keras's own ``fit``, as a plain loop would.

    The network: D inputs, H sigmoid units, one linear output, the score of
    label 1; its loss is the mean cross-entropy of the scores. parameters:
    [W1 (D, H), b1 (H,), W2 (H, 1), b2 (1,)]. X: array (N, D); labels: array
    (N,) of 0 and 1. The batches are taken in the order of the rows, each
    step is one of plain gradient descent. Everything is float64.
    Returns the trained parameters as a list of arrays in the same order.
    """
    import keras

    D, H = np.shape(parameters[0])
    model = keras.Sequential(
        [
            keras.Input((D,), dtype="float64"),
            keras.layers.Dense(H, activation="sigmoid", dtype="float64"),
            keras.layers.Dense(1, dtype="float64"),
        ]
    )
    model.set_weights(parameters)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    column = np.reshape(labels, (len(X), 1))
    model.fit(X, column, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()
