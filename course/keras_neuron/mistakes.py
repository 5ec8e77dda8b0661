"""Unit 8: what learners get wrong, named and with a hint, and other ways to be right."""

import keras
import numpy as np
import tensorflow as tf

from course.keras_neuron.check import unit

# Slips that are possible in more than one task.
NO_RETURN = "Return the values. Keras uses what the initializer returns, not what it prints or keeps."
NO_DTYPE = "Keras calls an initializer with a shape and `dtype=…`, so it must accept both."
WHOLE_TENSOR = "A TensorFlow tensor of whole numbers is no float32, and Keras refuses it: give it the dtype."
ALWAYS_SINGLE = "A float64 layer refuses a float32 tensor. Use the dtype that the layer passes."
NUDGED = (
    "A float32 has seven digits, and a difference of two outputs keeps two or three of them. Ask the tape: it gives "
    "all derivatives to full precision after one call."
)
NOT_CALLED = "That is another initializer, not values. Return what it gives when it is called with shape and dtype."
BIAS_SHAPE = "Three neurons have three biases in one row without columns: shape (3,)."

# --- neuron_kernel --------------------------------------------------------------------------------

KERNEL = "[[2.0], [-3.0]]"

unit.mistake_in(
    "neuron_kernel",
    "a row instead of a column",
    {KERNEL: "[[2.0, -3.0]]"},
    "The shape is (inputs, neurons): two rows and one column. Yours is one row of two.",
)
unit.mistake_in(
    "neuron_kernel",
    "a flat pair",
    {KERNEL: "[2.0, -3.0]"},
    "The kernel is a table of shape (2, 1), not a list of two numbers: put each of them in brackets of its own.",
)
unit.mistake_in(
    "neuron_kernel",
    "one pair of brackets too many",
    {KERNEL: "[[[2.0], [-3.0]]]"},
    "That has three axes, (1, 2, 1). The kernel has two: (2, 1).",
)
unit.mistake_in(
    "neuron_kernel",
    "weights in the wrong order",
    {KERNEL: "[[-3.0], [2.0]]"},
    "The first row belongs to the first input, and its weight is 2.",
)
unit.mistake_in(
    "neuron_kernel",
    "minus sign lost",
    {KERNEL: "[[2.0], [3.0]]"},
    "The second weight is negative: -3.",
)
unit.mistake_in(
    "neuron_kernel",
    "signs turned round",
    {KERNEL: "[[-2.0], [3.0]]"},
    "The first weight is positive, the second negative.",
)
unit.mistake_in(
    "neuron_kernel",
    "both weights negative",
    {KERNEL: "[[-2.0], [-3.0]]"},
    "The first weight is positive: 2.",
)
unit.mistake_in(
    "neuron_kernel",
    "float32 whatever is asked for",
    {f"np.array({KERNEL}, dtype=dtype)": f"tf.constant({KERNEL})"},
    ALWAYS_SINGLE,
)
unit.mistake_in(
    "neuron_kernel",
    "the bias in the kernel",
    {KERNEL: "[[2.0], [-3.0], [-3.0]]"},
    "The kernel has a row for each input and nothing else. The bias has an initializer of its own.",
)
unit.mistake_in(
    "neuron_kernel",
    "the input instead of the weights",
    {KERNEL: "[[-1.0], [-2.0]]"},
    "That is the example x. The kernel holds what x is multiplied by: 2 and -3.",
)
unit.mistake_in(
    "neuron_kernel",
    "the same weight everywhere",
    {f"np.array({KERNEL}, dtype=dtype)": "np.full(shape, 2.0, dtype=dtype)"},
    "np.full writes one number into every place. The two inputs have different weights.",
)
unit.mistake_in(
    "neuron_kernel",
    "only the first weight filled in",
    {f"return np.array({KERNEL}, dtype=dtype)": "kernel = np.zeros(shape)\n    kernel[0] = 2\n    return kernel"},
    "The second row is still 0; it should be -3.",
)
unit.mistake_in(
    "neuron_kernel",
    "two columns",
    {KERNEL: "[[2.0, 2.0], [-3.0, -3.0]]"},
    "One neuron has one column of weights.",
)
unit.mistake_in(
    "neuron_kernel",
    "a tensor of whole numbers",
    {f"np.array({KERNEL}, dtype=dtype)": "tf.constant([[2], [-3]])"},
    WHOLE_TENSOR,
)
unit.mistake_in(
    "neuron_kernel", "no dtype accepted", {"shape, dtype=None": "shape", "dtype=dtype": '"float32"'}, NO_DTYPE
)
unit.mistake_in(
    "neuron_kernel", "nothing returned", {"return np": "print(np", "dtype=dtype)": "dtype=dtype))"}, NO_RETURN
)
unit.mistake_in(
    "neuron_kernel",
    "an initializer instead of values",
    {f"np.array({KERNEL}, dtype=dtype)": "keras.initializers.Constant(2.0)"},
    NOT_CALLED,
)


@unit.alternative("a TensorFlow constant")
def neuron_kernel(shape, dtype=None):
    return tf.constant([[2], [-3]], dtype=dtype)


@unit.alternative("whole numbers in NumPy, any further options")
def neuron_kernel(shape, dtype=None, **options):
    print(shape, dtype)
    return np.array([[2], [-3]])


