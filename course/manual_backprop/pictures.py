"""Pictures of unit 2: graphs stepped backward, the three patterns of gates, two losses and their slopes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from course.figures import BLUE, GREEN, ORANGE, RED, Compared, Picture, legend, new_figure, picture, with_slider

COMPARED = {
    "neuron_backward": (
        Compared("gradient, label 1", item=("gradient",)),
        Compared("gradient, label 0", item=("gradient",)),
    ),
    "symbolic_gradient": (Compared("three variables"), Compared("variables not in the order of the alphabet")),
    "hinge_gradient": (Compared("gradient, both labels", item=("gradient",)),),
    "cross_entropy_gradient": (Compared("gradient, both labels", item=("gradient",)),),
}

FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
GATE = 17  # radius of a gate's circle


@dataclass(frozen=True)
class Wire:
    """A line of a graph: the value above it goes forward, the gradient below it comes back.

    It leaves its start level, for ``lead`` pixels (to the left if negative); its numbers stand there.
    """

    name: str
    value: str
    gradient: str
    start: tuple[float, float]
    end: tuple[float, float]
    lead: float = 90


@dataclass(frozen=True)
class Graph:
    """Gates (symbol, x, y) joined by wires; a step names the wires whose gradient it reveals, and says why."""

    title: str
    width: int
    height: int
    gates: tuple[tuple[str, float, float], ...]
    wires: tuple[Wire, ...]
    steps: tuple[tuple[str, str], ...]


def number(value: float) -> str:
    """A number with at most four decimals and a real minus sign."""
    return f"{value:.4f}".rstrip("0").rstrip(".").replace("-", "−")


def draw(graph: Graph, step: int) -> Picture:
    """The graph with all values, and the gradients found up to this step; the newest are marked."""
    shown = [name for names, _ in graph.steps[: step + 1] for name in names.split()]
    newest, sentence = graph.steps[step]
    lines = [_wire(wire, wire.name in shown, wire.name in newest.split()) for wire in graph.wires]
    lines += [_gate(*gate) for gate in graph.gates]
    lines.append(_text(sentence, graph.width / 2, graph.height - 14, "currentColor", 15))
    values = ", ".join(f"{w.name} = {w.value}" for w in graph.wires)
    found = ", ".join(f"{w.name} {w.gradient}" for w in reversed(graph.wires) if w.name in shown)
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {graph.width} {graph.height}" width="{graph.width}" '
        f'height="{graph.height}" font-family="sans-serif" text-anchor="middle">{"".join(lines)}</svg>',
        f"{graph.title}. Values above the wires: {values}. "
        f"Gradients below the wires: {found or 'none yet'}. {sentence}",
    )


def _wire(wire: Wire, known: bool, new: bool) -> str:
    (x1, y1), (x2, y2) = wire.start, wire.end
    color, width = (NEW, 3) if new else ("currentColor", 1.4)
    bend = x2 if y1 == y2 else x1 + wire.lead
    x = (x1 + bend) / 2 if abs(bend - x1) < 150 else x1 + 45
    points = f"{x1:g},{y1:g} {bend:g},{y1:g} {x2:g},{y2:g}"
    line = f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width}"/>'
    above = _text(f"{wire.name} = {wire.value}" if wire.name else wire.value, x, y1 - 8, FORWARD, 14)
    below = _text(wire.gradient, x, y1 + 19, NEW if new else BACKWARD, 14, bold=new) if known else ""
    return line + above + below


def _gate(symbol: str, x: float, y: float) -> str:
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="{GATE}" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    return circle + _text(symbol, x, y + 6, "currentColor", 14 if len(symbol) > 1 else 18)


def _text(text: str, x: float, y: float, color: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{color}" font-size="{size}"{weight}>{escape(text)}</text>'


def staged_graph(x: float = -2.0, y: float = 5.0, z: float = -4.0) -> Graph:
    """(x + y)·z, with q = x + y."""
    q = x + y
    add, times = (240, 85), (450, 145)
    wire = _wires({"x": (x, z), "y": (y, z), "z": (z, q), "q": (q, z), "f": (q * z, 1.0)})
    n = number
    return Graph(
        "The graph of f = (x + y)·z",
        640,
        290,
        (("+", *add), ("×", *times)),
        (
            wire("x", (40, 40), _left(add, -8)),
            wire("y", (40, 130), _left(add, 8)),
            wire("z", (40, 215), _left(times, 9), 300),
            wire("q", (add[0] + GATE, add[1]), _left(times, -6)),
            wire("f", (times[0] + GATE, times[1]), (600, times[1])),
        ),
        (
            ("", "Forward: every value is computed from those to its left."),
            ("f", "Backward begins at the end: the derivative of f by itself is 1."),
            ("q", f"f = q·z, so the gradient of q is z = {n(z)}, times 1."),
            ("z", f"f = q·z, so the gradient of z is q = {n(q)}, times 1."),
            ("x", f"q = x + y: the derivative by x is 1, times the gradient {n(z)} of q."),
            ("y", f"q = x + y: the derivative by y is 1, times the gradient {n(z)} of q."),
        ),
    )


def neuron_graph() -> Graph:
    """The neuron of the lesson for label 1: products, sum, sigmoid, -ln."""
    (w0, w1, w2), (x0, x1) = (2.0, -3.0, -3.0), (-1.0, -2.0)
    score = w0 * x0 + w1 * x1 + w2
    P = 1 / (1 + np.exp(-score))
    s = P - 1
    values = {"w₀": (w0, s * x0), "x₀": (x0, s * w0), "w₁": (w1, s * x1), "x₁": (x1, s * w1), "w₂": (w2, s)}
    values |= {"p₀": (w0 * x0, s), "p₁": (w1 * x1, s), "s": (score, s), "P": (P, -1 / P), "L": (-np.log(P), 1.0)}
    wire, n = _wires(values), number
    first, second, total, sigmoid, log = (190, 75), (190, 205), (390, 150), (540, 150), (690, 150)
    return Graph(
        "The graph of one neuron: products, sum, sigmoid σ, negative logarithm",
        840,
        365,
        (("×", *first), ("×", *second), ("+", *total), ("σ", *sigmoid), ("−ln", *log)),
        (
            wire("w₀", (25, 40), _left(first, -7)),
            wire("x₀", (25, 110), _left(first, 7)),
            wire("w₁", (25, 170), _left(second, -7)),
            wire("x₁", (25, 240), _left(second, 7)),
            wire("w₂", (25, 300), (total[0] - 9, total[1] + 14.4), 300),
            wire("p₀", (first[0] + GATE, first[1]), _left(total, -9)),
            wire("p₁", (second[0] + GATE, second[1]), _left(total, 4)),
            wire("s", (total[0] + GATE, total[1]), _left(sigmoid)),
            wire("P", (sigmoid[0] + GATE, sigmoid[1]), _left(log)),
            wire("L", (log[0] + GATE, log[1]), (815, log[1])),
        ),
        (
            ("", "Forward: two products, their sum with w₂, the sigmoid, the loss L = −ln P."),
            ("L", "Backward begins at the end: the derivative of the loss by itself is 1."),
            ("P", f"L = −ln P: the gradient of P is −1/P = {n(-1 / P)}."),
            ("s", f"P = σ(s): times P(1 − P) = {n(P * (1 - P))}, which makes P − 1 = {n(s)}."),
            ("p₀ p₁ w₂", f"A sum hands the gradient {n(s)} on to each of its terms."),
            ("w₀ x₀", f"A product swaps: w₀ receives x₀ times {n(s)}, and x₀ receives w₀ times {n(s)}."),
            ("w₁ x₁", f"The other product: w₁ receives x₁ times {n(s)}, and x₁ receives w₁ times {n(s)}."),
        ),
    )


def gates() -> Picture:
    """Three patterns: add hands on, multiply swaps, a value used twice adds up."""
    wires, shapes = [], []
    for left, symbol, result, back in ((30, "+", "−1", ("2", "2")), (320, "×", "−12", ("−8", "6"))):
        middle = (left + 115, 80)
        shapes.append((symbol, *middle))
        wires += [
            Wire("", "3", back[0], (left, 45), _left(middle, -8), 50),
            Wire("", "−4", back[1], (left, 115), _left(middle, 8), 50),
            Wire("", result, "2", (left + 115 + GATE, 80), (left + 210, 80)),
        ]
    shapes.append(("•", 710, 80))
    wires += [
        Wire("", "3", "7", (610, 80), (693, 80)),
        Wire("", "3", "2", (830, 45), (725, 72), -50),
        Wire("", "3", "5", (830, 115), (725, 88), -50),
    ]
    lines = [_wire(wire, True, False) for wire in wires] + [_gate(*shape) for shape in shapes]
    for text, x in (("a sum hands on", 140), ("a product swaps", 430), ("used twice: add up", 720)):
        lines.append(_text(text, x, 168, "currentColor", 15))
    return Picture(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 182" width="860" height="182" '
        f'font-family="sans-serif" text-anchor="middle">{"".join(lines)}</svg>',
        "Three gates, values above the wires and gradients below. A sum of 3 and −4 receives the gradient 2 and hands "
        "2 to both inputs. A product of 3 and −4 receives 2 and hands −4 times 2 = −8 to the 3 and 3 times 2 = 6 to "
        "the −4. A value 3 that is used twice receives 2 along one wire and 5 along the other, together 7.",
    )


def losses() -> Picture:
    """Cross-entropy and hinge against the score, for both labels, and their slopes."""
    figure, (left, right) = new_figure(9.0, 3.8, ncols=2)
    s = np.linspace(-4, 4, 401)
    for label, color in ((1, BLUE), (0, ORANGE)):
        t = 2 * label - 1
        left.plot(s, np.logaddexp(0, -t * s), color=color, label=f"cross-entropy, label {label}")
        left.plot(s, np.maximum(0, 1 - t * s), "--", color=color, label=f"hinge, label {label}")
        right.plot(s, 1 / (1 + np.exp(-s)) - label, color=color)
        flat, steep = (s[t * s > 1], s[t * s < 1])
        right.plot(flat, np.zeros_like(flat), "--", color=color)
        right.plot(steep, np.full_like(steep, -t), "--", color=color)
    left.set(title="loss", xlabel="score", ylim=(-0.15, 6.9))
    right.set(title="slope of the loss by the score", xlabel="score", ylim=(-1.15, 1.15))
    right.axhline(0, color=GREEN, linewidth=0.8, linestyle=":")
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
    """The graph of (x + y)·z with a slider for the steps backward."""
    return _stepped(staged_graph())


def neuron_slider() -> Any:
    """The neuron's graph with a slider for the steps backward."""
    return _stepped(neuron_graph())


def _stepped(graph: Graph) -> Any:
    steps = [(f"{n} of {len(graph.steps) - 1}", n) for n in range(len(graph.steps))]
    return with_slider(lambda step: draw(graph, step), steps, start=0, label="step backward", still=-1)


def _wires(numbers: dict[str, tuple[float, float]]) -> Any:
    """A function that makes the wire of a name from its value and gradient."""

    def wire(name: str, start: tuple[float, float], end: tuple[float, float], lead: float = 90) -> Wire:
        value, gradient = numbers[name]
        return Wire(name, number(value), number(gradient), start, end, lead)

    return wire


def _left(gate: tuple[float, float], dy: float = 0.0) -> tuple[float, float]:
    """The point on the left half of a gate's circle that lies dy below its middle."""
    return gate[0] - (GATE**2 - dy**2) ** 0.5, gate[1] + dy
