"""The tasks of unit 8. Layers are built from drawn weights; float32 leaves about six digits to compare."""

import json
from functools import partial

import numpy as np

from course.check import Unit
from course.check.comparing import EQUAL, differs
from course.check.parts import item, judged, raises
from course.keras_neuron.layers import configured, dense, dtype_of, neuron, output, row, signed

unit = Unit("keras_neuron")

RTOL, ATOL = 2e-5, 2e-6  # for float32


@unit.task(points=1, rtol=RTOL, atol=ATOL)
def neuron_kernel(answer, rng):
    def layer(**options):
        return dense(1, 2, kernel_initializer=answer.neuron_kernel, **options)

    return {
        "the weight of the first input": lambda: row(answer.neuron_kernel((2, 1)), 0),
        "the weight of the second input": lambda: row(answer.neuron_kernel((2, 1)), 1),
        "called with a dtype too, as Keras does": lambda: answer.neuron_kernel((2, 1), dtype="float32"),
        "the kernel of a layer": lambda: layer().kernel.numpy(),
        "the kernel of a float64 layer": lambda: layer(dtype="float64").kernel.numpy(),
    }


@unit.task(points=2, answers=("three_neuron_kernel", "three_neuron_bias"), rtol=RTOL, atol=ATOL)
def three_neurons(answer, rng):
    batch = signed(rng, 0.3, 0.9, (4, 2))

    def kernel_of(**options):
        return dense(3, 2, kernel_initializer=answer.three_neuron_kernel, **options).kernel.numpy()

    def bias_of(**options):
        return dense(3, 2, bias_initializer=answer.three_neuron_bias, **options).bias.numpy()

    def outputs():
        layer = dense(
            3, 2, activation="sigmoid",
            kernel_initializer=answer.three_neuron_kernel, bias_initializer=answer.three_neuron_bias,
        )  # fmt: skip
        return output(layer, batch)

    return {
        "the weights of the first input": lambda: row(answer.three_neuron_kernel((2, 3), dtype="float32"), 0),
        "the weights of the second input": lambda: row(answer.three_neuron_kernel((2, 3), dtype="float32"), 1),
        "the kernel of a layer": kernel_of,
        "the kernel of a float64 layer": lambda: kernel_of(dtype="float64"),
        "the bias": lambda: answer.three_neuron_bias((3,), dtype="float32"),
        "the bias of a layer": bias_of,
        "the bias of a float64 layer": lambda: bias_of(dtype="float64"),
        "the outputs for a batch": outputs,
    }


DTYPES = "the dtype that is asked for"