@unit.alternative("nested lists")
def neuron_kernel(shape, dtype=None):
    return [[2.0], [-3.0]]


@unit.alternative("a TensorFlow variable, reshaped to what is asked for")
def neuron_kernel(shape, dtype=None):
    return tf.Variable(tf.reshape(tf.constant([2, -3], dtype=dtype), shape))


@unit.alternative("filled entry by entry in Keras's operations")
def neuron_kernel(shape, dtype=None):
    column = keras.ops.ones(shape, dtype=dtype or "float32")
    return keras.ops.stack([2 * column[0], -3 * column[1]])


@unit.alternative("in float64")
def neuron_kernel(shape, dtype=None):
    kernel = np.zeros(shape)
    kernel[:, 0] = 2, -3
    return kernel


# --- three_neurons --------------------------------------------------------------------------------

NEURONS = "[[2.0, -3.0], [1.9, -3.1], [2.1, -2.9]]"
TRANSPOSED = "np.array(neurons, dtype=dtype).T"

unit.mistake_in(
    "three_neuron_kernel",
    "a row for each neuron",
    {TRANSPOSED: "np.array(neurons, dtype=dtype)"},
    "The shape is (inputs, neurons): a row for each input, a *column* for each neuron. Transpose it.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "reshaped instead of transposed",
    {TRANSPOSED: "np.reshape(neurons, shape)"},
    "Reshaping keeps the order of reading and mixes the neurons. Transpose, so that rows become columns.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "neurons in the wrong order",
    {TRANSPOSED: "np.array(neurons, dtype=dtype).T[:, ::-1]"},
    "The first column belongs to the first neuron, with the weights 2 and -3.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "inputs in the wrong order",
    {TRANSPOSED: "np.array(neurons, dtype=dtype).T[::-1]"},
    "The first row holds the weights of the first input: 2, 1.9 and 2.1.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "minus signs lost",
    {TRANSPOSED: "np.abs(np.array(neurons, dtype=dtype).T)"},
    "The weights of the second input are negative.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "cut to whole numbers",
    {TRANSPOSED: "np.array(neurons, dtype=int).T"},
    "An array of whole numbers cannot hold 1.9: let the dtype be a float.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "three times the same neuron",
    {NEURONS: "[[2.0, -3.0]] * 3"},
    "Each neuron has weights of its own; yours are all like the first.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "one column for all neurons",
    {NEURONS: "[[2.0, -3.0]]"},
    "That is the kernel of one neuron. Three neurons need three columns.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "the biases in the kernel",
    {NEURONS: "[[2.0, -3.0, -3.0], [1.9, -3.1, -2.9], [2.1, -2.9, -3.1]]"},
    "The kernel has a row for each input and nothing else. The biases have an initializer of their own.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "a flat list of six",
    {TRANSPOSED: "np.array(neurons, dtype=dtype).T.ravel()"},
    "The kernel is a table of shape (2, 3), not six numbers in a row.",
)
unit.mistake_in(
    "three_neuron_kernel",
    "no dtype accepted in the kernel",
    {"shape, dtype=None": "shape", "dtype=dtype": "dtype=float"},
    NO_DTYPE,
)
unit.mistake_in(
    "three_neuron_kernel", "no kernel returned", {f"return {TRANSPOSED}": f"print({TRANSPOSED})"}, NO_RETURN
)
unit.mistake_in(
    "three_neuron_kernel",
    "a float32 kernel whatever is asked for",
    {TRANSPOSED: "tf.transpose(tf.constant(neurons))"},
    ALWAYS_SINGLE,
)
unit.mistake_in(
    "three_neuron_bias",
    "a float32 bias whatever is asked for",
    {"np.array([-3.0, -2.9, -3.1], dtype=dtype)": "tf.constant([-3.0, -2.9, -3.1])"},
    ALWAYS_SINGLE,
)
unit.mistake_in(
    "three_neuron_kernel",
    "second and third neuron exchanged",
    {NEURONS: "[[2.0, -3.0], [2.1, -2.9], [1.9, -3.1]]"},
    "The second column belongs to the neuron with the weights 1.9 and -3.1.",
)
unit.mistake_in(
    "three_neuron_bias", "no bias returned", {"return np": "print(np", "dtype=dtype)": "dtype=dtype))"}, NO_RETURN
)
unit.mistake_in(
    "three_neuron_bias", "biases in a row of a table", {"[-3.0, -2.9, -3.1]": "[[-3.0, -2.9, -3.1]]"}, BIAS_SHAPE
)
unit.mistake_in(
    "three_neuron_bias", "biases in a column", {"[-3.0, -2.9, -3.1]": "[[-3.0], [-2.9], [-3.1]]"}, BIAS_SHAPE
)
unit.mistake_in(
    "three_neuron_bias",
    "the same bias for all",
    {"[-3.0, -2.9, -3.1]": "[-3.0, -3.0, -3.0]"},
    "Each neuron has a bias of its own: -3, -2.9 and -3.1.",
)
unit.mistake_in(
    "three_neuron_bias",
    "one number as the bias",
    {"[-3.0, -2.9, -3.1]": "-3.0"},
    "One number is not of shape (3,), and each neuron has a bias of its own.",
)
unit.mistake_in(
    "three_neuron_bias",
    "biases without their sign",
    {"[-3.0, -2.9, -3.1]": "[3.0, 2.9, 3.1]"},
    "All three biases are negative.",
)
unit.mistake_in(
    "three_neuron_bias",
    "biases in the wrong order",
    {"[-3.0, -2.9, -3.1]": "[-3.0, -3.1, -2.9]"},
    "The second neuron has the bias -2.9, the third -3.1.",
)
unit.mistake_in(
    "three_neuron_bias",
    "biases cut to whole numbers",
    {"dtype=dtype": "dtype=int"},
    "An array of whole numbers cannot hold -2.9: let the dtype be a float.",
)
unit.mistake_in(
    "three_neuron_bias",
    "no dtype accepted in the bias",
    {"shape, dtype=None": "shape", "dtype=dtype": "dtype=float"},
    NO_DTYPE,
)


