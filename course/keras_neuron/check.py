"""The tasks of unit 8. Layers are built from drawn weights; float32 leaves about six digits to compare."""

import json
from functools import partial

import numpy as np

from course.check import Unit
from course.check.comparing import EQUAL, differs
from course.check.parts import item, judged, raises

unit = Unit("keras_neuron")

RTOL, ATOL = 2e-5, 2e-6  # for float32


def dense(units, inputs, **options):
    """A built Dense layer."""
    import keras

    layer = keras.layers.Dense(units, **options)
    layer.build((None, inputs))
    return layer


def neuron(kernel, bias, activation="sigmoid"):
    """A built Dense layer of one unit with these weights: an array (n,) and a number."""
    layer = dense(1, len(kernel), activation=activation)
    layer.set_weights([np.reshape(kernel, (-1, 1)), np.reshape(bias, (1,))])
    return layer


def output(layer, x):
    """A layer's output for a batch, as an array."""
    return layer(np.asarray(x, dtype="float32")).numpy()


def signed(rng, low, high, size=None):
    """Numbers whose size lies between low and high, of either sign."""
    return rng.uniform(low, high, size=size) * rng.choice([-1, 1], size=size)


@unit.task(points=1, rtol=RTOL, atol=ATOL)
def neuron_kernel(answer, rng):
    batch = signed(rng, 0.3, 0.9, (4, 2))

    def layer():
        return dense(1, 2, activation="sigmoid", kernel_initializer=answer.neuron_kernel, bias_initializer="zeros")

    return {
        "called with a shape": lambda: answer.neuron_kernel((2, 1)),
        "called with a shape and a dtype, as Keras does": lambda: answer.neuron_kernel((2, 1), dtype="float32"),
        "the kernel of a layer": lambda: layer().kernel.numpy(),
        "the neuron's output for a batch": lambda: output(layer(), batch),
    }


@unit.task(points=2, answers=("three_neuron_kernel", "three_neuron_bias"), rtol=RTOL, atol=ATOL)
def three_neurons(answer, rng):
    batch = signed(rng, 0.3, 0.9, (4, 2))

    def layer():
        return dense(
            3, 2, activation="sigmoid",
            kernel_initializer=answer.three_neuron_kernel, bias_initializer=answer.three_neuron_bias,
        )  # fmt: skip

    return {
        "the kernel": lambda: answer.three_neuron_kernel((2, 3), dtype="float32"),
        "the bias": lambda: answer.three_neuron_bias((3,), dtype="float32"),
        "kernel and bias of a layer": lambda: [layer().kernel.numpy(), layer().bias.numpy()],
        "the outputs for a batch": lambda: output(layer(), batch),
    }


def from_config(made_by, config):
    """An initializer made from a configuration. Raises LookupError for a name that its __init__ does not have."""
    try:
        return made_by.from_config(config)
    except TypeError as error:
        if "unexpected keyword" in str(error):
            raise LookupError(str(error)) from error
        raise


@unit.task(points=3, answers=("GivenValues",), rtol=RTOL, atol=ATOL)
def initializer_class(answer, rng):
    kernel, bias = signed(rng, 0.3, 2.9, (2, 3)), signed(rng, 0.3, 2.9, 3)
    whole = np.array([[1, -2], [4, 3], [-6, 5]]) * rng.integers(1, 5)

    def made(values):
        return answer.GivenValues(values)

    def layer(**options):
        return dense(3, 2, kernel_initializer=made(kernel.tolist()), bias_initializer=made(bias.copy()), **options)

    def twice():
        initializer = made(kernel.tolist())
        return [initializer((2, 3)), initializer((2, 3), dtype="float32")]

    def refusing():
        initializer = made(kernel.copy())
        return [
            initializer((2, 3)),
            *(raises(ValueError, partial(initializer, shape)) for shape in [(3, 2), (6,), (1, 3)]),
        ]

    def of_whole_numbers():
        built = dense(2, 3, kernel_initializer=made(whole.tolist()), dtype="float64")
        return [built.kernel.numpy(), built.kernel.dtype]

    def written():
        initializer = made(kernel.copy())
        config = json.loads(json.dumps(initializer.get_config()))
        return [type(config).__name__, initializer((2, 3))]

    def through_json():
        config = json.loads(json.dumps(made(kernel.copy()).get_config()))
        return from_config(answer.GivenValues, config)((2, 3), dtype="float32")

    def through_a_layer():
        import keras

        config = layer(activation="tanh").get_config()
        with keras.saving.custom_object_scope({"GivenValues": answer.GivenValues}):
            again = keras.layers.Dense.from_config(config)
        again.build((None, 2))
        return [again.kernel.numpy(), again.bias.numpy()]

    return {
        "the values, at every call": twice,
        "kernel and bias of a layer": lambda: [layer().kernel.numpy(), layer().bias.numpy()],
        "whole numbers in a float64 layer": of_whole_numbers,
        "another shape is refused": refusing,
        "a configuration that JSON can write": written,
        "through JSON and back": through_json,
        "through a layer's configuration and back": through_a_layer,
    }


