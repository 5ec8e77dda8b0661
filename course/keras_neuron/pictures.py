"""Pictures of unit 8: a kernel's columns, what Glorot's limit is for, the sigmoid with its tangents."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.choices import Choices
from course.drawing import drawing, edge, minus, text
from course.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Compared,
    Picture,
    legend,
    new_figure,
    picture,
)

COMPARED = {
    "neuron_kernel": (Compared("the kernel of a layer", "weight"),),
    "three_neurons": (Compared("the kernel of a layer", "weight"), Compared("the bias", "bias")),
    "neuron_gradients": (Compared("the gradient"), Compared("five inputs")),
}

COLORS = (BLUE, ORANGE, GREEN)
NEURONS = ((2.0, -3.0, -3.0), (1.9, -3.1, -2.9), (2.1, -2.9, -3.1), (2.45, -2.55, -3.25))
"""Four neurons with two inputs: weight of the first input, of the second, bias."""
EXAMPLE = (-1.0, -2.0)
KERNEL_KEY = (
    "on a line its weight: the local derivative of the neuron's score with respect to that input; in a circle the bias"
)


def sigmoid(score: Any) -> Any:
    """1 / (1 + exp(-score))."""
    return 1 / (1 + np.exp(-np.asarray(score, dtype=float)))


def score_of(neuron: tuple[float, float, float]) -> float:
    """The score of one of ``NEURONS`` for the example (-1, -2)."""
    return neuron[0] * EXAMPLE[0] + neuron[1] * EXAMPLE[1] + neuron[2]


def four_points() -> Picture:
    """The sigmoid with the four neurons' outputs for the example (-1, -2), and a tangent at each."""
    figure, axes = new_figure(8.4, 4.2)
    s = np.linspace(-3.2, 3.2, 300)
    axes.plot(s, sigmoid(s), color=GREY, linewidth=2.5)
    told = []
    for neuron, color, marker in zip(NEURONS, (*COLORS, PURPLE), "os^D", strict=True):
        score = score_of(neuron)
        p = float(sigmoid(score))
        slope = p * (1 - p)
        near = np.array([score - 1.1, score + 1.1])
        axes.plot(near, p + slope * (near - score), color=color, linewidth=1.6)
        axes.plot(
            [score], [p], marker, color=color, markersize=8, label=f"P {p:.3f}, slope {slope:.3f}: {_named(neuron)}"
        )
        told.append(f"score {score:.1f}, P {p:.3f}, slope {slope:.3f}")
    axes.plot([-3.5, 0, 0], [0.5, 0.5, -0.03], color=GREY, linewidth=0.8, linestyle=":")
    axes.set(xlabel="score", ylabel="probability P", xlim=(-3.5, 3.5), ylim=(-0.03, 1.2))
    legend(axes, loc="upper left", fontsize=9)
    return picture(
        figure,
        f"The sigmoid curve with four points and the tangent at each: {'; '.join(told)}. The tangents at the "
        "scores 0.6 and -0.6, on either side of the middle, are parallel.",
    )


def _named(neuron: tuple[float, float, float]) -> str:
    first, second, bias = (f"{value:g}".replace("-", "−") for value in neuron)
    return f"weights {first} and {second}, bias {bias}"


def slope_at(p: float) -> Picture:
    """The tangent of the sigmoid where its value is p and where it is 1 - p, and the slope against p."""
    figure, (left, right) = new_figure(9.0, 3.6, ncols=2)
    s = np.linspace(-5, 5, 300)
    left.plot(s, sigmoid(s), color=GREY, linewidth=2.5)
    slope, score = p * (1 - p), float(np.log(p / (1 - p)))
    for value, middle, color, marker, size in ((p, score, BLUE, "o", 11), (1 - p, -score, ORANGE, "s", 6)):
        reach = min(1.6, 0.28 / slope)
        near = np.array([middle - reach, middle + reach])
        left.plot(near, value + slope * (near - middle), color=color, linewidth=size / 4)
        left.plot([middle], [value], marker, color=color, markersize=size)
    left.set(title="the sigmoid", xlabel="score", ylabel="probability", xlim=(-5.7, 5.7), ylim=(-0.2, 1.2))
    values = np.linspace(0, 1, 200)
    right.plot(values, values * (1 - values), color=GREY, linewidth=2.5)
    for value, color, name, marker, size in ((p, BLUE, "p", "o", 11), (1 - p, ORANGE, "1 − p", "s", 6)):
        right.plot([value], [slope], marker, color=color, markersize=size, label=f"{name} = {value:.2f}")
    right.axhline(slope, color=GREY, linewidth=0.8, linestyle=":")
    right.set(title=f"its slope, p(1 − p) = {slope:.4f}", xlabel="probability", ylim=(-0.01, 0.31))
    legend(right, loc="upper left", ncols=2)
    return picture(
        figure,
        f"Left, the sigmoid with parallel tangents at the probabilities {p:.2f} (score {score:.2f}) and {1 - p:.2f} "
        f"(score {-score:.2f}). Right, the slope p(1 − p) against p, an arch of height 0.25 in the middle that "
        f"ends at 0 on both sides; {p:.2f} and {1 - p:.2f} lie at the same height, {slope:.4f}.",
    )


def slope_slider() -> Any:
    """The tangents for probabilities to choose from."""
    values = [(f"{percent / 100:.2f}", percent / 100) for percent in (2, 5, *range(10, 100, 10), 95, 98)]
    return Choices(slope_at, values, start=8, label="probability p")