@unit.alternative("written out in rows, as a tensor")
def three_neuron_kernel(shape, dtype=None):
    return tf.constant([[2.0, 1.9, 2.1], [-3.0, -3.1, -2.9]], dtype=dtype)


@unit.alternative("columns put side by side, in float64")
def three_neuron_kernel(shape, dtype=None):
    return np.stack([(2, -3), (1.9, -3.1), (2.1, -2.9)], axis=1)


@unit.alternative("steps from the first neuron, as nested lists")
def three_neuron_kernel(shape, dtype=None):
    steps = (0.0, -0.1, 0.1)
    return [[2 + step for step in steps], [-3 + step for step in steps]]


@unit.alternative("filled column by column")
def three_neuron_kernel(shape, dtype=None):
    kernel = np.empty(shape, dtype=dtype)
    for j, weights in enumerate([(2, -3), (1.9, -3.1), (2.1, -2.9)]):
        kernel[:, j] = weights
    return kernel


@unit.alternative("biases as a variable")
def three_neuron_bias(shape, dtype=None):
    return tf.Variable([-3.0, -2.9, -3.1], dtype=dtype)


@unit.alternative("biases as a list, any further options")
def three_neuron_bias(shape, dtype=None, **options):
    return [-3, -2.9, -3.1]


# --- initializer_class ----------------------------------------------------------------------------

ASK = "if self.values.shape != tuple(shape):"
GIVE = 'keras.ops.convert_to_tensor(self.values, dtype=dtype or "float32")'
CONFIG = '{"values": self.values.tolist()}'
CHECKED = (
    "Compare the shape that the layer asks for with that of the values; raise ValueError if they differ (not print)."
)

