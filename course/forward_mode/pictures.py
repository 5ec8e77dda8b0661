"""Pictures of unit 4: a forward pass, the derivatives of a layer, the cost of both modes, a training run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from html import escape
from itertools import pairwise
from math import log10
from time import perf_counter
from typing import Any

import numpy as np

from course.figures import BLUE, GREY, ORANGE, Compared, Picture, legend, new_figure, picture, with_slider

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

SIZES = (1, 4, 16, 64, 256)  # of inputs and of outputs, where the two modes are compared
HIDDEN = 256
Mode = Callable[[list[np.ndarray]], tuple[np.ndarray, int]]
INPUTS = {"x": -2.0, "y": 5.0, "z": -4.0}


def forward_pass(moving: str = "x") -> Picture:
    """The graph of (x + y)·z with, below each value, its derivative by the input that moves."""
    x, y, z = INPUTS.values()
    dx, dy, dz = (float(name == moving) for name in INPUTS)
    q, dq = x + y, dx + dy
    f, df = q * z, dq * z + q * dz
    lines = [
        _wire("x", x, dx, (30, 45), (224, 78)),
        _wire("y", y, dy, (30, 130), (224, 92)),
        _wire("z", z, dz, (30, 215), (434, 152), 300),
        _wire("q", q, dq, (257, 85), (434, 136)),
        _wire("f", f, df, (467, 145), (620, 145)),
        _gate("+", 240, 85),
        _gate("×", 450, 145),
    ]
    shares = f"{_number(dq)}·({_number(z)}) + {_number(q)}·{_number(dz)}"
    sentence = f"{moving} moves: the sum has {_number(dx)} + {_number(dy)} = {_number(dq)}, the product {shares} = "
    lines.append(_text(sentence + _number(df), 325, 272, "currentColor", 15))
    below = ", ".join(f"{name} {_number(d)}" for name, d in zip("xyzqf", (dx, dy, dz, dq, df), strict=True))
    return Picture(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 650 286" width="650" height="286" '
        f'font-family="sans-serif" text-anchor="middle">{"".join(lines)}</svg>',
        f"The graph of f = (x + y)·z, gone through forward. Values above the wires: x −2, y 5, z −4, q 3, f −12. "
        f"Derivatives by {moving} below them: {below}.",
    )


def forward_slider() -> Any:
    """The forward pass with a slider for the input that moves."""
    return with_slider(forward_pass, [(name, name) for name in INPUTS], start=0, label="derivatives by")


def _wire(
    name: str,
    value: float,
    derivative: float,
    start: tuple[float, float],
    end: tuple[float, float],
    lead: float = 100,
) -> str:
    (x1, y1), (x2, y2) = start, end
    bend = x2 if y1 == y2 else x1 + lead
    line = (
        f'<polyline points="{x1:g},{y1:g} {bend:g},{y1:g} {x2:g},{y2:g}" fill="none" '
        f'stroke="{ORANGE if derivative else "currentColor"}" stroke-width="{2.6 if derivative else 1.4}"/>'
    )
    above = _text(f"{name} = {_number(value)}", x1 + 52, y1 - 8, BLUE, 14)
    return line + above + _text(_number(derivative), x1 + 52, y1 + 19, ORANGE if derivative else GREY, 14)


def _gate(symbol: str, x: float, y: float) -> str:
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="17" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    return circle + _text(symbol, x, y + 6, "currentColor", 18)


def _text(text: str, x: float, y: float, color: str, size: int, anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{color}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def layer_derivatives() -> Picture:
    """The derivatives of a layer's outputs by its weights, as a table: most of them are zero."""
    N, k, m = 2, 3, 2
    side, left, top = 62, 96, 64
    cells = []
    for column, (i, j) in enumerate(np.ndindex(k, m)):
        x = left + side * (column + 0.5)
        cells.append(_text(f"W[{i},{j}]", x, top - 12, "currentColor", 13))
    for row, (n, j) in enumerate(np.ndindex(N, m)):
        y = top + side * 0.6 * row
        cells.append(_text(f"y[{n},{j}]", left - 12, y + 24, "currentColor", 13, "end"))
        for column, (i, l) in enumerate(np.ndindex(k, m)):  # noqa: E741
            x, on = left + side * column, j == l
            cells.append(
                f'<rect x="{x:g}" y="{y:g}" width="{side}" height="{side * 0.6:g}" stroke="{GREY}" '
                f'fill="{ORANGE if on else "none"}" fill-opacity="{0.35 if on else 0}"/>'
            )
            cells.append(_text(f"x[{n},{i}]" if on else "0", x + side / 2, y + 24, "currentColor" if on else GREY, 13))
    cells.append(_text("derivative of this output …", 12, 22, "currentColor", 13, "start"))
    cells.append(_text("… by this weight", left + side * 3, 22, "currentColor", 13, "start"))
    width, height = left + side * k * m + 12, top + side * 0.6 * N * m + 12
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="sans-serif">{"".join(cells)}</svg>',
        "A table of the derivatives of four outputs y[n, j] (two examples, two outputs) by six weights W[i, l] (three "
        "inputs, two outputs). Where j and l are the same the entry is x[n, i]; everywhere else it is 0, which is "
        "half of the table.",
    )


