"""Pictures of unit 2: graphs stepped backward, the three patterns of gates, two losses and their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.choices import Choices
from course.drawing import drawing, text
from course.figures import BLUE, GREY, ORANGE, Compared, Picture, legend, new_figure, picture
from course.manual_backprop.wires import GATE, KEY, Graph, Numbers, Wire, draw, gate, left_of, number, wire_of, wires

COMPARED = {
    "neuron_backward": (
        Compared("gradient, label 1", item=("gradient",)),
        Compared("gradient, label 0", item=("gradient",)),
    ),
    "symbolic_gradient": (Compared("three variables"), Compared("variables not in the order of the alphabet")),
    "hinge_gradient": (Compared("gradient, both labels", item=("gradient",)),),
    "cross_entropy_gradient": (Compared("gradient, both labels", item=("gradient",)),),
}


def staged_graph(x: float = -2.0, y: float = 5.0, z: float = -4.0) -> Graph:
    """(x + y)·z, with q = x + y."""
    q = x + y
    add, times = (240, 85), (470, 145)
    wire = wires({"x": (x, z, 1.0), "y": (y, z, 1.0), "z": (z, q, q), "q": (q, z, z), "f": (q * z, 1.0, None)})
    n = number
    return Graph(
        "The graph of f = (x + y)·z",
        680,
        310,
        (("+", *add), ("×", *times)),
        (
            wire("x", (40, 40), left_of(add, -8)),
            wire("y", (40, 130), left_of(add, 8)),
            wire("z", (40, 215), left_of(times, 9), 310),
            wire("q", (add[0] + GATE, add[1]), left_of(times, -6)),
            wire("f", (times[0] + GATE, times[1]), (620, times[1])),
        ),
        (
            ("", "Forward: every value is computed from those to its left."),
            ("f", "Backward begins at the end: the derivative of f with respect to itself is 1."),
            ("q", f"f = q·z: the gradient of q is the upstream 1, times z = {n(z)}."),
            ("z", f"f = q·z: the gradient of z is the upstream 1, times q = {n(q)}."),
            ("x", f"q = x + y: the gradient of x is the upstream {n(z)}, times 1."),
            ("y", f"q = x + y: the gradient of y is the upstream {n(z)}, times 1."),
        ),
    )


def neuron_graph() -> Graph:
    """The neuron of the lesson for label 1: products, sum, sigmoid, -ln."""
    (w0, w1, w2), (x0, x1) = (2.0, -3.0, -3.0), (-1.0, -2.0)
    score = w0 * x0 + w1 * x1 + w2
    P = 1 / (1 + np.exp(-score))
    s = P - 1
    values: Numbers = {"w₀": (w0, s * x0, x0), "x₀": (x0, s * w0, w0), "w₁": (w1, s * x1, x1), "x₁": (x1, s * w1, w1)}
    values |= {"w₂": (w2, s, 1.0), "p₀": (w0 * x0, s, 1.0), "p₁": (w1 * x1, s, 1.0)}
    values |= {"s": (score, s, P * (1 - P)), "P": (P, -1 / P, -1 / P), "L": (-np.log(P), 1.0, None)}
    wire, n = wires(values), number
    first, second, total, sigmoid, log = (195, 75), (195, 215), (400, 155), (550, 155), (700, 155)
    return Graph(
        "The graph of one neuron: products, sum, sigmoid σ, negative logarithm",
        820,
        398,
        (("×", *first), ("×", *second), ("+", *total), ("σ", *sigmoid), ("−ln", *log)),
        (
            wire("w₀", (15, 40), left_of(first, -7), 78),
            wire("x₀", (15, 112), left_of(first, 7), 78),
            wire("w₁", (15, 180), left_of(second, -7), 78),
            wire("x₁", (15, 252), left_of(second, 7), 78),
            wire("w₂", (15, 312), (total[0] - 9, total[1] + 14.4), 310),
            wire("p₀", (first[0] + GATE, first[1]), left_of(total, -9)),
            wire("p₁", (second[0] + GATE, second[1]), left_of(total, 4)),
            wire("s", (total[0] + GATE, total[1]), left_of(sigmoid)),
            wire("P", (sigmoid[0] + GATE, sigmoid[1]), left_of(log)),
            wire("L", (log[0] + GATE, log[1]), (812, log[1])),
        ),
        (
            ("", "Forward: two products, their sum with w₂, the sigmoid, the loss L = −ln P."),
            ("L", "Backward begins at the end: the derivative of the loss with respect to itself is 1."),
            ("P", f"L = −ln P: the gradient of P is the upstream 1, times −1/P = {n(-1 / P)}."),
            ("s", f"P = σ(s): the upstream {n(-1 / P)}, times P(1 − P) = {n(P * (1 - P))}, is P − 1 = {n(s)}."),
            ("p₀ p₁ w₂", f"A sum hands the upstream {n(s)} on to each of its terms: each local derivative is 1."),
            ("w₀ x₀", f"A product swaps: w₀ receives {n(s)} times x₀, and x₀ receives {n(s)} times w₀."),
            ("w₁ x₁", f"The other product: w₁ receives {n(s)} times x₁, and x₁ receives {n(s)} times w₁."),
        ),
    )


def gates() -> Picture:
    """Three patterns: add hands on, multiply swaps, a value used twice adds up."""
    lines, shapes = [], []
    for left, symbol, result, back, local in (
        (20, "+", "−1", ("2", "2"), ("1", "1")),
        (295, "×", "−12", ("−8", "6"), ("−4", "3")),
    ):
        middle = (left + 145, 80)
        shapes.append((symbol, *middle))
        lines += [
            Wire("", "3", back[0], local[0], (left, 40), left_of(middle, -8), 60),
            Wire("", "−4", back[1], local[1], (left, 115), left_of(middle, 8), 60),
            Wire("", result, "2", "", (left + 145 + GATE, 80), (left + 225, 80)),
        ]
    shapes.append(("•", 660, 80))
    lines += [
        Wire("", "3", "7", "", (570, 80), (643, 80)),
        Wire("", "3", "2", "1", (785, 40), (675, 72), -50),
        Wire("", "3", "5", "1", (785, 115), (675, 88), -50),
    ]
    parts = [wire_of(wire, True, False) for wire in lines] + [gate(*shape) for shape in shapes]
    for words, x in (("a sum hands on", 135), ("a product swaps", 410), ("used twice: add up", 680)):
        parts.append(text(words, x, 168, size=15))
    parts.append(text(KEY, 400, 196, size=12))
    return drawing(
        800,
        206,
        parts,
        "Three gates, values above the wires, local derivatives on them and gradients below. A sum of 3 and −4 "
        "receives the gradient 2; its local derivatives are 1, so it hands 2 to both inputs. A product of 3 and −4 "
        "receives 2; its local derivatives are −4 and 3, so it hands −8 to the 3 and 6 to the −4. A value 3 that is "
        "used twice receives 2 along one wire and 5 along the other, together 7.",
    )


def losses() -> Picture:
    """Cross-entropy and hinge against the score, for both labels, and their slopes."""
    figure, (left, right) = new_figure(9.0, 3.8, ncols=2)
    s = np.linspace(-4, 4, 401)
    for label, color in ((1, BLUE), (0, ORANGE)):
        t = 2 * label - 1
        left.plot(s, np.logaddexp(0, -t * s), color=color)
        left.plot(s, np.maximum(0, 1 - t * s), "--", color=color)
        left.annotate(f"label {label}", (-3.6 * t, 5.1), color=color, ha="center")
        right.annotate(f"label {label}", (2 * t, -0.6 * t), color=color, ha="center")
        right.plot(s, 1 / (1 + np.exp(-s)) - label, color=color)
        flat, steep = (s[t * s > 1], s[t * s < 1])
        right.plot(flat, np.zeros_like(flat), "--", color=color)
        right.plot(steep, np.full_like(steep, -t), "--", color=color)
    for name, line in (("cross-entropy", "-"), ("hinge", "--")):
        left.plot([], [], line, color=GREY, label=name)
    left.set(title="loss", xlabel="score", ylim=(-0.15, 6.9))
    right.set(title="derivative with respect to the score", xlabel="score", ylim=(-1.15, 1.15))
    right.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    legend(left, loc="upper center", fontsize=9, ncols=2)
    return picture(
        figure,
        "Two panels against the score from −4 to 4. Left, the losses: for label 1 both fall as the score rises, for "
        "label 0 both rise, as mirror images. The hinge is straight and exactly 0 beyond a score of 1 (label 1) or "
        "below −1 (label 0); cross-entropy is smooth and never quite 0. Right, the slopes: that of the hinge jumps "
        "between −1 and 0 for label 1 and between 0 and 1 for label 0; that of cross-entropy is P − label, a smooth "
        "curve between the same bounds.",
    )


def staged_slider() -> Any:
    """The graph of (x + y)·z step by step backward."""
    return _stepped(staged_graph())


def neuron_slider() -> Any:
    """The neuron's graph step by step backward."""
    return _stepped(neuron_graph())


def _stepped(graph: Graph) -> Any:
    steps = [(f"{n} of {len(graph.steps) - 1}", n) for n in range(len(graph.steps))]
    return Choices(lambda step: draw(graph, step), steps, start=0, label="step backward")
