"""A network whose loss carries its derivatives with respect to all parameters, and how it is trained."""

import sys
from itertools import pairwise

import numpy as np
from tqdm import tqdm

from course.forward_mode.reference import linear_layer, matmul_derivative
from course.forward_mode.tensor import Log, ReLU, Sigmoid, Softmax, Tensor, no_tracking

__all__ = [
    "DataSet",
    "FeedForward",
    "LinearLayer",
    "Log",
    "LogLoss",
    "Optimizer",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tensor",
    "no_tracking",
    "predict",
    "train",
]


class LinearLayer:
    """x @ W + b, where W (inputs, outputs) and b (outputs,) are tracked.

    W is drawn from a normal distribution (0, 1), b starts at zero.
    """

    def __init__(self, inputs, outputs, rng):
        if min(inputs, outputs) < 1:
            raise ValueError(f"LinearLayer: inputs and outputs must be >= 1, got {inputs} and {outputs}")
        self.W = Tensor(rng.normal(0, 1, size=(inputs, outputs)), requires_grad=True)
        self.b = Tensor(np.zeros(outputs), requires_grad=True)

    def __call__(self, x):
        x, W, b = Tensor.of(x), self.W, self.b
        if not Tensor.tracking:
            return Tensor(x.value @ W.value + b.value)
        y, by_W, by_b = linear_layer(x.value, W.value, b.value)
        still = {w: np.zeros(W.shape + w.shape) for w in x.tracked}  # what moves x leaves W as it is
        through_x = {w: matmul_derivative(x.value, x.by(w), W.value, still[w]) for w in x.tracked}
        own = {w: d for w, d in ((W, by_W), (b, by_b)) if w.requires_grad}
        return Tensor.added_up(y, through_x, own)


class FeedForward:
    """n_hidden layers of hidden_dim ReLU units, then out_dim probabilities.

    One output is the probability of label 1 (a sigmoid); several are those of
    as many classes (a softmax). rng: NumPy's random generator, from which the
    weights are drawn.
    """

    def __init__(self, input_dim, hidden_dim, out_dim, n_hidden, rng):
        if n_hidden < 0:
            raise ValueError(f"FeedForward: n_hidden must be >= 0, got {n_hidden}")
        dims = [input_dim, *[hidden_dim] * n_hidden, out_dim]
        self.layers = [LinearLayer(*pair, rng) for pair in pairwise(dims)]
        self.hidden, self.last = ReLU(), Sigmoid() if out_dim == 1 else Softmax()

    @property
    def parameters(self):
        """W and b of each layer, from the first to the last."""
        return [parameter for layer in self.layers for parameter in (layer.W, layer.b)]

    def set_parameters(self, values):
        """Give the parameters, in their order, the values of these arrays.

        Raises ValueError for other shapes.
        """
        shapes, got = [p.shape for p in self.parameters], [np.shape(value) for value in values]
        if shapes != got:
            raise ValueError(f"set_parameters: the shapes must be {shapes}, got {got}")
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.value = np.array(value, dtype=float)

    def __call__(self, x):
        """Probabilities (N, out_dim) for a batch x (N, input_dim)."""
        for layer in self.layers[:-1]:
            x = self.hidden(layer(x))
        return self.last(self.layers[-1](x))


class LogLoss:
    """The mean over a batch of -ln(the probability of the right label)."""

    def __call__(self, p, labels):
        """p: probabilities, tensor (N, 1) or (N, C); labels: integers."""
        labels, classes = np.asarray(labels), max(p.shape[1], 2)
        if len(labels) == 0 or labels.shape != p.shape[:1]:
            raise ValueError(f"LogLoss: labels must have shape {p.shape[:1]}, not empty, got {labels.shape}")
        if labels.dtype.kind not in "iub" or labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"LogLoss: labels must be whole numbers from 0 to {classes - 1}, got {labels}")
        if p.shape[1] == 1:
            p = p.squeeze(1)
            log_p = labels * Log()(p) + (1 - labels) * Log()(1 - p)
        else:
            log_p = Log()(p[np.arange(len(labels)), labels])
        return -1 / len(labels) * log_p.sum()


class Optimizer:
    """Gradient descent with one learning rate for all parameters."""

    def __init__(self, parameters, learning_rate):
        if not learning_rate > 0:
            raise ValueError(f"Optimizer: learning_rate must be > 0, got {learning_rate}")
        self.parameters, self.learning_rate = list(parameters), learning_rate

    def step(self, loss):
        """loss: a tensor of one number, which carries its derivatives."""
        for parameter in self.parameters:
            parameter.value = parameter.value - self.learning_rate * loss.by(parameter)


class DataSet:
    """Examples X (N, inputs) with labels (N,), handed out in mini-batches.

    The order is a new one each time.
    """

    def __init__(self, X, labels, batch_size, rng):
        if len(X) == 0 or len(X) != len(labels):
            raise ValueError(f"DataSet: X and labels must have one length > 0, got {len(X)} and {len(labels)}")
        if batch_size < 1:
            raise ValueError(f"DataSet: batch_size must be >= 1, got {batch_size}")
        self.X, self.labels, self.batch_size, self.rng = X, labels, batch_size, rng

    def __len__(self):
        """The number of batches; the last one may be smaller."""
        return -(-len(self.X) // self.batch_size)

    def __iter__(self):
        order = self.rng.permutation(len(self.X))
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            yield self.X[batch], self.labels[batch]


def train(network, data, optimizer, epochs, loss=None):
    """Go through the data so many times, with a step for each batch.

    Returns the mean loss of each epoch.
    """
    loss = loss or LogLoss()
    history = []
    with tqdm(range(epochs), desc="training", unit="epoch", file=sys.stdout) as bar:
        for _ in bar:
            losses = []
            for X, labels in data:
                result = loss(network(X), labels)
                optimizer.step(result)
                losses.append(float(result.value))
            history.append(float(np.mean(losses)))
            bar.set_postfix(loss=f"{history[-1]:.4f}")
    return history


def predict(network, X):
    """The label of each example: the likelier one of two, or of several.

    A single probability of 0.5 counts as label 1.
    """
    with no_tracking():
        p = network(X).value
    return (p[:, 0] >= 0.5).astype(int) if p.shape[1] == 1 else p.argmax(axis=1)
