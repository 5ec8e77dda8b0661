"""Pictures of unit 11: loss curves that coincide, over-fitting, and a confusion matrix; and Keras training the network.

Keras is used here because training with it is an answer, and this module is missing where answers are graded.
Otherwise an answer could replace what such a function calls, and take the trained parameters out of it.
"""

import numpy as np

from course.drawing import drawing, text
from course.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Compared, Picture, legend, new_figure, picture
from course.training import engines

COMPARED = {
    "standardise": (Compared("the training set", "input"), Compared("the test set", "input")),
    "training_loop": (
        Compared("the losses of three epochs", "loss", curve=True),
        Compared("the parameters after three batches", "parameter"),
    ),
}

COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, GREY)
WIDTHS = (13, 10.5, 8, 5.5, 3.2, 1.2)  # so that curves on one line are all seen
DASHES = ("-", "--", "-.", ":", (0, (6, 1)), (0, (3, 1, 1, 1, 1, 1)))


def loss_curves(curves: dict[str, list[float]]) -> Picture:
    """The losses of each engine step by step, and how far each is from the first one."""
    figure, (above, below) = new_figure(8.0, 4.6, nrows=2, sharex=True)
    first_name, first = next(iter(curves.items()))
    for (name, losses), color, wide, dash in zip(curves.items(), COLORS, WIDTHS, DASHES, strict=False):
        above.plot(losses, color=color, linewidth=wide, label=name)
        if name != first_name:
            apart = np.maximum(np.abs(np.subtract(losses, first)), 1e-18)
            below.semilogy(apart, color=color, linestyle=dash, linewidth=1.4, label=name)
    largest = max(float(np.abs(np.subtract(losses, first)).max()) for losses in curves.values())
    above.set_ylabel("loss")
    below.set(xlabel="step", ylabel=f"difference from\n{first_name}", ylim=(1e-18, 3e-7))
    above.margins(y=0.12)
    legend(above, ncols=3, fontsize=9, handletextpad=1.2)
    legend(below, ncols=5, fontsize=9, loc="upper right")
    return picture(
        figure,
        f"Above: the loss of {len(curves)} engines at every step, all on one line that falls from {first[0]:.2f} to "
        f"{first[-1]:.2f}. Below: the difference of each from {first_name}, at most {largest:.0e}.",
    )


def overfitting(train: list[float], held_out: list[float]) -> Picture:
    """Loss on the training set and on held-out data after each epoch."""
    figure, axes = new_figure(7.0, 3.4)
    epochs = np.arange(1, len(train) + 1)
    best = int(np.argmin(held_out))
    axes.loglog(epochs, train, color=BLUE, linewidth=2, label="training set")
    axes.loglog(epochs, held_out, "--", color=ORANGE, linewidth=2, label="held-out data")
    axes.axvline(epochs[best], color=GREY, linestyle=":", label=f"best epoch: {epochs[best]}")
    axes.set(xlabel="epoch", ylabel="loss")
    lowest, highest = 0.8 * min(*train, *held_out), 1.2 * max(*train, *held_out)
    losses = [loss for loss in (1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01) if lowest <= loss <= highest]
    axes.set_yticks(losses, [f"{loss:g}" for loss in losses])
    axes.set_ylim(lowest, highest)
    axes.minorticks_off()
    legend(axes)
    return picture(
        figure,
        f"Loss after each of {len(train)} epochs on log axes. On the training set it falls all the way to "
        f"{train[-1]:.3f}. On held-out data it is lowest, {held_out[best]:.3f}, after epoch {epochs[best]} and then "
        f"rises to {held_out[-1]:.3f}.",
    )


def confusion(matrix: np.ndarray, names: tuple[str, str] = ("malignant", "benign")) -> Picture:
    """A confusion matrix: rows are the right labels, columns the predicted ones."""
    cell, left, top = 110, 130, 70
    bits = []
    for row in range(2):
        y = top + row * cell
        bits.append(text(names[row], left - 12, y + cell / 2 + 5, size=15, anchor="end"))
        bits.append(text(names[row], left + (row + 0.5) * cell, top - 14, size=15))
        for column in range(2):
            color = GREEN if row == column else RED
            opacity = 0.1 + 0.4 * matrix[row, column] / matrix.sum()
            bits.append(
                f'<rect x="{left + column * cell}" y="{y}" width="{cell}" height="{cell}" fill="{color}" '
                f'fill-opacity="{opacity:.3f}" stroke="currentColor"/>'
            )
            bits.append(text(str(matrix[row, column]), left + (column + 0.5) * cell, y + cell / 2 + 9, size=26))
    bits.append(text("predicted", left + cell, 22, size=15))
    bits.append(text("right label", left - 12, 22, size=15, anchor="end"))
    told = "; ".join(
        f"{matrix[row, column]} {names[row]} predicted as {names[column]}" for row in range(2) for column in range(2)
    )
    side = 2 * cell + 10
    return drawing(left + side, top + side, bits, f"A confusion matrix of {matrix.sum()} examples: {told}.")


def keras_model(parameters):
    """The same network as a Keras model, with these parameters; TensorFlow runs beneath."""
    import keras

    *hidden, (_, b) = engines.layers(parameters)
    model = keras.Sequential([keras.Input((len(parameters[0]),), dtype="float64")])
    for _, b_hidden in hidden:
        model.add(keras.layers.Dense(len(b_hidden), activation="sigmoid", dtype="float64"))
    model.add(keras.layers.Dense(len(b), dtype="float64"))
    model.set_weights(parameters)
    return model


def add_keras(curves, parameters, batches, learning_rate, epochs):
    """Add to the curves of other engines that of Keras: the loss of every step, batch by batch."""
    import keras

    model = keras_model(parameters)
    model.compile(keras.optimizers.SGD(learning_rate), engines.cross_entropy_of_scores)
    losses = curves["keras"] = []
    for _ in range(epochs):
        for X, labels in batches:
            losses.append(float(engines.cross_entropy_of_scores(labels[:, None], model(X))))
            model.train_on_batch(X, labels[:, None])


def fit_with_own_parts(parameters, X, labels, batch_size, learning_rate, epochs):
    """``fit`` with a loss and an optimizer of our own: the loss after training."""
    model = keras_model(parameters)
    model.compile(engines.plain_descent(learning_rate), engines.cross_entropy_of_scores)
    model.fit(X, labels[:, None], batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
    return engines.by_hand(model.get_weights(), X, labels)[0]
