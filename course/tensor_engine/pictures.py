"""Pictures of unit 5: what broadcasting does forward and back, and how losses fall in training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course.choices import Choices
from course.drawing import drawing, local, minus, text
from course.figures import BLUE, GREEN, ORANGE, PURPLE, Compared, Picture, legend, new_figure, picture

COMPARED = {
    "unbroadcast": (Compared("an axis was added"), Compared("a 3 by 3 array"), Compared("added and stretched")),
    "matmul_rule": (Compared("by A, (2, 3) times (3, 4)"), Compared("by B, (2, 3) times (3, 4)")),
    "sum_and_mean_rule": (
        Compared("sum along an axis of a square"),
        Compared("mean along an axis of a square"),
        Compared("mean of everything"),
    ),
    "softmax_cross_entropy": (Compared("gradient"),),
    "two_hidden_layers": (
        Compared("gradient with respect to W3"),
        Compared("gradient with respect to W2"),
        Compared("gradient with respect to W1"),
    ),
}

SHAPES = ((4,), (3, 1), (1, 4), (1,))
UPSTREAM = np.array([[1, 2, 0, -1], [3, -1, 1, 2], [0, 1, 2, -2]])
COLORS = (BLUE, ORANGE, GREEN, PURPLE)
CELL = 42


def broadcasting(shape: tuple[int, ...] = (4,)) -> Picture:
    """An array b of this shape, its copies in a 3 by 4 array, and how a gradient flows back to b."""
    b = 10 * np.arange(1, np.prod(shape) + 1).reshape(shape)
    source = np.broadcast_to(np.arange(b.size).reshape(shape), UPSTREAM.shape)
    copies = np.broadcast_to(b, UPSTREAM.shape)
    back = np.zeros(b.shape, int)
    np.add.at(back.reshape(-1), source, UPSTREAM)
    own = np.arange(b.size).reshape(shape)
    left, right, top, below = 20, 400, 44, 226
    parts = [
        text(f"b, shape {shape}", left, top - 16, anchor="start"),
        text("forward: copied to shape (3, 4)", right, top - 16, anchor="start"),
        *_grid(left, top, b, own, own),
        *_grid(right, top, copies, source, _first(source)),
        _arrow(left + 190, right - 30, top + 63, "copy", "×1 for each copy"),
        text(f"gradient with respect to b, shape {shape}", left, below - 16, anchor="start"),
        text("backward: the upstream gradient", right, below - 16, anchor="start"),
        *_grid(left, below, back, own, own),
        *_grid(right, below, UPSTREAM, source, source),
        _arrow(right - 30, left + 190, below + 63, "add up the copies", "×1 for each copy"),
    ]
    return drawing(
        640,
        364,
        parts,
        f"Broadcasting and its reverse. Forward, an array b of shape {shape} with the entries {b.tolist()} is repeated "
        f"until it has shape (3, 4): {copies.tolist()}. Backward, a gradient of shape (3, 4) arrives, "
        f"{UPSTREAM.tolist()}, and the numbers that belong to copies of the same entry, marked by the "
        "same letter, are added up: the local derivative of each copy is 1. "
        f"The gradient with respect to b has b's shape again: {back.tolist()}.",
    )


def broadcasting_slider() -> Any:
    """The picture of broadcasting for shapes of b to choose from."""
    return Choices(broadcasting, [(str(shape), shape) for shape in SHAPES], start=0, label="shape of b")


def loss_curves(curves: dict[str, list[float]]) -> Picture:
    """Losses against the step, on a logarithmic axis, a curve for each name."""
    figure, axes = new_figure(7.0, 3.4)
    for (name, losses), color, line in zip(curves.items(), COLORS, ("-", "--", "-.", ":"), strict=False):
        axes.semilogy(np.arange(len(losses)), losses, line, color=color, label=f"{name}: {losses[-1]:.3f} at the end")
    axes.set(xlabel="step", ylabel="loss")
    axes.set_yticks([1, 0.5, 0.2, 0.1, 0.05, 0.02], ["1", "0.5", "0.2", "0.1", "0.05", "0.02"])
    axes.minorticks_off()
    everything = np.concatenate(list(curves.values()))
    axes.set_ylim(0.85 * everything.min(), 1.15 * everything.max())
    legend(axes)
    told = "; ".join(f"{name} from {losses[0]:.3f} to {losses[-1]:.3f}" for name, losses in curves.items())
    steps = max(len(losses) for losses in curves.values()) - 1
    return picture(figure, f"The loss over {steps} steps of gradient descent, on a logarithmic axis: {told}.")


def _first(source: np.ndarray) -> np.ndarray:
    """The source of each entry where it appears for the first time, -1 where it is a copy."""
    places = np.unique(source, return_index=True)[1]
    return np.where(np.isin(np.arange(source.size), places).reshape(source.shape), source, -1)


def _grid(x: float, y: float, values: np.ndarray, colors: np.ndarray, solid: np.ndarray) -> Iterator[str]:
    """Cells with a number and the letter and colour of their entry of b; dashed where ``solid`` is -1."""
    table = values.reshape(1, -1) if values.ndim < 2 else values
    inset = 2
    for (i, j), number in np.ndenumerate(table):
        color = COLORS[int(colors.reshape(table.shape)[i, j])]
        dashed = ' stroke-dasharray="4 3"' if solid.reshape(table.shape)[i, j] < 0 else ""
        left, top = x + j * CELL + inset, y + i * CELL + inset
        yield (
            f'<rect x="{left:g}" y="{top:g}" width="{CELL - 2 * inset}" height="{CELL - 2 * inset}" rx="4" '
            f'fill="{color}" fill-opacity="0.14" stroke="{color}" stroke-width="2"{dashed}/>'
        )
        entry = int(colors.reshape(table.shape)[i, j])
        yield text("abcd"[entry], left + 8, top + 11, size=11)
        yield text(minus(str(number)), left + CELL / 2, top + CELL / 2 + 7)


def _arrow(start: float, end: float, y: float, label: str, below: str) -> str:
    back = 9 if end < start else -9
    return (
        f'<path d="M{start:g},{y:g} L{end:g},{y:g} m{back},-6 l{-back},6 l{back},6" fill="none" '
        f'stroke="currentColor" stroke-width="1.8"/>{text(label, (start + end) / 2, y - 10)}'
        + local(below, (start + end) / 2, y + 16)
    )