unit.mistake_in("GivenValues", "any shape accepted", {ASK: "if False:"}, CHECKED)
unit.mistake_in(
    "GivenValues",
    "values reshaped to whatever is asked for",
    {ASK: "if False:", "tensor(self.values,": "tensor(self.values.reshape(shape),"},
    "Reshaping a (2, 3) table to (3, 2) mixes its entries without a word. " + CHECKED,
)
unit.mistake_in(
    "GivenValues",
    "values repeated to fill the shape",
    {ASK: "if False:", "tensor(self.values,": "tensor(np.resize(self.values, shape),"},
    "np.resize repeats or cuts the values without a word. " + CHECKED,
)
unit.mistake_in(
    "GivenValues",
    "only the number of values compared",
    {ASK: "if self.values.size != np.prod(shape):"},
    "A (2, 3) table has as many entries as a (3, 2) one. Compare the shapes themselves.",
)
unit.mistake_in(
    "GivenValues",
    "only the number of axes compared",
    {ASK: "if self.values.ndim != len(shape):"},
    "(2, 3) and (3, 2) both have two axes. Compare the shapes themselves.",
)
unit.mistake_in(
    "GivenValues",
    "shape asserted",
    {ASK: "assert self.values.shape == tuple(shape)\n        if False:"},
    "An assertion raises AssertionError, and python -O leaves it out. Raise ValueError.",
)
unit.mistake_in(
    "GivenValues",
    "values transposed",
    {ASK: "if self.values.shape != tuple(shape)[::-1]:", "tensor(self.values,": "tensor(self.values.T,"},
    "The values have the layer's own layout already: give them as they are.",
)
unit.mistake_in(
    "GivenValues",
    "the config is empty",
    {CONFIG: "{}"},
    "from_config calls the class with what get_config returned, so the values must be in it. Keras's own returns {}.",
)
unit.mistake_in(
    "GivenValues",
    "another name in the config",
    {CONFIG: '{"kernel": self.values.tolist()}'},
    "from_config passes the dict to __init__ as keyword arguments: its keys are the parameters' names, and no others.",
)
unit.mistake_in(
    "GivenValues",
    "a NumPy array in the config",
    {CONFIG: '{"values": self.values}'},
    "JSON knows no arrays. The array's tolist() makes nested lists of it.",
)
unit.mistake_in(
    "GivenValues",
    "a flat list in the config",
    {CONFIG: '{"values": self.values.ravel().tolist()}'},
    "Without the nesting the shape is lost. tolist() alone keeps it.",
)
unit.mistake_in(
    "GivenValues",
    "the config as text",
    {CONFIG: '{"values": str(self.values.tolist())}'},
    "Text does not turn back into numbers by itself; JSON can write nested lists as they are.",
)
unit.mistake_in(
    "GivenValues",
    "the values without a dict",
    {CONFIG: "self.values.tolist()"},
    "get_config returns a dict, from each parameter's name to its value.",
)
unit.mistake_in(
    "GivenValues",
    "float32 whatever is asked for",
    {'dtype or "float32"': '"float32"'},
    ALWAYS_SINGLE,
)
unit.mistake_in(
    "GivenValues",
    "the dtype left to TensorFlow",
    {"np.array(values, dtype=float)": "np.array(values)", GIVE: "tf.constant(self.values)"},
    "tf.constant makes float64 or whole numbers of an array, and a float32 layer refuses both: pass it the dtype.",
)
unit.mistake_in(
    "GivenValues",
    "float64 where no dtype is asked for",
    {'dtype or "float32"': "dtype"},
    "No dtype means float32, Keras's default.",
)
unit.mistake_in(
    "GivenValues",
    "no dtype but NumPy's own",
    {GIVE: "self.values"},
    "The array is float64 whatever the layer asks for. Make a tensor, or an array by astype, of the dtype asked for.",
)
unit.mistake_in(
    "GivenValues",
    "kept in float32",
    {"np.array(values, dtype=float)": 'np.array(values, dtype="float32")'},
    "A float32 has about seven digits, and a float64 layer wants sixteen. Keep the values in float64.",
)
unit.mistake_in(
    "GivenValues",
    "the values kept in the dtype of the last call",
    {f"return {GIVE}": f'self.values = self.values.astype(dtype or "float32")\n        return {GIVE}'},
    "A layer of float32 takes digits away that the next one may ask for. Convert what you return, not what you keep.",
)
unit.mistake_in(
    "GivenValues",
    "the caller's own array kept",
    {"np.array(values, dtype=float)": "np.asarray(values, dtype=float)"},
    "np.asarray copies nothing: when the caller changes the array, the initializer changes with it. Use np.array.",
)
unit.mistake_in(
    "GivenValues",
    "the values kept as they come",
    {"np.array(values, dtype=float)": "values"},
    "Lists have no shape and no tolist: make an array of them, np.array(values, dtype=float).",
)
unit.mistake_in(
    "GivenValues",
    "the values not kept",
    {"self.values = np": "values = np"},
    "A name without self. is forgotten at the end of __init__. Keep the values as self.values.",
)
unit.mistake_in(
    "GivenValues",
    "one array for all initializers",
    {"self.values = np": "GivenValues.values = np"},
    "What is kept in the class is shared: a second initializer overwrites the values of the first. Write self.values.",
)
unit.mistake_in(
    "GivenValues",
    "values stretched to the shape that is asked for",
    {ASK: "if False:", "tensor(self.values,": "tensor(np.broadcast_to(self.values, shape),"},
    "Broadcasting repeats the values wherever they fit somehow. " + CHECKED,
)
unit.mistake_in(
    "GivenValues",
    "values transposed where that fits",
    {ASK: "if self.values.T.shape == tuple(shape):\n            self.values = self.values.T\n        " + ASK},
    "A (3, 2) table is not the (2, 3) one that is asked for, and turning it round hides the slip. " + CHECKED,
)
unit.mistake_in(
    "GivenValues",
    "the error returned instead of raised",
    {"raise ValueError": "return ValueError"},
    "A returned exception is a value like any other, and nobody notices. Raise it.",
)
unit.mistake_in(
    "GivenValues",
    "the config as JSON",
    {CONFIG: '__import__("json").dumps({"values": self.values.tolist()})'},
    "Keras writes the JSON itself: get_config returns a dict.",
)
unit.mistake_in(
    "GivenValues",
    "cut to whole numbers",
    {"dtype=float)": "dtype=int)"},
    "An array of whole numbers cannot hold 1.9: let the dtype be a float.",
)
unit.mistake_in(
    "GivenValues", "no dtype accepted", {"shape, dtype=None": "shape", 'dtype or "float32"': '"float32"'}, NO_DTYPE
)
unit.mistake_in("GivenValues", "nothing returned", {f"return {GIVE}": f"print({GIVE})"}, NO_RETURN)
unit.mistake_in(
    "GivenValues",
    "an initializer instead of values",
    {GIVE: "keras.initializers.Constant(self.values)"},
    NOT_CALLED,
)
unit.mistake_in(
    "GivenValues",
    "different values at the second call",
    {f"return {GIVE}": f"given = {GIVE}\n        self.values += 1\n        return given"},
    "An initializer may be called more than once: leave the values that it keeps as they are.",
)


@unit.alternative("keeps the lists, gives NumPy")
class GivenValues(keras.initializers.Initializer):
    def __init__(self, values):
        self.values = np.array(values).tolist()

    def __call__(self, shape, dtype=None, **options):
        if np.shape(self.values) != tuple(shape):
            raise ValueError("wrong shape")
        return np.array(self.values, dtype=dtype or np.float32)

    def get_config(self):
        return {"values": self.values}


