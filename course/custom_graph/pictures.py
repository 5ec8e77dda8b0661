"""Pictures of unit 3: any graph of nodes as SVG, the backward pass step by step, and what the moon network learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from course.custom_graph.layout import Layout
from course.figures import BLUE, ORANGE, RED, Compared, Picture, new_figure, picture, with_slider

COMPARED = {
    "backward_through": (
        Compared("a node used by two others", "gradient of each node"),
        Compared("a node used twice by one", "gradient of each node"),
        Compared("run twice", "gradient of each node"),
        Compared("a chain", "gradient of each node"),
    ),
    "neuron_loss": (Compared("gradient with respect to w"), Compared("gradient with respect to x")),
    "softplus": (Compared("values", "softplus"), Compared("slopes", "slope")),
}

WIDTH, HEIGHT, STEP_X, STEP_Y, MARGIN = 86, 62, 112, 80, 6
FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
SYMBOLS = {
    "Add": "+", "Subtract": "−", "Multiply": "×", "Exp": "eˣ", "Inverse": "1/x", "Log": "ln", "Power": "x^{}",
    "Scale": "× {}", "AddConstant": "+ {}", "Sigmoid": "σ", "Tanh": "tanh", "WeightedSum": "Σ w·x",
}  # fmt: skip
Point = tuple[float, float]


def draw(output: Any, newest: Sequence[Any] = (), lost: Sequence[tuple[Any, Any]] = (), note: str = "") -> Picture:
    """The graph of a node: a box for every node, with its name or operation, its value and its gradient.

    newest: nodes that are marked; lost: pairs (input, node) whose line is dashed; note: a sentence below.
    Raises ValueError for a graph with a cycle or with more than 60 nodes.
    """
    layout = Layout(output)
    corner = {key: (MARGIN + STEP_X * x, MARGIN + STEP_Y * y) for key, (x, y) in layout.place.items()}
    right = max(x for x, _ in corner.values()) + WIDTH + MARGIN
    bottom = max(y for _, y in corner.values()) + HEIGHT + MARGIN
    lines = []
    for node in layout.nodes:
        ways = [[corner[key] for key in layout.ways[id(before), id(node)]] for before in node.inputs]
        gone = [any(before is a and node is b for a, b in lost) for before in node.inputs]
        for i, (way, dashed) in enumerate(sorted(zip(ways, gone, strict=True), key=lambda pair: pair[0][-2][1])):
            lines.append(_line(way, 12 * (i - (len(ways) - 1) / 2), dashed))
        lines.append(_box(node, *corner[id(node)], any(node is other for other in newest)))
    body = "".join(lines)
    if note:
        wide, bottom = max(right, 560, 8 * len(note)), bottom + 28
        body = f'<g transform="translate({(wide - right) / 2:g})">{body}</g>'
        body, right = body + _text(note, wide / 2, bottom - 9, "currentColor", 15), wide
    said = "; ".join(_said(node) for node in reversed(layout.nodes))
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:g} {bottom:g}" width="{right:g}" '
        f'height="{bottom:g}" font-family="sans-serif" text-anchor="middle">{body}</svg>',
        f"A graph of {len(layout.nodes)} boxes, inputs on the left, output on the right. {said}. {note}".strip(),
    )


def _line(way: list[Point], offset: float, lost: bool) -> str:
    """A line from the right side of a box to the left side of another one, through the places between them."""
    (x, y), *between, (end_x, end_y) = way
    points = [(x + WIDTH, y + HEIGHT / 2)]
    for x, y in between:
        points += [(x, y + HEIGHT / 2), (x + WIDTH, y + HEIGHT / 2)]
    points.append((end_x, end_y + HEIGHT / 2 + offset))
    path = f"M{points[0][0]:g},{points[0][1]:g}"
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        path += f" C{middle:g},{y1:g} {middle:g},{y2:g} {x2:g},{y2:g}"
    style = f'stroke="{RED}" stroke-width="2" stroke-dasharray="5 4"' if lost else 'stroke="currentColor"'
    return f'<path d="{path}" fill="none" {style}/>'


def _box(node: Any, x: float, y: float, new: bool) -> str:
    border = f'stroke="{NEW}" stroke-width="3"' if new else 'stroke="currentColor" stroke-width="1.4"'
    corners, middle = 4 if node.inputs else 18, x + WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{corners}" fill="none" {border}/>'
        + _text(label(node), middle, y + 18, "currentColor", 14, bold=True)
        + _text(number(node.value), middle, y + 36, FORWARD, 14)
        + _text(number(node.gradient), middle, y + 54, NEW if new else BACKWARD, 14)
    )


def _text(text: str, x: float, y: float, color: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{color}" font-size="{size}"{weight}>{escape(text)}</text>'


def _said(node: Any) -> str:
    inputs = f" of {', '.join(label(before) for before in node.inputs)}" if node.inputs else ""
    value, gradient = number(node.value) or "none yet", number(node.gradient) or "none yet"
    return f"{label(node)}{inputs}: value {value}, gradient {gradient}"


def label(node: Any) -> str:
    """A node's name, or the sign of its operation."""
    if node.name or node.operation is None:
        return node.name or "input"
    kind = type(node.operation).__name__
    return SYMBOLS.get(kind, kind).format(number(getattr(node.operation, "constant", 0.0)))


