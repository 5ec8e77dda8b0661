"""Pictures of unit 5: what broadcasting does forward and back, and how losses fall in training."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from course.figures import BLUE, GREEN, ORANGE, PURPLE, Compared, Picture, legend, new_figure, picture, with_slider

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
    left, right, top, below = 60, 420, 50, 250
    parts = [
        _text(f"b, shape {shape}", left + 84, top - 16),
        _text("forward: the copies that meet a (3, 4) array", right + 84, top - 16),
        *_grid(left, top, b, own, own),
        *_grid(right, top, copies, source, _first(source)),
        _arrow(left + 200, right - 30, top + 63, "broadcast"),
        _text(f"gradient by b, shape {shape}", left + 84, below - 16),
        _text("backward: the gradient that arrives", right + 84, below - 16),
        *_grid(left, below, back, own, own),
        *_grid(right, below, UPSTREAM, source, source),
        _arrow(right - 30, left + 200, below + 63, "add up the copies"),
    ]
    return Picture(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 390" width="640" height="390" '
        f'font-family="sans-serif" text-anchor="middle">{"".join(parts)}</svg>',
        f"Broadcasting and its reverse. Forward, an array b of shape {shape} with the entries {b.tolist()} is repeated "
        f"until it has shape (3, 4): {copies.tolist()}. Backward, a gradient of shape (3, 4) arrives, "
        f"{UPSTREAM.tolist()}, and the numbers that belong to copies of the same entry are added up. "
        f"The gradient by b has b's shape again: {back.tolist()}.",
    )


def broadcasting_slider() -> Any:
    """The picture of broadcasting with a slider for the shape of b."""
    return with_slider(broadcasting, [(str(shape), shape) for shape in SHAPES], start=0, label="shape of b")


def loss_curves(curves: dict[str, list[float]]) -> Picture:
    """Losses against the step, on a logarithmic axis, a curve for each name."""
    figure, axes = new_figure(7.0, 3.4)
    for (name, losses), color in zip(curves.items(), COLORS, strict=False):
        axes.semilogy(np.arange(len(losses)), losses, color=color, label=f"{name}: {losses[-1]:.3f} at the end")
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
    """Cells with a number and a colour each; dashed where ``solid`` is -1."""
    table = values.reshape(1, -1) if values.ndim < 2 else values
    inset = 2
    for (i, j), number in np.ndenumerate(table):
        color = COLORS[int(colors.reshape(table.shape)[i, j])]
        dashed = ' stroke-dasharray="4 3" stroke-opacity="0.8"' if solid.reshape(table.shape)[i, j] < 0 else ""
        left, top = x + j * CELL + inset, y + i * CELL + inset
        yield (
            f'<rect x="{left:g}" y="{top:g}" width="{CELL - 2 * inset}" height="{CELL - 2 * inset}" rx="4" '
            f'fill="{color}" fill-opacity="0.14" stroke="{color}" stroke-width="2"{dashed}/>'
        )
        yield _text(str(number).replace("-", "−"), x + j * CELL + CELL / 2, y + i * CELL + CELL / 2 + 5)


def _arrow(start: float, end: float, y: float, label: str) -> str:
    back = 9 if end < start else -9
    return (
        f'<path d="M{start:g},{y:g} L{end:g},{y:g} m{back},-6 l{-back},6 l{back},6" fill="none" '
        f'stroke="currentColor" stroke-width="1.8"/>{_text(label, (start + end) / 2, y - 10)}'
    )


def _text(text: str, x: float, y: float) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="currentColor" font-size="14">{escape(text)}</text>'
