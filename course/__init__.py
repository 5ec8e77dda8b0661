"""A course on gradients, from finite differences to training a network.

``UNITS`` lists the units in the order in which they are taught; each is a folder of this package. Units that teachers
add lie in other folders (``OWN_UNITS``), and are imported as if they were here too.
Importing ``course`` loads nothing else: NumPy, TensorFlow, PyTorch and Matplotlib are imported where
they are used.
"""

import os

UNITS = (
    "start_here",
    "numeric_gradient",
    "manual_backprop",
    "custom_graph",
    "forward_mode",
    "tensor_engine",
    "tf_tape",
    "torch_autograd",
    "keras_neuron",
    "softmax_network",
    "sgd_steps",
    "training",
)
OWN_UNITS = "GRADIENTS_UNITS"
"""Environment variable: the folders of the units that teachers add."""
__path__ += filter(None, os.environ.get(OWN_UNITS, "").split(os.pathsep))