def number(value: Any) -> str:
    """A number with about four digits and a real minus sign; nothing for None."""
    return "" if value is None else f"{value:.4g}".replace("-", "−").replace("e−0", "e−")


# --- two small graphs -----------------------------------------------------------------------------


def _node(name: str, value: float, *inputs: tuple[Any, float]) -> Any:
    """A node of a drawing; inputs are pairs (node, slope by it)."""
    slopes = [slope for _, slope in inputs]
    nodes = [node for node, _ in inputs]
    return SimpleNamespace(name=name, value=value, gradient=None, inputs=nodes, slopes=slopes, operation=None)


def _diamond() -> list[Any]:
    """f = 3x · (x + 1) at x = 2, in order."""
    x = _node("x", 2.0)
    a, b = _node("a = 3x", 6.0, (x, 3.0)), _node("b = x + 1", 3.0, (x, 1.0))
    return [x, a, b, _node("f = a·b", 18.0, (a, 3.0), (b, 6.0))]


DIAMOND_STEPS = (
    "Forward: x is used twice, by a and by b.",
    "The derivative of f by itself is 1. It hands 3 to a and 6 to b.",
    "b hands 1 · 6 to x. The gradient of x is not complete yet.",
    "a hands 3 · 3 to x, which is added: 6 + 9 = 15.",
)


def diamond(step: int = -1) -> Picture:
    """The diamond after so many steps backward; all of them by default."""
    step %= len(DIAMOND_STEPS)
    order = _diamond()
    newest = order[-1:] if step else []
    if step:
        order[-1].gradient = 1.0
    for node in order[::-1][:step]:
        newest = [node, *node.inputs]
        for before, slope in zip(node.inputs, node.slopes, strict=True):
            before.gradient = (before.gradient or 0.0) + slope * node.gradient
    return draw(order[-1], newest, note=DIAMOND_STEPS[step])


def diamond_slider() -> Any:
    """The diamond with a slider for the steps backward."""
    steps = [(f"{n} of {len(DIAMOND_STEPS) - 1}", n) for n in range(len(DIAMOND_STEPS))]
    return with_slider(diamond, steps, start=0, label="step backward", still=-1)


def one_pointer() -> Picture:
    """The diamond as a chain of next pointers sees it: the line from x to a is lost."""
    x, a, b, f = _diamond()
    f.gradient, b.gradient, x.gradient = 1.0, 6.0, 6.0
    return draw(f, lost=[(x, a), (a, f)], note="x.next was a; then it became b, and the way by a was lost.")


# --- the moons ------------------------------------------------------------------------------------


def moon_grid(across: int = 40, down: int = 25) -> list[list[float]]:
    """Points that cover the plane of the moons, row by row."""
    return [[float(x), float(y)] for y in np.linspace(-1.0, 1.5, down) for x in np.linspace(-1.6, 2.6, across)]


def moons(
    points: Sequence[Any], labels: Sequence[int], score: Callable[[list[list[float]]], Any] | None = None
) -> Picture:
    """The points and, if ``score`` is given, where a network's score is positive. ``score`` takes a list of points."""
    figure, axes = new_figure(6.4, 3.8)
    right = ""
    if score is not None:
        grid = np.array(moon_grid())
        scores = np.reshape(score(grid.tolist()), (25, 40))
        xs, ys = grid[:40, 0], grid[::40, 1]
        axes.contourf(xs, ys, scores, levels=[-np.inf, 0, np.inf], colors=[ORANGE, BLUE], alpha=0.25)
        axes.contour(xs, ys, scores, levels=[0], colors=[RED], linewidths=1.5)
        found = np.sign(score([list(p) for p in points]))
        right = (
            f" The network's border winds between them; {int((found == labels).sum())} of them lie on their own side."
        )
    for side, color, mark in ((1, BLUE, "o"), (-1, ORANGE, "s")):
        mine = np.array([p for p, t in zip(points, labels, strict=True) if t == side])
        axes.plot(mine[:, 0], mine[:, 1], mark, color=color, markersize=5)
    axes.set(xlim=(-1.6, 2.6), ylim=(-1.0, 1.5), aspect="equal")
    return picture(
        figure,
        f"{len(points)} points in two half-moons that reach into each other: round blue ones in an arch above, "
        f"square orange ones in a bowl below.{right}",
    )
