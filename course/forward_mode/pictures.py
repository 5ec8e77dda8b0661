"""Pictures of unit 4: a forward pass, the derivatives of a layer, the cost of both modes, a training run."""

from __future__ import annotations

from math import log10
from typing import Any

import numpy as np

from course.choices import Choices
from course.drawing import Point, drawing, edge, minus, text
from course.figures import BLUE, GREY, ORANGE, Compared, Picture, legend_above, new_figure, picture
from course.forward_mode.costs import MODES, SIZES, chain, counted, measured  # noqa: F401, the lesson measures

COMPARED = {
    "product_derivative": (Compared("by a number", "derivative", item=("two vectors", "derivative")),),
    "matmul_derivative": (Compared("by a number", "derivative", item=("derivative",)),),
    "softmax": (
        Compared("probabilities", "probability"),
        Compared("derivative with respect to a number", "derivative", item=("derivative",)),
    ),
    "linear_layer": (Compared("y", "output"), Compared("by_b", "derivative")),
    "training_step": (Compared("parameters after the step", "W", item=("updated", "W")),),
}

KEY = "above a wire its value, below it its derivative: those to its left × the local derivatives on their wires, added"
INPUTS = {"x": -2.0, "y": 5.0, "z": -4.0}


def forward_pass(moving: str = "x") -> Picture:
    """The graph of (x + y)·z with, below each value, its derivative with respect to the input that moves."""
    x, y, z = INPUTS.values()
    dx, dy, dz = (float(name == moving) for name in INPUTS)
    q, dq = x + y, dx + dy
    f, df = q * z, dq * z + q * dz
    parts = [
        _wire("x", x, dx, 1.0, (30, 45), (224, 78)),
        _wire("y", y, dy, 1.0, (30, 130), (224, 92)),
        _wire("z", z, dz, q, (30, 215), (444, 152), 310),
        _wire("q", q, dq, z, (257, 85), (444, 138)),
        _wire("f", f, df, None, (477, 145), (640, 145)),
        _gate("+", 240, 85),
        _gate("×", 460, 145),
    ]
    shares = f"{_number(dq)}·({_number(z)}) + {_number(dz)}·{_number(q)}"
    sentence = f"{moving} moves: the sum has {_number(dx)}·1 + {_number(dy)}·1 = {_number(dq)}, the product {shares} = "
    parts.append(text(sentence + _number(df), 340, 264, size=15))
    parts.append(text(KEY, 340, 290, size=12))
    below = ", ".join(f"{name} {_number(d)}" for name, d in zip("xyzqf", (dx, dy, dz, dq, df), strict=True))
    return drawing(
        680,
        302,
        parts,
        "The graph of f = (x + y)·z, gone through forward. Values above the wires: x −2, y 5, z −4, q 3, f −12. "
        "Local derivatives on the wires: x 1, y 1, q −4, z 3. "
        f"Derivatives with respect to {moving} below the wires: {below}.",
    )


def forward_slider() -> Any:
    """The forward pass for each input that may move."""
    return Choices(forward_pass, [(name, name) for name in INPUTS], start=0, label="derivatives with respect to")


def _wire(
    name: str,
    value: float,
    derivative: float,
    factor: float | None,
    start: Point,
    end: Point,
    lead: float = 100,
) -> str:
    """A line with its value above, its derivative below, and where it reaches a gate the local derivative."""
    x1, y1 = start
    points = [start, end] if y1 == end[1] else [start, (x1 + lead, y1), end]
    words = "" if factor is None else f"×{_number(factor)}"
    line = edge(points, words, *((ORANGE, 2.6) if derivative else ("currentColor", 1.4)))
    above = text(f"{name} = {_number(value)}", x1 + 52, y1 - 8, BLUE)
    return line + above + text(_number(derivative), x1 + 52, y1 + 19, ORANGE if derivative else GREY)


def _gate(symbol: str, x: float, y: float) -> str:
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="17" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    return circle + text(symbol, x, y + 6, "currentColor", 18)


def _number(value: float) -> str:
    return minus(f"{value:g}")


def layer_derivatives() -> Picture:
    """The derivatives of a layer's outputs by its weights, as a table: most of them are zero."""
    N, k, m = 2, 3, 2
    side, left, top = 62, 96, 64
    cells = []
    for column, (i, j) in enumerate(np.ndindex(k, m)):
        x = left + side * (column + 0.5)
        cells.append(text(f"W[{i},{j}]", x, top - 12, "currentColor", 13))
    for row, (n, j) in enumerate(np.ndindex(N, m)):
        y = top + side * 0.6 * row
        cells.append(text(f"y[{n},{j}]", left - 12, y + 24, "currentColor", 13, anchor="end"))
        for column, (i, l) in enumerate(np.ndindex(k, m)):  # noqa: E741
            x, on = left + side * column, j == l
            cells.append(
                f'<rect x="{x:g}" y="{y:g}" width="{side}" height="{side * 0.6:g}" stroke="{GREY}" '
                f'fill="{ORANGE if on else "none"}" fill-opacity="{0.35 if on else 0}"/>'
            )
            cells.append(text(f"x[{n},{i}]" if on else "0", x + side / 2, y + 24, "currentColor" if on else GREY, 13))
    cells.append(text("derivative of this output …", 12, 22, "currentColor", 13, anchor="start"))
    cells.append(text("… with respect to this weight", left + side * 2.5, 22, "currentColor", 13, anchor="start"))
    return drawing(
        left + side * k * m + 12,
        top + side * 0.6 * N * m + 12,
        cells,
        "A table of the derivatives of four outputs y[n, j] (two examples, two outputs) with respect to six weights "
        "W[i, l] (three inputs, two outputs). Where j and l are the same the entry is x[n, i]; everywhere else it is "
        "0, which is half of the table.",
    )


