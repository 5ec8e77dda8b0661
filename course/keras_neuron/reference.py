"""One neuron in Keras: initializers, gradients from a tape, and weights for a chosen probability.

A Dense layer with d inputs and k neurons computes activation(X @ kernel + bias), with X of shape (n, d), an example in
each row, the kernel (d, k), a column for each neuron, and the bias (k,).

Sources: F. Chollet and others, Keras documentation (keras.io/api), "Layer weight initializers" and "Dense
layer"; X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", AISTATS (2010), for the default kernel.
"""

import keras
import numpy as np
import tensorflow as tf


def neuron_kernel(shape, dtype=None):
    """Initial kernel of unit 2's neuron, with the weights 2 and -3.

    A function initializer: Keras calls it. shape: the kernel's shape,
    (2, 1); dtype: the layer's, a name such as "float32", or None.
    Returns an array of that shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (2, 1):
        raise ValueError(f"neuron_kernel: shape must be (2, 1), got {tuple(shape)}")
    return np.array([[2.0], [-3.0]], dtype=dtype)


def three_neuron_kernel(shape, dtype=None):
    """Initial kernel of three neurons with two inputs.

    The first neuron has the weights 2 and -3, the second 1.9 and -3.1, the
    third 2.1 and -2.9, for the first and the second input.
    shape: the kernel's shape, (2, 3); dtype: a name such as "float32", or
    None. Returns an array of that shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (2, 3):
        raise ValueError(f"three_neuron_kernel: shape must be (2, 3), got {tuple(shape)}")
    neurons = [[2.0, -3.0], [1.9, -3.1], [2.1, -2.9]]
    return np.array(neurons, dtype=dtype).T


def three_neuron_bias(shape, dtype=None):
    """Initial bias of the three neurons: -3, -2.9 and -3.1.

    shape: the bias's shape, (3,); dtype: a name such as "float32", or None.
    Returns an array of that shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (3,):
        raise ValueError(f"three_neuron_bias: shape must be (3,), got {tuple(shape)}")
    return np.array([-3.0, -2.9, -3.1], dtype=dtype)


class GivenValues(keras.initializers.Initializer):
    """An initializer that gives a kernel or bias the values it was made with."""

    def __init__(self, values):
        """values: a number, nested lists of numbers or an array, integers
        allowed. What the caller does with them afterwards makes no
        difference."""
        self.values = np.array(values, dtype=float)

    def __call__(self, shape, dtype=None):
        """The values, the same ones at every call.

        shape: what the layer asks for; dtype: a name such as "float64",
        None for "float32". Returns an array or tensor of both.
        Raises ValueError if the values do not have exactly that shape.
        """
        if self.values.shape != tuple(shape):
            raise ValueError(f"GivenValues: shape must be {self.values.shape}, got {tuple(shape)}")
        return keras.ops.convert_to_tensor(self.values, dtype=dtype or "float32")

    def get_config(self):
        """A dict for JSON, from which `from_config` makes another one."""
        return {"values": self.values.tolist()}


def neuron_gradients(layer, x):
    """Output of one neuron for one example, and that output's gradient.

    layer: a built Dense layer of one unit with a bias and *any* activation;
    it is left as it was. x: array (d,), one example, integers allowed.
    Returns (output, gradient): a number, and an array (d + 1,), the
    derivatives of the output with respect to the d weights of the kernel
    and, last, to the bias.
    Raises ValueError if x does not have the shape (d,) or the layer more
    than one unit.
    """
    d, units = layer.kernel.shape
    if np.shape(x) != (d,):
        raise ValueError(f"neuron_gradients: x must have shape ({d},), got {np.shape(x)}")
    if units != 1:
        raise ValueError(f"neuron_gradients: the layer must have one unit, got {units}")
    batch = tf.constant([x], dtype=layer.compute_dtype)
    with tf.GradientTape() as tape:
        output = layer(batch)
    by_kernel, by_bias = tape.gradient(output, [layer.kernel, layer.bias])
    return output.numpy()[0, 0], np.concatenate([by_kernel.numpy()[:, 0], by_bias.numpy()])


def set_probability(layer, x, p):
    """Change a neuron's weights so that its output for x is p, to five digits.

    Which of the weights change is up to you.
    layer: a built Dense layer of one sigmoid unit with a bias. x: array
    (d,), one example, not all zeros; p: number between 0 and 1, both
    excluded. Returns nothing: the layer is what changes.
    Raises ValueError if x does not have the shape (d,) or p is not between
    0 and 1.
    """
    if np.shape(x) != (layer.kernel.shape[0],):
        raise ValueError(f"set_probability: x must have shape ({layer.kernel.shape[0]},), got {np.shape(x)}")
    if not 0 < p < 1:
        raise ValueError(f"set_probability: p must be between 0 and 1, got {p}")
    wanted = np.log(p / (1 - p))
    score = x @ layer.kernel.numpy() + layer.bias.numpy()
    layer.bias.assign_add(wanted - score)
