"""One neuron in Keras: initializers, gradients from a tape, and weights for a chosen probability.

A Dense layer with n inputs and m neurons computes activation(x @ kernel + bias), with x of shape
(batch, n), the kernel (n, m), a column for each neuron, and the bias (m,).

Sources: F. Chollet and others, Keras documentation (keras.io/api), "Layer weight initializers" and "Dense
layer"; X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", AISTATS (2010), for the default kernel.
"""

import keras
import numpy as np
import tensorflow as tf


def neuron_kernel(shape, dtype=None):
    """Initial kernel of one neuron with two inputs: weight 2 for the first input, -3 for the second.

    A function initializer: Keras calls it. shape: the kernel's shape, (2, 1); dtype: the layer's, a name
    such as "float32", or None. Returns an array of that shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (2, 1):
        raise ValueError(f"neuron_kernel: shape must be (2, 1), got {tuple(shape)}")
    return np.array([[2.0], [-3.0]], dtype=dtype)


def three_neuron_kernel(shape, dtype=None):
    """Initial kernel of three neurons with two inputs, each neuron with weights of its own.

    The first neuron has the weights 2 and -3, the second 1.9 and -3.1, the third 2.1 and -2.9 (for the
    first and the second input). shape: the kernel's shape, (2, 3); dtype: a name such as "float32", or
    None. Returns an array of that shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (2, 3):
        raise ValueError(f"three_neuron_kernel: shape must be (2, 3), got {tuple(shape)}")
    neurons = [[2.0, -3.0], [1.9, -3.1], [2.1, -2.9]]
    return np.array(neurons, dtype=dtype).T


def three_neuron_bias(shape, dtype=None):
    """Initial bias of the three neurons: -3 for the first, -2.9 for the second, -3.1 for the third.

    shape: the bias's shape, (3,); dtype: a name such as "float32", or None. Returns an array of that
    shape, or a tensor of that shape and dtype.
    Raises ValueError for any other shape.
    """
    if tuple(shape) != (3,):
        raise ValueError(f"three_neuron_bias: shape must be (3,), got {tuple(shape)}")
    return np.array([-3.0, -2.9, -3.1], dtype=dtype)


class GivenValues(keras.initializers.Initializer):
    """An initializer that gives a layer the values that it was made with, for a kernel or a bias."""

    def __init__(self, values):
        """values: a number, nested lists of numbers or an array, integers allowed; what the caller does
        with them afterwards makes no difference."""
        self.values = np.array(values, dtype=float)

    def __call__(self, shape, dtype=None):
        """The values, as an array or tensor of this shape and dtype; at every call the same ones.

        shape: what the layer asks for; dtype: a name such as "float64", None for "float32".
        Raises ValueError if the values do not have exactly that shape.
        """
        if self.values.shape != tuple(shape):
            raise ValueError(f"GivenValues: shape must be {self.values.shape}, got {tuple(shape)}")
        return keras.ops.convert_to_tensor(self.values, dtype=dtype or "float32")

    def get_config(self):
        """What `from_config` needs to make another such initializer, in a dict that JSON can write."""
        return {"values": self.values.tolist()}


def neuron_gradients(layer, x):
    """Output of one neuron for one example, and the gradient of that output by the neuron's weights.

    layer: a built Dense layer of one unit with a bias and *any* activation; it is left as it was.
    x: array (n,), one example of n inputs, integers allowed. Returns (output, gradient): a number, and
    an array (n + 1,), the derivatives of the output by the n weights of the kernel and, last, by the bias.
    Raises ValueError if x does not have the shape (n,) or the layer more than one unit.
    """
    n, units = layer.kernel.shape
    if np.shape(x) != (n,):
        raise ValueError(f"neuron_gradients: x must have shape ({n},), got {np.shape(x)}")
    if units != 1:
        raise ValueError(f"neuron_gradients: the layer must have one unit, got {units}")
    batch = tf.constant([x], dtype=layer.compute_dtype)
    with tf.GradientTape() as tape:
        output = layer(batch)
    by_kernel, by_bias = tape.gradient(output, [layer.kernel, layer.bias])
    return output.numpy()[0, 0], np.concatenate([by_kernel.numpy()[:, 0], by_bias.numpy()])


def set_probability(layer, x, p):
    """Change the weights of a neuron so that its output for x is p, to five digits.

    Which of the weights change is up to you.
    layer: a built Dense layer of one sigmoid unit with a bias. x: array (n,), one example, not all zeros;
    p: a number between 0 and 1, both excluded. Returns nothing: the layer is what changes.
    Raises ValueError if x does not have the shape (n,) or p is not between 0 and 1.
    """
    if np.shape(x) != (layer.kernel.shape[0],):
        raise ValueError(f"set_probability: x must have shape ({layer.kernel.shape[0]},), got {np.shape(x)}")
    if not 0 < p < 1:
        raise ValueError(f"set_probability: p must be between 0 and 1, got {p}")
    wanted = np.log(p / (1 - p))
    score = x @ layer.kernel.numpy() + layer.bias.numpy()
    layer.bias.assign_add(wanted - score)