@unit.alternative("a TensorFlow constant, and a from_config of its own")
class GivenValues(keras.initializers.Initializer):
    def __init__(self, values):
        self.table = np.array(values, dtype="float64")

    def __call__(self, shape, dtype=None):
        if list(shape) != list(self.table.shape):
            raise ValueError(shape)
        return tf.constant(self.table, dtype=dtype or tf.float32)

    def get_config(self):
        return {"size": list(self.table.shape), "entries": self.table.ravel().tolist()}

    @classmethod
    def from_config(cls, config):
        return cls(np.reshape(config["entries"], config["size"]))


@unit.alternative("a TensorFlow variable")
class GivenValues(keras.Initializer):
    def __init__(self, values):
        self.values = tf.Variable(values, dtype="float64")

    def __call__(self, shape, dtype=None):
        if not self.values.shape == tf.TensorShape(shape):
            raise ValueError(f"got {shape}")
        return tf.cast(tf.Variable(self.values), dtype or "float32")

    def get_config(self):
        return {"values": self.values.numpy().tolist()}


@unit.alternative("without Keras's base class")
class GivenValues:
    def __init__(self, values):
        self.values = np.copy(values)

    def __call__(self, shape, dtype=None):
        result = np.array(self.values, dtype=dtype or "float32")
        if result.shape != tuple(shape):
            raise ValueError("GivenValues: another shape")
        return result

    def get_config(self):
        return {"values": np.array(self.values).tolist()}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# --- neuron_gradients -----------------------------------------------------------------------------

RETURN = "return output.numpy()[0, 0], np.concatenate([by_kernel.numpy()[:, 0], by_bias.numpy()])"
GRADIENT = "np.concatenate([by_kernel.numpy()[:, 0], by_bias.numpy()])"
FORWARD = "output = layer(batch)"

unit.mistake_in(
    "neuron_gradients",
    "the gradient of the loss",
    {FORWARD: "output = layer(batch)\n        loss = -tf.math.log(output)", "gradient(output,": "gradient(loss,"},
    "The output itself is to be differentiated here, not -ln of it.",
)
unit.mistake_in(
    "neuron_gradients",
    "the gradient of the score",
    {FORWARD: "output = layer(batch)\n        score = batch @ layer.kernel + layer.bias",
     "gradient(output,": "gradient(score,"},
    "The derivative of the score with respect to the weights is (x, 1). The activation follows: differentiate it too.",
)  # fmt: skip
unit.mistake_in(
    "neuron_gradients",
    "the sigmoid's slope for any activation",
    {RETURN: "p = output.numpy()[0, 0]\n    return p, p * (1 - p) * np.append(x, 1.0)"},
    "P(1 - P) is the slope of the sigmoid only. The tape knows the layer's own activation.",
)
unit.mistake_in(
    "neuron_gradients",
    "score returned as output",
    {"output.numpy()[0, 0]": "(batch @ layer.kernel + layer.bias).numpy()[0, 0]"},
    "The neuron's output is what its activation makes of the score: what layer(…) returns.",
)
unit.mistake_in(
    "neuron_gradients",
    "the gradient with respect to the input",
    {"with tf.GradientTape() as tape:": "with tf.GradientTape() as tape:\n        tape.watch(batch)",
     "by_kernel, by_bias = tape.gradient(output, [layer.kernel, layer.bias])": "by_x = tape.gradient(output, batch)",
     GRADIENT: "by_x.numpy()[0]"},
    "That is the gradient with respect to x. Ask the tape for the layer's kernel and bias.",
)  # fmt: skip
unit.mistake_in(
    "neuron_gradients",
    "the gradient with respect to the input and the bias",
    {"with tf.GradientTape() as tape:": "with tf.GradientTape() as tape:\n        tape.watch(batch)",
     "[layer.kernel, layer.bias])": "[batch, layer.bias])", "by_kernel.numpy()[:, 0]": "by_kernel.numpy()[0]"},
    "That is the gradient with respect to x. Ask the tape for the layer's kernel and bias.",
)  # fmt: skip
unit.mistake_in(
    "neuron_gradients",
    "the loss and its gradient",
    {FORWARD: "output = -tf.math.log(layer(batch))"},
    "The output itself is to be returned and differentiated here, not -ln of it.",
)
unit.mistake_in(
    "neuron_gradients",
    "the gradient of a squared error",
    {FORWARD: "output = layer(batch)\n        loss = (output - 1) ** 2", "gradient(output,": "gradient(loss,"},
    "The output itself is to be differentiated here, not its distance from 1.",
)
unit.mistake_in(
    "neuron_gradients",
    "gradients multiplied by the weights",
    {"[by_kernel.numpy()[:, 0], by_bias.numpy()]":
     "[(by_kernel * layer.kernel).numpy()[:, 0], (by_bias * layer.bias).numpy()]"},
    "The gradient is what the tape returns; do not multiply by the weights.",
)  # fmt: skip
unit.mistake_in(
    "neuron_gradients",
    "the kernel's gradient summed",
    {"by_kernel.numpy()[:, 0]": "[by_kernel.numpy().sum()]"},
    "Each weight has a derivative of its own: d of them, and one for the bias.",
)
unit.mistake_in(
    "neuron_gradients",
    "the lesson's example instead of x",
    {"[x]": "[[-1, -2]]"},
    "The function gets an example of its own each time: use x.",
)
unit.mistake_in(
    "neuron_gradients",
    "a sigmoid given to the layer",
    {FORWARD: "layer.activation = keras.activations.sigmoid\n        output = layer(batch)"},
    "The layer has an activation of its own, which need not be the sigmoid. Leave it as it is; layer(…) applies it.",
)
unit.mistake_in(
    "neuron_gradients",
    "output and gradient rounded",
    {RETURN: f"return round(float(output[0, 0]), 3), {GRADIENT}.round(3)"},
    "Return the numbers as they are; round only what you print.",
)
unit.mistake_in(
    "neuron_gradients",
    "three results",
    {GRADIENT: "by_kernel.numpy()[:, 0], by_bias.numpy()"},
    "Return a pair: (output, gradient). Join the two parts of the gradient to one array of shape (d + 1,).",
)