@unit.task(points=2, rtol=RTOL, atol=ATOL)
def neuron_gradients(answer, rng):
    kernel, bias, x = signed(rng, 0.4, 0.9, 2), signed(rng, 0.4, 0.9), signed(rng, 1.1, 1.9, 2)
    longer, long_x = signed(rng, 0.2, 0.5, 5), signed(rng, 0.5, 1.0, 5)
    whole = rng.permutation([1, -2])

    def on(weights, example, activation="sigmoid"):
        return answer.neuron_gradients(neuron(weights, bias, activation), example.copy())

    def part(i):
        result = on(kernel, x)
        return item(result, i, 2)

    def keeping():
        layer = neuron(kernel, bias)
        return [answer.neuron_gradients(layer, x.copy()), layer.get_weights()]

    return {
        "the output": lambda: part(0),
        "the gradient": lambda: part(1),
        "another activation": lambda: [on(kernel, x, "tanh"), on(kernel, x, "softplus")],
        "five inputs": lambda: on(longer, long_x),
        "whole numbers": lambda: on(kernel, whole),
        "the layer is left as it was": keeping,
    }


def neuron_and_example(rng, n):
    """Weights and an example with a score between 0.3 and 0.8 in size. Neither w·x nor the bias is near 0."""
    kernel, x = signed(rng, 0.3, 0.9, n), signed(rng, 0.5, 1.5, n)
    score, half = signed(rng, 0.3, 0.8), signed(rng, 1.1, 1.9)
    kernel += x * (half - kernel @ x) / (x @ x)
    return (kernel, score - half), x


@unit.judge
def reaches(given, steps):
    """Whether the neuron's output for an example was each of the wanted numbers in turn, and its weights agree."""
    for wanted, step in zip(given["wanted"], steps, strict=True):
        score = given["x"] @ step["kernel"].reshape(len(given["x"])) + step["bias"].item()
        for got in (step["output"].item(), 1 / (1 + np.exp(-score))):
            if not abs(got - wanted) <= ATOL + RTOL * wanted:
                return differs(f"expected the output {wanted:.5g}, got {got:.5g}")
    return EQUAL


@unit.task(points=2, rtol=RTOL, atol=ATOL)
def set_probability(answer, rng):
    weights, x = neuron_and_example(rng, 2)
    longer, long_x = neuron_and_example(rng, 5)
    high, low = rng.uniform(0.75, 0.9, size=2), rng.uniform(0.1, 0.25, size=2)
    near = rng.uniform(0.001, 0.01, size=2)

    def reached(given, example, *wanted):
        layer, seen = neuron(*given), []
        for p in wanted:
            answer.set_probability(layer, example.copy(), float(p))
            kernel, bias = layer.get_weights()
            seen.append({"kernel": kernel, "bias": bias, "output": output(layer, [example])})
        return judged(reaches, {"x": example, "wanted": wanted}, seen)

    return {
        "above one half": lambda: reached(weights, x, high[0]),
        "below one half": lambda: reached(weights, x, low[0]),
        "close to 0 and to 1": lambda: [reached(weights, x, near[0]), reached(weights, x, 1 - near[1])],
        "one after the other": lambda: reached(weights, x, high[1], low[1]),
        "five inputs": lambda: reached(longer, long_x, high[0]),
    }