def kernel_columns() -> Picture:
    """Two inputs and three neurons, and the kernel and bias whose columns belong to the neurons."""
    inputs = [(60, 75 + 100 * i) for i in range(2)]
    neurons = [(300, 35 + 90 * j) for j in range(3)]
    lines = []
    for j, (x2, y2) in enumerate(neurons):
        for i, (x1, y1) in enumerate(inputs):
            lines.append(edge([(x1 + 22, y1), (x2 - 22, y2 + 16 * i - 8)], _minus(NEURONS[j][i]), COLORS[j], 2, 0.72))
    for i, (x, y) in enumerate(inputs):
        lines.append(f'<circle cx="{x}" cy="{y}" r="22" fill="none" stroke="currentColor" stroke-width="1.5"/>')
        lines.append(text(f"x{'₀₁'[i]}", x, y + 5, "currentColor"))
    for j, (x, y) in enumerate(neurons):
        lines.append(f'<circle cx="{x}" cy="{y}" r="24" fill="none" stroke="{COLORS[j]}" stroke-width="2"/>')
        lines.append(text(f"{_minus(NEURONS[j][2])}", x, y + 5, COLORS[j]))
        lines.append(text(f"neuron {j}", x + 32, y + 5, COLORS[j], 13, anchor="start"))
    lines.append(text("kernel, shape (2, 3)", 640, 38, "currentColor"))
    for j in range(3):
        x = 560 + 80 * j
        lines.append(text(f"neuron {j}", x, 72, COLORS[j], 13))
        lines.append(f'<rect x="{x - 34}" y="82" width="68" height="76" rx="6" fill="none" stroke="{COLORS[j]}"/>')
        lines.append(f'<rect x="{x - 34}" y="206" width="68" height="36" rx="6" fill="none" stroke="{COLORS[j]}"/>')
        for i in range(2):
            lines.append(text(_minus(NEURONS[j][i]), x, 107 + 37 * i, COLORS[j]))
        lines.append(text(_minus(NEURONS[j][2]), x, 229, COLORS[j]))
    for i in range(2):
        lines.append(text(f"input {i}", 485, 107 + 37 * i, "currentColor", 13))
    lines.append(text("bias, shape (3,)", 640, 192, "currentColor"))
    lines.append(text(KERNEL_KEY, 400, 280, size=12))
    return drawing(
        800,
        292,
        lines,
        "Left, two inputs joined to three neurons, with the weight on each line and the bias in each neuron. A weight "
        "is the local derivative of the neuron's score with respect to the input. Right, "
        "the same numbers as tables. The kernel has a row for each input and a column for each neuron: "
        + "; ".join(f"neuron {j}: {w0:g} and {w1:g}, bias {b:g}" for j, (w0, w1, b) in enumerate(NEURONS[:3]))
        + ". The bias has one number for each neuron.",
    )


def _minus(value: float) -> str:
    return minus(f"{value:g}")


def spread_through_layers() -> Picture:
    """How large outputs and gradients are in each of ten layers, for three sizes of random weights."""
    width, depth, rng = 100, 10, np.random.default_rng(0)
    glorot = np.sqrt(6 / (width + width))
    figure, (left, right) = new_figure(9.0, 3.6, ncols=2, sharey=True)
    ends = []
    for limit, name, color, line in (
        (0.3 * glorot, "0.3 times Glorot's limit", ORANGE, "^-"),
        (glorot, f"Glorot's limit, {glorot:.3f}", GREEN, "o-"),
        (5 * glorot, "5 times Glorot's limit", RED, "s-"),
    ):
        outputs, gradients = _sizes(limit, width, depth, rng)
        left.semilogy(range(depth + 1), outputs, line, color=color, label=name, markersize=5)
        right.semilogy(range(depth + 1), gradients, line, color=color, markersize=5)
        ends.append(f"{name}: outputs of layer {depth} {outputs[-1]:.1g}, gradients at layer 0 {gradients[0]:.1g}")
    left.set(title="outputs, forward", xlabel="layer", ylabel="standard deviation", ylim=(1e-7, 1e3))
    right.set(title="gradients, backward", xlabel="layer")
    legend(left, loc="lower left", fontsize=9)
    return picture(
        figure,
        "Two panels against the layer, 0 to 10, on a log axis. Left, the standard deviation of the outputs of tanh "
        "layers, which starts at 1; right, that of the gradients, which is 1 at layer 10 and comes back from "
        f"there. {'; '.join(ends)}. With too small weights both die out; with too large ones the outputs sit at "
        "the ends of tanh and the gradients grow; with Glorot's limit both stay within a small factor.",
    )


def _sizes(limit: float, width: int, depth: int, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    """Standard deviations of outputs and gradients at layers 0 … depth of tanh layers of that width."""
    outputs, kernels = [rng.normal(size=(200, width))], []
    for _ in range(depth):
        kernels.append(rng.uniform(-limit, limit, size=(width, width)))
        outputs.append(np.tanh(outputs[-1] @ kernels[-1]))
    gradients = [rng.normal(size=(200, width))]
    for kernel, out in zip(reversed(kernels), reversed(outputs[1:]), strict=True):
        gradients.insert(0, (gradients[0] * (1 - out**2)) @ kernel.T)
    return [float(a.std()) for a in outputs], [float(a.std()) for a in gradients]