@unit.mistake("numerical differences instead of a tape", NUDGED)
def neuron_gradients(layer, x):
    kernel, bias = layer.get_weights()
    start = np.append(kernel.ravel(), bias)

    def f(v):
        layer.set_weights([v[:-1, None], v[-1:]])
        return float(layer(np.array([x], dtype=float))[0, 0])

    gradient = np.array([(f(start + step) - f(start - step)) / 2e-5 for step in 1e-5 * np.eye(start.size)])
    layer.set_weights([kernel, bias])
    return float(layer(np.array([x], dtype=float))[0, 0]), gradient


unit.mistake_in(
    "neuron_gradients",
    "bias first",
    {"[by_kernel.numpy()[:, 0], by_bias.numpy()]": "[by_bias.numpy(), by_kernel.numpy()[:, 0]]"},
    "The derivatives with respect to the weights come first, the one for the bias last.",
)
unit.mistake_in(
    "neuron_gradients",
    "bias left out",
    {GRADIENT: "by_kernel.numpy()[:, 0]"},
    "The bias is a weight as well: its derivative is the last entry.",
)
unit.mistake_in(
    "neuron_gradients",
    "1 for the bias",
    {"by_bias.numpy()]": "[1.0]]"},
    "The derivative of the *score* with respect to the bias is 1; the output's has the activation's slope as a factor.",
)
unit.mistake_in(
    "neuron_gradients",
    "kernel and bias apart",
    {GRADIENT: "[by_kernel.numpy(), by_bias.numpy()]"},
    "The tape returns two arrays, (d, 1) and (1,). Join them to one of shape (d + 1,).",
)
unit.mistake_in(
    "neuron_gradients",
    "a column",
    {GRADIENT: "np.concatenate([by_kernel.numpy(), by_bias.numpy()[:, None]])"},
    "Your gradient has the shape (d + 1, 1). Take the one column out of it: (d + 1,).",
)
unit.mistake_in(
    "neuron_gradients",
    "output still a batch",
    {"output.numpy()[0, 0]": "output.numpy()"},
    "The output has the shape (1, 1), a batch of one example. Take the number out of it.",
)
unit.mistake_in(
    "neuron_gradients",
    "the example without a batch",
    {"[x]": "x"},
    "A layer expects a batch, of shape (1, d) for one example, neither (d,) nor (d, 1): write [x] or x[None, :].",
)
unit.mistake_in(
    "neuron_gradients",
    "hidden from the tape",
    {FORWARD: "pass\n    output = layer(batch)"},
    "The tape found no way back and returned None. Call the layer inside its `with` block, and turn tensors into "
    "NumPy only after tape.gradient.",
)
unit.mistake_in(
    "neuron_gradients",
    "sign turned round",
    {"[by_kernel.numpy()[:, 0], by_bias.numpy()]": "[-by_kernel.numpy()[:, 0], -by_bias.numpy()]"},
    "Downhill is what training asks for. The gradient of the output points uphill: no minus.",
)
unit.mistake_in(
    "neuron_gradients",
    "a training step taken",
    {"    return ": "    layer.kernel.assign_sub(by_kernel)\n    layer.bias.assign_sub(by_bias)\n    return "},
    "Compute the gradient, but leave the layer's weights as they were.",
)
unit.mistake_in(
    "neuron_gradients", "output only", {RETURN: "return output.numpy()[0, 0]"}, "Return a pair: (output, gradient)."
)
unit.mistake_in(
    "neuron_gradients",
    "gradient only",
    {"return output.numpy()[0, 0], ": "return "},
    "Return a pair: (output, gradient).",
)
unit.mistake_in(
    "neuron_gradients",
    "gradient before output",
    {RETURN: f"return {GRADIENT}, output.numpy()[0, 0]"},
    "The output comes first, then the gradient.",
)
unit.mistake_in(
    "neuron_gradients",
    "whole numbers in the gradient",
    {GRADIENT: f"{GRADIENT}.astype(np.asarray(x).dtype)"},
    "The gradient took the dtype of x. Slopes are seldom whole numbers: let it be an array of floats.",
)


@unit.alternative("the layer's trainable variables, flattened")
def neuron_gradients(layer, x):
    with tf.GradientTape() as tape:
        output = layer(np.asarray(x)[None, :])
    gradients = tape.gradient(output, layer.trainable_variables)
    return float(output[0, 0]), np.concatenate([np.ravel(g) for g in gradients])