def chain(inputs: int, outputs: int) -> list[np.ndarray]:
    """The Jacobians of three stages, from inputs through HIDDEN and HIDDEN numbers to outputs; fixed values."""
    rng = np.random.default_rng(4)
    dims = (inputs, HIDDEN, HIDDEN, outputs)
    return [rng.normal(size=(after, before)) for before, after in pairwise(dims)]


def forward_mode(stages: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The Jacobian of all stages, multiplied from the input's end, and the multiplications that it took."""
    J, count = np.eye(stages[0].shape[1]), 0
    for stage in stages:
        J, count = stage @ J, count + stage.size * J.shape[1]
    return J, count


def reverse_mode(stages: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The Jacobian of all stages, multiplied from the output's end, and the multiplications that it took."""
    J, count = np.eye(stages[-1].shape[0]), 0
    for stage in reversed(stages):
        J, count = J @ stage, count + stage.size * J.shape[0]
    return J, count


MODES = {"forward": forward_mode, "reverse": reverse_mode}


@cache
def counted() -> dict[str, np.ndarray]:
    """Multiplications of both modes for every number of inputs (rows) and of outputs (columns) in SIZES."""
    return {name: _table(partial(_multiplications, mode)) for name, mode in MODES.items()}


def measured(repeats: int = 5) -> dict[str, np.ndarray]:
    """Seconds of both modes on one core, the shortest of some repeats, in tables like those of ``counted``."""
    return {name: _table(partial(_seconds, repeats, mode)) for name, mode in MODES.items()}


def _table(number: Callable[[list[np.ndarray]], float]) -> np.ndarray:
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    with threadpool_limits(1):
        return np.array([[number(chain(n, m)) for m in SIZES] for n in SIZES], dtype=float)


def _multiplications(mode: Mode, stages: list[np.ndarray]) -> int:
    return mode(stages)[1]


def _seconds(repeats: int, mode: Mode, stages: list[np.ndarray]) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        mode(stages)
        times.append(perf_counter() - start)
    return min(times)


def cost_map(seconds: dict[str, np.ndarray]) -> Picture:
    """The cost of forward mode divided by that of reverse mode, over inputs and outputs: counted and measured."""
    figure, panels = new_figure(9.0, 4.3, ncols=2)
    tables = {"multiplications: forward ÷ reverse": counted(), "time measured here: forward ÷ reverse": seconds}
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        ratio = table["forward"] / table["reverse"]
        for (i, j), value in np.ndenumerate(ratio):
            color, strength = (ORANGE if value > 1 else BLUE), min(abs(log10(value)) / 2.5, 1)
            axes.fill([i, i + 1, i + 1, i], [j, j, j + 1, j + 1], color=color, alpha=0.04 + 0.6 * strength, linewidth=0)
            text = _ratio(value) if value >= 1 else f"1/{_ratio(1 / value)}"
            ink = axes.xaxis.label.get_color()
            axes.text(i + 0.5, j + 0.5, text, color=ink, ha="center", va="center", fontsize=9)
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
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def cost(seconds: dict[str, np.ndarray], outputs: int = 1) -> Picture:
    """Multiplications and time of both modes against the number of inputs, for one number of outputs."""
    figure, (left, right) = new_figure(9.0, 3.6, ncols=2)
    column = SIZES.index(outputs)
    for name, color, marker in (("forward", BLUE, "o"), ("reverse", ORANGE, "s")):
        left.loglog(SIZES, counted()[name][:, column], color=color, marker=marker, label=name)
        right.loglog(SIZES, 1e6 * seconds[name][:, column], color=color, marker=marker, label=name)
    left.set(title="multiplications, counted", xlabel="inputs", ylim=(3e4, 1e8))
    right.set(title="microseconds, measured here", xlabel="inputs")
    for axes in (left, right):
        axes.axvline(outputs, color=GREY, linewidth=1, linestyle=":")
    legend(left, loc="upper left")
    numbers = {name: int(counted()[name][-1, column]) for name in MODES}
    return picture(
        figure,
        f"Cost of a Jacobian with {outputs} outputs against the number of inputs from 1 to {SIZES[-1]}, both axes "
        "logarithmic; left the counted multiplications, right the measured time. The lines of the multiplications "
        f"cross at {outputs} inputs. With {SIZES[-1]} inputs forward mode takes {numbers['forward']:,} "
        f"multiplications and reverse mode {numbers['reverse']:,}.",
    )


def cost_slider(seconds: dict[str, np.ndarray]) -> Any:
    """The cost of both modes with a slider for the number of outputs."""
    return with_slider(lambda m: cost(seconds, m), [(str(m), m) for m in SIZES], start=0, label="outputs", still=2)


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
