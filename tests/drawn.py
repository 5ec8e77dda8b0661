"""Every picture of the lessons, with every choice: what the tests of pictures look at."""

from collections.abc import Iterator

import numpy as np

from course.choices import Choices
from course.figures import Picture


def all_drawn(unit: str) -> Iterator[tuple[str, Picture]]:
    """The pictures of a unit, each with a name that says which it is and what is chosen in it."""
    for name, shown in DRAWN[unit]().items():
        if isinstance(shown, Choices):
            named = zip(shown.values, shown.pictures, strict=True)
            yield from ((f"{unit}.{name}, {shown.label} {value}", picture) for (value, _), picture in named)
        else:
            yield f"{unit}.{name}", shown


def numeric_gradient():
    from course.numeric_gradient import pictures

    return {"secants": pictures.secants(), "step": pictures.step_slider()}


def manual_backprop():
    from course.manual_backprop import pictures

    sliders = {"staged": pictures.staged_slider(), "neuron": pictures.neuron_slider()}
    return {**sliders, "gates": pictures.gates(), "losses": pictures.losses()}


def custom_graph():
    from course.custom_graph import pictures, reference
    from course.custom_graph.moons import two_moons
    from course.custom_graph.operations import Node

    w = [Node(value, name) for value, name in zip((2, -3, -3), ("w₀", "w₁", "w₂"), strict=True)]
    x = [Node(value, name) for value, name in zip((-1, -2), ("x₀", "x₁"), strict=True)]
    graph = reference.Graph(reference.neuron_loss(w, x, reference))
    graph.forward_pass()
    graph.backprop()
    points, labels = two_moons()
    return {
        "one_pointer": pictures.one_pointer(),
        "diamond": pictures.diamond_slider(),
        "draw": pictures.draw(graph.output),
        "moons": pictures.moons(points, labels),
        "moons, scored": pictures.moons(points, labels, lambda some: [p[1] - 0.25 for p in some]),
    }


def forward_mode():
    from course.forward_mode import pictures

    seconds = {name: table * 1e-9 for name, table in pictures.counted().items()}
    return {
        "forward": pictures.forward_slider(),
        "layer_derivatives": pictures.layer_derivatives(),
        "training": pictures.training([0.6, 0.3, 0.2], {"training": 0.98, "held out": 0.95}),
        "cost_map": pictures.cost_map(seconds),
        "cost": pictures.cost_slider(seconds),
    }


def tensor_engine():
    from course.tensor_engine import pictures

    steps = np.arange(100)
    curves = {"one hidden layer": list(0.7 * 0.97**steps + 0.05), "two hidden layers": list(0.7 * 0.95**steps + 0.03)}
    return {"broadcasting": pictures.broadcasting_slider(), "loss_curves": pictures.loss_curves(curves)}


def tf_tape():
    from course.tf_tape import pictures

    sliders = {"product": pictures.product_slider(), "logarithm": pictures.logarithm_slider()}
    return {**sliders, "gap": pictures.gap(), "wrong_logits": pictures.wrong_logits()}


def torch_autograd():
    import torch

    from course.torch_autograd import pictures
    from course.torch_autograd.reference import Swish

    W = torch.ones((3, 2), dtype=torch.float64, requires_grad=True)
    h = torch.ones(2, dtype=torch.float64)
    return {
        "staged": pictures.staged(),
        "loop": pictures.loop_slider(),
        "accumulation": pictures.accumulation(),
        "recorded, cross-entropy": pictures.recorded(-(h[0] * torch.log_softmax(W @ h, dim=0)).sum(), W=W),
        "recorded, Swish": pictures.recorded(Swish.apply(W @ h, 1.7).sum(), W=W),
        "swish": pictures.swish(),
    }


def keras_neuron():
    from course.keras_neuron import pictures

    return {
        "kernel_columns": pictures.kernel_columns(),
        "spread_through_layers": pictures.spread_through_layers(),
        "four_points": pictures.four_points(),
        "slope": pictures.slope_slider(),
    }


def softmax_network():
    from course.softmax_network import pictures

    return {
        "softmax": pictures.softmax_slider(),
        "naive_against_stable": pictures.naive_against_stable(),
        "layers, forward": pictures.layers(backward=False),
        "layers": pictures.layers(),
    }


def sgd_steps():
    from course.sgd_steps import pictures

    return {
        "rate": pictures.rate_slider(),
        "three_rates": pictures.three_rates(),
        "factors": pictures.factors(),
        "trajectories": pictures.trajectories_slider(),
    }


def training():
    from course.training import pictures

    steps = np.arange(40)
    names = ("by_hand", "forward_mode", "tensor_engine", "tensorflow", "pytorch", "keras")
    curves = {name: list(0.7 * 0.95**steps + 1e-16 * i * (steps % 3)) for i, name in enumerate(names)}
    return {
        "loss_curves": pictures.loss_curves(curves),
        "confusion": pictures.confusion(np.array([[39, 3], [1, 71]])),
        "overfitting": pictures.overfitting(list(0.7 * 0.98**steps), list(0.5 + 0.0004 * (steps - 20.0) ** 2)),
    }


DRAWN = {
    made.__name__: made
    for made in (
        numeric_gradient, manual_backprop, custom_graph, forward_mode, tensor_engine, tf_tape, torch_autograd,
        keras_neuron, softmax_network, sgd_steps, training,
    )
}  # fmt: skip
"""For each unit what makes its pictures: those that its lesson shows, drawn from numbers like those of its cells."""