@unit.task(
    points=3, answers=("GivenValues",), rtol=RTOL, atol=ATOL, refusing=True,
    weights={"another shape is refused": 2}, conditions=(DTYPES,),
)  # fmt: skip
def initializer_class(answer, rng):
    kernel, bias = signed(rng, 0.3, 2.9, (2, 3)), signed(rng, 0.3, 2.9, 3)
    whole = np.array([[1, -2], [4, 3], [-6, 5]]) * rng.integers(1, 5)
    constant = float(signed(rng, 0.3, 2.9))

    def made(values):
        return answer.GivenValues(values)

    def layer(**options):
        return dense(3, 2, kernel_initializer=made(kernel.tolist()), bias_initializer=made(bias.copy()), **options)

    def weights(layer):
        return {"kernel": layer.kernel.numpy(), "bias": layer.bias.numpy()}

    def values():
        initializer = made(kernel.tolist())
        return {
            "the first time": initializer((2, 3)),
            "the second time": initializer((2, 3), dtype="float32"),
            "a single number": made(constant)(()),
        }

    def changed_by_the_caller():
        given = kernel.copy()
        initializer = made(given)
        given += 1
        return initializer((2, 3))

    def dtypes():
        initializer = made(kernel.copy())
        names = "float64", "float32", "float16"
        asked = {name: dtype_of(initializer((2, 3), dtype=name)) for name in names}
        return asked | {"None": dtype_of(made(kernel.tolist())((2, 3)))}

    def last_digits():
        """What float32 cannot hold of the values, a million times as large."""
        initializer = made(kernel.copy())

        def beyond_float32():
            return 1e6 * (np.asarray(initializer((2, 3), dtype="float64"), dtype=float) - kernel.astype("float32"))

        first = beyond_float32()
        initializer((2, 3), dtype="float32")
        return {"first": first, "after a call with float32": beyond_float32()}

    def refusing():
        table, vector, number = made(kernel.copy()), made(bias.copy()), made(constant)
        asked = {
            "(2, 3), asked for (3, 2)": (table, (3, 2)),
            "(2, 3), asked for (6,)": (table, (6,)),
            "(2, 3), asked for (1, 3)": (table, (1, 3)),
            "(2, 3), asked for (2, 2, 3)": (table, (2, 2, 3)),
            "(3,), asked for (2, 3)": (vector, (2, 3)),
            "a number, asked for (3,)": (number, (3,)),
        }
        refused = {name: raises(ValueError, partial(give, shape)) for name, (give, shape) in asked.items()}
        return {"(2, 3), asked for (2, 3)": table((2, 3))} | refused

    def written():
        initializer = made(kernel.copy())
        config = json.loads(json.dumps(initializer.get_config()))
        return {"type of the configuration": type(config).__name__, "values afterwards": initializer((2, 3))}

    def through_json():
        config = json.loads(json.dumps(made(kernel.copy()).get_config()))
        return configured(lambda: answer.GivenValues.from_config(config))((2, 3), dtype="float32")

    def through_a_layer():
        import keras

        config = configured(layer(activation="tanh").get_config)
        with keras.saving.custom_object_scope({"GivenValues": answer.GivenValues}):
            again = configured(lambda: keras.layers.Dense.from_config(config))
        again.build((None, 2))
        return weights(again)

    return {
        "the values, at every call": values,
        "the array changed by the caller afterwards": changed_by_the_caller,
        "kernel and bias of a layer": lambda: weights(layer()),
        "whole numbers in a float64 layer": lambda: dense(
            2, 3, kernel_initializer=made(whole.tolist()), dtype="float64"
        ).kernel.numpy(),
        DTYPES: dtypes,
        "float64 to the last digit": last_digits,
        "another shape is refused": refusing,
        "a configuration that JSON can write": written,
        "through JSON and back": through_json,
        "through a layer's configuration and back": through_a_layer,
    }


LAYER_KEPT = "the layer is left as it was"


@unit.task(
    points=2, rtol=RTOL, atol=ATOL, weights={"the gradient": 2, "other activations": 3}, conditions=(LAYER_KEPT,)
)
def neuron_gradients(answer, rng):
    kernel, bias, x = signed(rng, 0.4, 0.9, 2), signed(rng, 0.4, 0.9), signed(rng, 1.1, 1.9, 2)
    longer, long_x = signed(rng, 0.2, 0.5, 5), signed(rng, 0.5, 1.0, 5)
    whole = rng.permutation([1, -2])
    others = "tanh", "softplus"

    def on(weights, example, activation="sigmoid"):
        result = answer.neuron_gradients(neuron(weights, bias, activation), example.copy())
        return {"output": item(result, 0, 2), "gradient": item(result, 1, 2)}

    def state(layer):
        weights, activation = layer.get_weights(), getattr(layer.activation, "__name__", "unknown")
        return {"kernel afterwards": weights[0], "bias afterwards": weights[1], "activation afterwards": activation}

    def kept():
        layer = neuron(longer, bias, "tanh")
        answer.neuron_gradients(layer, long_x.copy())
        return state(layer)

    return {
        "the output": lambda: {name: on(kernel, x, name)["output"] for name in ("sigmoid", *others)},
        "the gradient": lambda: on(kernel, x)["gradient"],
        "other activations": lambda: {f"gradient, {name}": on(kernel, x, name)["gradient"] for name in others},
        "five inputs": lambda: on(longer, long_x),
        "whole numbers": lambda: on(kernel, whole),
        LAYER_KEPT: kept,
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
    zeros = long_x * rng.permutation([1, 1, 0, 1, 0]), x * [0, 1], x * [1, 0]
    without_bias = weights[0], 0.0

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
        "one half": lambda: reached(weights, x, high[0], 0.5),
        "close to 0 and to 1": lambda: {
            "close to 0": reached(weights, x, near[0]),
            "close to 1": reached(weights, x, 1 - near[1]),
        },
        "one after the other": lambda: reached(weights, x, high[1], low[1]),
        "five inputs": lambda: reached(longer, long_x, high[0]),
        "a bias of 0 before": lambda: reached(without_bias, x, high[0], low[0]),
        "inputs of which some are 0": lambda: {
            "first": reached(weights, zeros[1], high[0]),
            "second": reached(weights, zeros[2], low[0]),
            "two of five": reached(longer, zeros[0], high[0]),
        },
    }