@unit.alternative("tensors returned, a scalar inside the tape")
def neuron_gradients(layer, x):
    with tf.GradientTape(persistent=True) as tape:
        output = tf.squeeze(layer(tf.reshape(tf.cast(x, tf.float32), (1, -1))))
    by_kernel = tape.gradient(output, layer.kernel)
    by_bias = tape.gradient(output, layer.bias)
    return output, tf.concat([tf.squeeze(by_kernel), by_bias], axis=0)


@unit.alternative("the Jacobian, as lists")
def neuron_gradients(layer, x):
    with tf.GradientTape(persistent=True) as tape:
        output = layer(np.expand_dims(x, 0))[0]
    by_kernel, by_bias = tape.jacobian(output, [layer.kernel.value, layer.bias.value], experimental_use_pfor=False)
    return [output.numpy().item(), by_kernel.numpy().ravel().tolist() + by_bias.numpy().ravel().tolist()]


@unit.alternative("the activation by tape, the rest by hand")
def neuron_gradients(layer, x):
    kernel, bias = layer.get_weights()
    score = tf.constant(np.asarray(x) @ kernel[:, 0] + bias[0], dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(score)
        output = layer.activation(score)
    return output, tape.gradient(output, score) * np.append(x, 1).astype("float32")


@unit.alternative("a network around the layer, weights watched by hand")
def neuron_gradients(layer, x):
    inputs = keras.Input((len(x),))
    network = keras.Model(inputs, layer(inputs))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(layer.kernel.value)
        tape.watch(layer.bias.value)
        output = network(np.array([x], dtype="float32"))
    gradients = tape.gradient(output, network.trainable_weights)
    return output.numpy().sum(), np.hstack([g.numpy().flatten() for g in gradients])


# --- set_probability ------------------------------------------------------------------------------

WANTED = "wanted = np.log(p / (1 - p))"
SCORE = "score = x @ layer.kernel.numpy() + layer.bias.numpy()"
MOVE = "layer.bias.assign_add(wanted - score)"

unit.mistake_in(
    "set_probability",
    "the bias set to p",
    {MOVE: "layer.bias.assign([p])"},
    "The bias is part of the score, which goes through the sigmoid. Find the score whose sigmoid is p first.",
)
unit.mistake_in(
    "set_probability",
    "the bias set to the score wanted",
    {MOVE: "layer.bias.assign([wanted])"},
    "The inputs contribute to the score as well: kernel and bias together must make the score wanted.",
)
unit.mistake_in(
    "set_probability",
    "the score wanted added to the bias",
    {MOVE: "layer.bias.assign_add([wanted])"},
    "The neuron has a score already. Add only what is missing: the score wanted minus the present one.",
)
unit.mistake_in(
    "set_probability",
    "the old bias counted twice",
    {MOVE: "layer.bias.assign(wanted - score)"},
    "The present score holds the old bias: either add the difference to the bias, or leave it out of the score.",
)
unit.mistake_in(
    "set_probability",
    "the old bias not counted",
    {SCORE: "score = x @ layer.kernel.numpy()"},
    "The bias belongs to the present score; without it the difference is wrong by as much.",
)
unit.mistake_in(
    "set_probability",
    "moved the wrong way",
    {MOVE: "layer.bias.assign_sub(wanted - score)"},
    "To raise the score, raise the bias: add the difference instead of subtracting it.",
)
unit.mistake_in(
    "set_probability",
    "p and 1 - p exchanged",
    {WANTED: "wanted = np.log((1 - p) / p)"},
    "ln((1 - p) / p) is the score of 1 - p. A p above one half needs a positive score.",
)
unit.mistake_in(
    "set_probability",
    "ln p for the score",
    {WANTED: "wanted = np.log(p)"},
    "exp turns ln p into p, but the sigmoid does not. Solve p = 1 / (1 + exp(-s)) for s.",
)
unit.mistake_in(
    "set_probability",
    "brackets missing below the fraction",
    {"p / (1 - p)": "p / 1 - p + 1"},
    "p / 1 - p is 0: the whole of 1 - p belongs below the line, in brackets.",
)
unit.mistake_in(
    "set_probability",
    "logarithm to base 10",
    {WANTED: "wanted = np.log10(p / (1 - p))"},
    "The sigmoid uses e, so its inverse uses the natural logarithm, np.log.",
)
unit.mistake_in(
    "set_probability",
    "the sigmoid of p",
    {WANTED: "wanted = 1 / (1 + np.exp(-p))"},
    "The sigmoid leads from the score to p. Here the way back is needed, its inverse.",
)
unit.mistake_in(
    "set_probability",
    "the difference of the probabilities",
    {MOVE: "layer.bias.assign_add(p - 1 / (1 + np.exp(-score)))"},
    "A probability and a score are different things: take the difference of the scores.",
)
unit.mistake_in(
    "set_probability",
    "the slope taken as constant",
    {MOVE: "P = 1 / (1 + np.exp(-score))\n    layer.bias.assign_add((p - P) / (P * (1 - P)))"},
    "That follows the tangent, and the sigmoid bends away from it. Use the score of p itself, or repeat the step.",
)
unit.mistake_in(
    "set_probability",
    "the bias scaled by p / P",
    {MOVE: "layer.bias.assign(layer.bias * p * (1 + np.exp(-score)))"},
    "The probability is not proportional to the bias. Find the score of p, then the bias that makes it.",
)
unit.mistake_in(
    "set_probability",
    "kernel scaled, bias forgotten",
    {MOVE: "layer.kernel.assign(layer.kernel * (wanted / score))"},
    "Scaling the kernel alone does not scale the score, of which the bias is a part: scale both or shift one.",
)
unit.mistake_in(
    "set_probability",
    "a step of x not divided by its length",
    {MOVE: "layer.kernel.assign_add((wanted - score) * np.reshape(x, (-1, 1)))"},
    "Adding c·x to the kernel raises the score by c·(x·x), not by c: divide by x·x.",
)
unit.mistake_in(
    "set_probability",
    "a step of x divided by its length, not by the square",
    {MOVE: "layer.kernel.assign_add((wanted - score) * np.reshape(x, (-1, 1)) / np.linalg.norm(x))"},
    "Adding c·x to the kernel raises the score by c·(x·x): divide by x·x, the square of the length.",
)
unit.mistake_in(
    "set_probability",
    "kernel and bias both moved all the way",
    {MOVE: MOVE + "\n    layer.kernel.assign_add((wanted - score) * np.reshape(x, (-1, 1)) / (x @ x))"},
    "Each of the two changes makes the score wanted, and together they overshoot. Move one of them only.",
)
unit.mistake_in(
    "set_probability",
    "bias scaled, kernel forgotten",
    {MOVE: "layer.bias.assign(layer.bias * (wanted / score))"},
    "Scaling the bias alone does not scale the score, of which the kernel is a part: scale both or shift one.",
)
unit.mistake_in(
    "set_probability",
    "a weight moved, divided by an input that may be 0",
    {MOVE: "layer.kernel.assign_add((wanted - score) / x[0] * np.eye(len(x))[:, :1])"},
    "An input of 0 does not pass its weight on, so that weight cannot change the score. The bias always can.",
)
unit.mistake_in(
    "set_probability",
    "the odds without the logarithm",
    {WANTED: "wanted = p / (1 - p)"},
    "p / (1 - p) are the odds, which are exp of the score: take their logarithm.",
)
unit.mistake_in(
    "set_probability",
    "the lesson's neuron put in place of this one",
    {MOVE: "layer.set_weights([np.array([[2.0], [-3.0]]), np.array([wanted - 4.0])])"},
    "The layer has weights, and x numbers, of their own: use those that are passed.",
)
unit.mistake_in(
    "set_probability",
    "one number assigned to the bias",
    {MOVE: "layer.bias.assign((wanted - x @ layer.kernel.numpy())[0])"},
    "The bias has the shape (1,), and one number has the shape (): assign an array of one number.",
)
unit.mistake_in(
    "set_probability",
    "p clipped",
    {WANTED: "p = np.clip(p, 0.01, 0.99)\n    wanted = np.log(p / (1 - p))"},
    "The logarithm is finite for every p between 0 and 1: use p as it is.",
)
unit.mistake_in(
    "set_probability",
    "a copy changed",
    {MOVE: "kernel, bias = layer.get_weights()\n    bias += wanted - score"},
    "get_weights and numpy() give copies. Hand the new weights to the layer with set_weights, or assign to layer.bias.",
)


@unit.alternative("the kernel along x")
def set_probability(layer, x, p):
    score = np.log(p) - np.log1p(-p)
    present = layer.activation.__name__ and (x @ layer.kernel.numpy() + layer.bias.numpy())[0]
    layer.kernel.assign_add((score - present) * np.reshape(x, (-1, 1)) / (x @ x))


@unit.alternative("all weights scaled, through set_weights")
def set_probability(layer, x, p):
    kernel, bias = layer.get_weights()
    factor = np.log(p / (1 - p)) / (x @ kernel[:, 0] + bias[0])
    layer.set_weights([kernel * factor, bias * factor])


@unit.alternative("no kernel any more")
def set_probability(layer, x, p):
    layer.kernel.assign(keras.ops.zeros_like(layer.kernel))
    layer.bias.assign(np.array([-np.log(1 / p - 1)]))


@unit.alternative("halving an interval of scores")
def set_probability(layer, x, p):
    p = np.float64(p)
    low, high = -30.0, 30.0
    start = x.astype("float64") @ layer.kernel.numpy()[:, 0]
    for _ in range(60):  # halve the interval in which the score lies
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / (1 + np.exp(-middle)) < p else (low, middle)
    layer.bias.assign([low - start])


@unit.alternative("repeated tangent steps with a tape")
def set_probability(layer, x, p):
    batch = tf.constant([x], dtype=tf.float32)
    logit = lambda P: tf.math.log(P / (1 - P))  # noqa: E731
    for _ in range(3):
        with tf.GradientTape() as tape:
            distance = logit(layer(batch)) - logit(tf.constant(p, tf.float32))
        layer.bias.assign_sub(tf.squeeze(distance / tape.gradient(distance, layer.bias))[None])
