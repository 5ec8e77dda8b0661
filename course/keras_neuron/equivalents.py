"""Unit 8: edits of the reference that compute the same, and why."""

from course.keras_neuron.check import unit

CAST = "Keras makes numbers of its own dtype of NumPy's arrays and of lists."

kernel = "np.array([[2.0], [-3.0]], dtype=dtype)"
bias = "np.array([-3.0, -2.9, -3.1], dtype=dtype)"
for given in ("np.array([[2.0], [-3.0]])", "[[2.0], [-3.0]]"):
    unit.equivalent("neuron_kernel", {kernel: given}, CAST)
for given in ("np.array([-3.0, -2.9, -3.1])", "[-3.0, -2.9, -3.1]"):
    unit.equivalent("three_neuron_bias", {bias: given}, CAST)
unit.equivalent("three_neuron_kernel", {"np.array(neurons, dtype=dtype)": "np.array(neurons)"}, CAST)
unit.equivalent("GivenValues", {"dtype=float": ""}, "Whole numbers are converted when they are asked for.")

ONLY = "There is one output, of one unit, for one example."
TENSORS = "NumPy makes arrays of tensors."
numbers = "output.numpy()[0, 0]"
for same, reason in (("output.numpy()[-1, 0]", ONLY), ("output.numpy()[0, -1]", ONLY), ("output[0, 0]", TENSORS)):
    unit.equivalent("neuron_gradients", {numbers: same}, reason)
by_kernel = "by_kernel.numpy()[:, 0]"
unit.equivalent("neuron_gradients", {by_kernel: "by_kernel.numpy()[:, -1]"}, ONLY)
unit.equivalent("neuron_gradients", {by_kernel: "by_kernel[:, 0]"}, TENSORS)
unit.equivalent("neuron_gradients", {"by_bias.numpy()": "by_bias"}, TENSORS)
unit.equivalent("neuron_gradients", {", dtype=layer.compute_dtype": ""}, "A layer casts its inputs.")

unit.equivalent(
    "set_probability", {"x @ layer.kernel.numpy()": "x.T @ layer.kernel.numpy()"}, "A vector stays as it is."
)
unit.equivalent("set_probability", {"x @ layer.kernel.numpy()": "x @ layer.kernel"}, TENSORS)
unit.equivalent("set_probability", {"layer.bias.numpy()": "layer.bias"}, TENSORS)