def cost_map(seconds: dict[str, np.ndarray]) -> Picture:
    """The cost of forward mode divided by that of reverse mode, over inputs and outputs: counted and measured."""
    figure, panels = new_figure(9.0, 4.3, ncols=2)
    tables = {"multiplications: forward ÷ reverse": counted(), "time measured here: forward ÷ reverse": seconds}
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        ratio = table["forward"] / table["reverse"]
        for (i, j), value in np.ndenumerate(ratio):
            color, strength = (ORANGE if value > 1 else BLUE), min(abs(log10(value)) / 2.5, 1)
            axes.fill([i, i + 1, i + 1, i], [j, j, j + 1, j + 1], color=color, alpha=0.04 + 0.6 * strength, linewidth=0)
            ink = axes.xaxis.label.get_color()
            axes.text(i + 0.5, j + 0.5, _ratio(value), color=ink, ha="center", va="center", fontsize=9)
        ticks = np.arange(len(SIZES)) + 0.5
        axes.set(title=title, xlabel="inputs", xticks=ticks, xticklabels=SIZES, yticks=ticks, yticklabels=SIZES)
        axes.set(xlim=(0, len(SIZES)), ylim=(0, len(SIZES)))
        axes.tick_params(length=0)
    panels[0].set_ylabel("outputs")
    return picture(
        figure,
        "Two tables of the cost of forward mode divided by that of reverse mode, for 1 to 256 inputs and 1 to 256 "
        "outputs. Counted multiplications give exactly inputs divided by outputs: 256 for 256 inputs and one output, "
        "1/256 for one input and 256 outputs, 1 on the diagonal. The measured times lean the same way, less strongly "
        "where the arrays are small.",
    )


def _ratio(value: float) -> str:
    """A ratio in two digits, and one below 1 as a fraction: 12, 3.4, 1, 1/3.4."""
    larger = max(value, 1 / value)
    words = f"{larger:.2g}" if larger < 10 else f"{larger:.0f}"
    return words if value >= 1 or words == "1" else f"1/{words}"


def cost(seconds: dict[str, np.ndarray], outputs: int = 1) -> Picture:
    """Multiplications and time of both modes against the number of inputs, for one number of outputs."""
    figure, (left, right) = new_figure(9.0, 3.8, ncols=2)
    column = SIZES.index(outputs)
    for name, color, marker in (("forward", BLUE, "o"), ("reverse", ORANGE, "s")):
        left.loglog(SIZES, counted()[name][:, column], color=color, marker=marker, label=name)
        right.loglog(SIZES, 1e6 * seconds[name][:, column], color=color, marker=marker, label=name)
    left.set(title="multiplications, counted", xlabel="inputs", ylim=(3e4, 1e8))
    right.set(title="microseconds, measured here", xlabel="inputs")
    for axes in (left, right):
        axes.axvline(outputs, color=GREY, linewidth=1, linestyle=":")
    legend_above(left)
    numbers = {name: int(counted()[name][-1, column]) for name in MODES}
    return picture(
        figure,
        f"Cost of a Jacobian with {outputs} outputs against the number of inputs from 1 to {SIZES[-1]}, both axes "
        "logarithmic; left the counted multiplications, right the measured time. The lines of the multiplications "
        f"cross at {outputs} inputs. With {SIZES[-1]} inputs forward mode takes {numbers['forward']:,} "
        f"multiplications and reverse mode {numbers['reverse']:,}.",
    )


def cost_slider(seconds: dict[str, np.ndarray]) -> Any:
    """The cost of both modes for numbers of outputs to choose from."""
    return Choices(lambda m: cost(seconds, m), [(str(m), m) for m in SIZES], start=0, label="outputs")


def training(history: list[float], accuracy: dict[str, float]) -> Picture:
    """The mean loss of each epoch, and the accuracies at the end."""
    figure, (left, right) = new_figure(8.0, 3.2, ncols=2, width_ratios=(2, 1))
    left.plot(range(1, len(history) + 1), history, color=BLUE, marker="o", markersize=4)
    left.set(title="mean loss of an epoch", xlabel="epoch", ylim=(0, None))
    left.set_xticks(range(0, len(history) + 1, 5))
    bars = right.bar(list(accuracy), list(accuracy.values()), color=(BLUE, ORANGE, GREY)[: len(accuracy)], width=0.6)
    ink = right.xaxis.label.get_color()
    right.bar_label(bars, [f"{value:.1%}" for value in accuracy.values()], color=ink)
    right.set(title="accuracy at the end", ylim=(0, 1.12))
    shares = ", ".join(f"{name} {value:.1%}" for name, value in accuracy.items())
    return picture(
        figure,
        f"Left, the mean loss against the epoch: it falls from {history[0]:.3f} in the first to {history[-1]:.3f} in "
        f"epoch {len(history)}. Right, bars of accuracy: {shares}.",
    )
