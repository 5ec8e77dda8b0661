"""Pictures of unit 9: softmax and temperature, naive against stable loss, the network with its shapes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from course.choices import Choices
from course.drawing import drawing, text
from course.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Compared, Picture, legend, new_figure, picture

COMPARED = {
    "log_softmax": (Compared("a batch, one example a row", "log-probability"), Compared("a vector", "log-probability")),
    "forward": (Compared("z1", "z1"), Compared("h2", "h2"), Compared("p", "probability")),
    "backward": tuple(Compared(part, item=("class 0 is right",)) for part in ("dh2", "dW2", "dh1", "dW1")),
    "loss_from_scores": (Compared("probabilities", "probability"),),
}

SCORES = np.array([2.0, 1.0, -1.0, 0.5])
UNIT = 6  # pixels for each row or column of a drawn matrix
MIDDLE = 140


def softmax(temperature: float = 1.0) -> Picture:
    """Four scores and the softmax of the scores divided by the temperature, as bars."""
    scaled = SCORES / temperature
    p = np.exp(scaled - scaled.max())
    p /= p.sum()
    figure, (left, right) = new_figure(8.0, 2.9, ncols=2)
    classes = np.arange(len(SCORES))
    left.bar(classes, SCORES, color=GREY, width=0.6)
    left.axhline(0, color=GREY, linewidth=0.8)
    right.bar(classes, p, color=BLUE, width=0.6)
    for n in classes:
        right.annotate(f"{p[n]:.3f}", (n, p[n]), xytext=(0, 3), textcoords="offset points", ha="center", color=BLUE)
    left.set(title="scores s", xlabel="class", xticks=classes, ylim=(-1.4, 2.4))
    right.set(title=f"softmax of s / {temperature:g}", xlabel="class", xticks=classes, ylim=(0, 1.12))
    values = ", ".join(f"{value:.3f}" for value in p)
    return picture(
        figure,
        f"Two bar charts over four classes. Left the scores 2, 1, −1 and 0.5, right the softmax of the scores divided "
        f"by the temperature {temperature:g}: {values}. A low temperature leaves almost everything to the highest "
        "score, a high one makes all classes almost equal.",
    )


def softmax_slider() -> Any:
    """The bars for temperatures to choose from."""
    return Choices(softmax, [(f"{t:g}", t) for t in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)], start=3, label="temperature")


def losses(size: np.ndarray, dtype: Any = np.float64) -> dict[str, np.ndarray]:
    """The loss of the scores (s, 0, -s) for the third class, computed in three ways, for every s of an array.

    A loss that comes out as inf or NaN is NaN here.
    """
    s: np.ndarray = np.asarray(size, dtype=dtype)
    scores = np.stack([s, 0 * s, -s], axis=-1)
    with np.errstate(all="ignore"):
        raised = np.exp(scores)
        naive = -np.log(raised[..., 2] / raised.sum(axis=-1))
        shifted = scores - scores.max(axis=-1, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
        hidden = -np.log(p[..., 2] + dtype(1e-12))
    stable = np.log(np.exp(shifted).sum(axis=-1)) - shifted[..., 2]
    return {
        "naive": np.where(np.isfinite(naive), naive, np.nan),
        "with 1e-12 added": hidden,
        "stable": stable,
    }


def naive_against_stable() -> Picture:
    """The loss over scores that grow, computed naively, with a small number added, and stably."""
    figure, axes = new_figure(8.0, 3.6)
    size = np.linspace(0, 800, 3201)
    found, single = losses(size), losses(size, np.float32)
    axes.plot(size, found["stable"], color=GREEN, linewidth=6, label="stable")
    axes.plot(size, found["naive"], color=PURPLE, linewidth=2, label="naive, float64")
    axes.plot(size, single["naive"], color=RED, linewidth=4, label="naive, float32")
    axes.plot(size, found["with 1e-12 added"], color=ORANGE, linewidth=1.8, linestyle="--", label="−ln(p + 1e-12)")
    for values, name, color in ((found["naive"], "float64", PURPLE), (single["naive"], "float32", RED)):
        last = np.flatnonzero(np.isfinite(values))[-1]
        axes.plot(size[last], values[last], "x", color=color, markersize=9, markeredgewidth=2)
        words, place = f"{name}: from here on inf", (size[last], values[last])
        axes.annotate(words, place, xytext=(26, -4), textcoords="offset points", color=color)
    axes.set(xlabel="s, for the scores (s, 0, −s)", ylabel="loss of the third class")
    legend(axes, loc="upper left")
    return picture(
        figure,
        "The loss of the third class for the scores s, 0, −s with s from 0 to 800. The stable way follows the straight "
        "line 2 s up to 1600. The naive way lies on it and ends: near s = 372 in float64, near s = 51 in float32; from "
        "there on it is infinite. With 1e-12 added to p the loss bends off and stays at 27.6 for every s above 20.",
    )


def layers(backward: bool = True) -> Picture:
    """The network 10 → 20 → 3 from x to L: shapes forward above, and those of the gradients below."""
    blocks = [  # name, x of the middle, columns, rows, shape, gradient
        ("x", 35, 2, 10, "(10,)", ""),
        ("W1", 122, 10, 20, "(20, 10)", "dW1"),
        ("h1", 215, 2, 20, "(20,)", "dh1"),
        ("z1", 335, 2, 20, "(20,)", "dz1"),
        ("W2", 450, 20, 3, "(3, 20)", "dW2"),
        ("h2", 567, 2, 3, "(3,)", "dh2"),
        ("p", 705, 2, 3, "(3,)", ""),
        ("L", 865, 2, 1, "()", "1"),
    ]
    gates = [("σ", 275, 34), ("softmax", 636, 76), ("−label · ln p", 786, 98)]
    lines = [_block(*block, backward) for block in blocks] + [_gate(*gate) for gate in gates]
    edges = [(left(b), right(b)) for b in blocks] + [(x - w / 2, x + w / 2) for _, x, w in gates]
    edges.sort()
    for (_, start), (end, _) in pairwise(edges):
        lines.append(_arrow(start + 4, end - 4, MIDDLE - 7 if backward else MIDDLE, BLUE))
        if backward and start > 40:
            lines.append(_arrow(end - 4, start + 4, MIDDLE + 7, RED))
    lines.append(text("forward: values and their shapes", 450, 18, BLUE, 14))
    if backward:
        lines.append(text("backward: each gradient has the shape of what it belongs to", 450, 300, RED, 14))
    forward = ", ".join(f"{name} {shape}" for name, _, _, _, shape, _ in blocks)
    back = ", ".join(f"{gradient} {shape}" for _, _, _, _, shape, gradient in reversed(blocks) if gradient[:1] == "d")
    height = 312 if backward else 245
    return drawing(
        900,
        height,
        lines,
        f"The network from left to right, vectors and matrices drawn as high as they have rows, with the shapes above: "
        f"{forward}. A sigmoid σ leads from h1 to z1, a softmax from h2 to p, −label · ln p from p to the loss L."
        + (f" Back from right to left go the gradients, written below: {back}." if backward else ""),
    )


def left(block: tuple) -> float:
    """The x of the left edge of a block of the network."""
    return block[1] - block[2] * UNIT / 2


def right(block: tuple) -> float:
    """The x of the right edge of a block of the network."""
    return block[1] + block[2] * UNIT / 2


def _block(name: str, x: float, columns: int, rows: int, shape: str, gradient: str, backward: bool) -> str:
    width, height = columns * UNIT, rows * UNIT
    top = MIDDLE - height / 2
    box = (
        f'<rect x="{x - width / 2:g}" y="{top:g}" width="{width}" height="{height}" fill="{GREY}" '
        'fill-opacity="0.25" stroke="currentColor" stroke-width="1.4"/>'
    )
    above = text(name, x, 46, BLUE, 16) + text(shape, x, 64, BLUE, 13)
    if not backward or not gradient:
        return box + above
    return box + above + text(gradient, x, 232, RED, 16) + (text(shape, x, 252, RED, 13) if gradient != "1" else "")


def _gate(symbol: str, x: float, width: float) -> str:
    box = (
        f'<rect x="{x - width / 2:g}" y="{MIDDLE - 17}" width="{width:g}" height="34" rx="17" fill="none" '
        'stroke="currentColor" stroke-width="1.6"/>'
    )
    return box + text(symbol, x, MIDDLE + 5, "currentColor", 14)


def _arrow(start: float, end: float, y: float, color: str) -> str:
    tip = -5 if end > start else 5
    return (
        f'<path d="M{start:g},{y:g} L{end:g},{y:g} M{end + tip:g},{y - 4:g} L{end:g},{y:g} L{end + tip:g},{y + 4:g}" '
        f'fill="none" stroke="{color}" stroke-width="1.6"/>'
    )
