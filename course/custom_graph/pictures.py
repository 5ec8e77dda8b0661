"""Pictures of unit 3: any graph of nodes as SVG, the backward pass step by step, and what the moon network learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from course.choices import Choices
from course.custom_graph.boxes import Plan, label, local_derivatives, number
from course.drawing import drawing, minus, text
from course.figures import BLUE, ORANGE, RED, Compared, Picture, legend_above, new_figure, picture

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

KEY = "in a box its value, below it its gradient; on a line × the local derivative"


def draw(output: Any, newest: Sequence[Any] = (), lost: Sequence[tuple[Any, Any]] = (), note: str = "") -> Picture:
    """The graph of a node: a box for every node, with its name or operation, its value and its gradient.

    A graph of few layers goes from left to right, any other from top to bottom. newest: nodes that are marked;
    lost: pairs (input, node) whose line is dashed; note: a sentence below.
    Raises ValueError for a graph with a cycle or with more than 60 nodes.
    """
    plan = Plan(output)
    parts = []
    for node in plan.nodes:
        for port, before in enumerate(node.inputs):
            gone = any(before is a and node is b for a, b in lost)
            parts.append(plan.line(before, node, port, gone))
        parts.append(plan.box(node, any(node is other for other in newest)))
    width, height = max(plan.width, 600), plan.height
    body = [f'<g transform="translate({(width - plan.width) / 2:g})">{"".join(parts)}</g>']
    if note:
        height += 28
        body.append(text(note, width / 2, height - 8, size=15))
    height += 24
    body.append(text(KEY, width / 2, height - 8, size=12))
    said = "; ".join(_said(node) for node in reversed(plan.nodes))
    way = "inputs on the left, output on the right" if plan.level else "inputs above, output below"
    return drawing(width, height, body, f"A graph of {len(plan.nodes)} boxes, {way}. {said}. {note}".strip())


def _said(node: Any) -> str:
    given = [
        f"{label(n)} (local derivative {number(d) or 'unknown'})"
        for n, d in zip(node.inputs, local_derivatives(node), strict=True)
    ]
    inputs = f" of {', '.join(given)}" if given else ""
    value, gradient = number(node.value) or "none yet", number(node.gradient) or "none yet"
    return f"{label(node)}{inputs}: value {value}, gradient {gradient}"


# --- two small graphs -----------------------------------------------------------------------------


def _node(name: str, value: float, *inputs: tuple[Any, float]) -> Any:
    """A node of a drawing; inputs are pairs (node, local derivative with respect to it)."""
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
    "The derivative of f with respect to itself is 1. f hands 1 · 3 to a and 1 · 6 to b.",
    "b hands 6 · 1 to x. The gradient of x is not complete yet.",
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
    """The diamond step by step backward."""
    steps = [(f"{n} of {len(DIAMOND_STEPS) - 1}", n) for n in range(len(DIAMOND_STEPS))]
    return Choices(diamond, steps, start=0, label="step backward")


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
    figure, axes = new_figure(6.4, 4.2)
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
        axes.plot(mine[:, 0], mine[:, 1], mark, color=color, markersize=5, label=f"label {minus(str(side))}")
    axes.set(xlabel="x₀", ylabel="x₁", xlim=(-1.6, 2.6), ylim=(-1.0, 1.5), aspect="equal")
    legend_above(axes)
    return picture(
        figure,
        f"{len(points)} points in two half-moons that reach into each other: round blue ones in an arch above, "
        f"square orange ones in a bowl below.{right}",
    )
