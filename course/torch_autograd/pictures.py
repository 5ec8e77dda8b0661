"""Pictures of unit 7: the graph that autograd recorded, drawn from the tensors themselves, and what accumulates."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from course.figures import BLUE, GREEN, GREY, ORANGE, RED, Compared, Picture, legend, new_figure, picture, with_slider

COMPARED = {
    "value_and_gradients": (Compared("the gradients of (x + y)·z"),),
    "softmax_cross_entropy": (Compared("the gradient, a one-hot label"),),
    "accumulated_gradient": (Compared("batches of different lengths"), Compared("an old gradient in w.grad")),
    "descend": (Compared("the losses of five steps", "loss", curve=True), Compared("w after five steps", "w")),
    "swish": (Compared("forward", "Swish"), Compared("backward of the sum"), Compared("an operation after it")),
}

NARROW, HIGH = 118, 44  # least width, and height, of a node
GAP, ROW = 48, 74  # between two layers, and from one row to the next
MARGIN = 16


@dataclass
class Node:
    """One node of a recorded graph: its titles, the nodes that it hands gradients to, and its place."""

    title: str
    below: str
    leaf: bool
    inputs: list[int]
    layer: int = 0
    row: float = 0.0


def recorded(result: Any, **names: Any) -> Picture:
    """The graph behind a tensor, as autograd recorded it, from its leaves on the left to the tensor on the right.

    names: the leaves, by the names under which they shall appear. What requires no gradient is not in the graph.
    Raises ValueError if nothing was recorded.
    """
    if not result.requires_grad:
        raise ValueError("recorded: the tensor must have a graph behind it, got one that requires no gradient")
    nodes = _walk(result, names)
    for parent in nodes:  # a node follows all of its users here, so one pass gives the longest way from the result
        for i in parent.inputs:
            nodes[i].layer = max(nodes[i].layer, parent.layer + 1)
    _place_rows(nodes)
    return _draw(nodes)


def _walk(result: Any, names: dict[str, Any]) -> list[Node]:
    """All nodes behind a tensor, users before what they use (iterative, by counting the users of each)."""
    root = result.grad_fn
    if root is None:
        return [_leaf(result, names)]
    users, found, waiting = {root: 0}, [], [root]
    while waiting:
        fn = waiting.pop(0)
        for inner, _ in fn.next_functions:
            if inner is not None and inner not in users:
                users[inner] = 0
                waiting.append(inner)
            if inner is not None:
                users[inner] += 1
    waiting = [root]
    while waiting:
        fn = waiting.pop(0)
        found.append(fn)
        for inner, _ in fn.next_functions:
            if inner is not None:
                users[inner] -= 1
                if users[inner] == 0:
                    waiting.append(inner)
    places = {fn: place for place, fn in enumerate(found)}
    return [_node(fn, names, [places[i] for i, _ in fn.next_functions if i is not None]) for fn in found]


def _node(fn: Any, names: dict[str, Any], inputs: list[int]) -> Node:
    if hasattr(fn, "variable"):
        return _leaf(fn.variable, names)
    return Node(fn.name().rpartition("::")[2], "", False, inputs)


def _leaf(tensor: Any, names: dict[str, Any]) -> Node:
    name = next((name for name, given in names.items() if given is tensor), "leaf")
    if tensor.ndim:
        return Node(f"{name} {tuple(tensor.shape)}", "AccumulateGrad", True, [])
    return Node(f"{name} = {tensor.item():g}".replace("-", "−"), "AccumulateGrad", True, [])


def _place_rows(nodes: list[Node]) -> None:
    """Within a layer, nodes stand in the order of their users, spread evenly about the middle."""
    wanted: dict[int, float] = {}
    for i, node in enumerate(nodes):
        users = [user.row + 0.1 * user.inputs.index(i) for user in nodes if i in user.inputs]
        wanted[i] = sum(users) / len(users) if users else 0.0
        same = sorted((j for j in wanted if nodes[j].layer == node.layer), key=wanted.__getitem__)
        for place, j in enumerate(same):
            nodes[j].row = place - (len(same) - 1) / 2


def _draw(nodes: list[Node]) -> Picture:
    layers = range(max(node.layer for node in nodes) + 1)
    wide = [max([NARROW, *(18 + 7.6 * len(n.title) for n in nodes if n.layer == layer)]) for layer in layers]
    spans = [nodes[i].layer - node.layer for node in nodes for i in node.inputs]
    top, low = min(node.row for node in nodes), max(node.row for node in nodes)
    width = 2 * MARGIN + sum(wide) + GAP * (len(layers) - 1)
    height = 2 * MARGIN + HIGH + (low - top) * ROW + 0.55 * max(map(_dip, spans), default=0)
    boxes = [
        (MARGIN + sum(wide[n.layer + 1 :]) + GAP * (len(layers) - 1 - n.layer), MARGIN + (n.row - top) * ROW,
         wide[n.layer]) for n in nodes
    ]  # fmt: skip
    parts = []
    for node, box in zip(nodes, boxes, strict=True):
        for number, i in enumerate(node.inputs):
            again = node.inputs[:number].count(i)
            parts.append(_edge(box, boxes[i], nodes[i].layer - node.layer, again))
    parts += [_box(node, *box) for node, box in zip(nodes, boxes, strict=True)]
    steps = [
        f"{node.title} hands gradients to {' and '.join(nodes[i].title for i in node.inputs)}"
        for node in nodes
        if node.inputs
    ]
    leaves = ", ".join(node.title for node in nodes if node.leaf)
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="sans-serif" text-anchor="middle">{"".join(parts)}</svg>',
        f"A recorded graph, from the result on the right to the leaves on the left. "
        f"{'; '.join(steps) or 'No operation'}. Leaves, in which gradients accumulate: {leaves}.",
    )


def _dip(span: int) -> int:
    """How far a line that spans so many layers hangs down, so that it passes below what stands between."""
    return 0 if span == 1 else 62 + 26 * span


def _edge(start: tuple[float, float, float], end: tuple[float, float, float], span: int, again: int) -> str:
    """An arrow from a node to one of its inputs; from the second on, a curve beside the first."""
    x1, y1 = start[0], start[1] + HIGH / 2
    x2, y2 = end[0] + end[2], end[1] + HIGH / 2
    dip = _dip(span)
    if dip:
        x1, y1, x2, y2 = x1 + 20, start[1] + HIGH, end[0] + end[2] - 34, end[1] + HIGH
    dip += 44 * again
    middle, bottom = (x1 + x2) / 2, (y1 + y2) / 2 + dip
    dx, dy = x2 - middle, y2 - bottom
    length = (dx**2 + dy**2) ** 0.5
    ux, uy = dx / length, dy / length
    head = " ".join(f"{x2 - 9 * ux + side * 4 * uy:.1f},{y2 - 9 * uy - side * 4 * ux:.1f}" for side in (1, -1))
    curve = f"M{x1:g},{y1:g} Q{middle:g},{bottom:g} {x2 - 7 * ux:.1f},{y2 - 7 * uy:.1f}"
    line = f'<path d="{curve}" fill="none" stroke="{RED}" stroke-width="1.8"/>'
    return f'{line}<polygon points="{x2:g},{y2:g} {head}" fill="{RED}"/>'


def _box(node: Node, x: float, y: float, width: float) -> str:
    color = BLUE if node.leaf else "currentColor"
    box = (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{HIGH}" rx="8" fill="none" stroke="{color}" '
        f'stroke-width="1.8"/>'
    )
    lines = [(node.title, 14, 0)] if not node.below else [(node.title, 15, -8), (node.below, 12, 11)]
    middle, baseline = x + width / 2, y + HIGH / 2 + 5
    return box + "".join(
        f'<text x="{middle:g}" y="{baseline + dy:g}" fill="{color}" font-size="{size}">{escape(text)}</text>'
        for text, size, dy in lines
    )


def staged() -> Picture:
    """The graph of (x + y)·z at the point of the lesson."""
    import torch

    x, y, z = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (-2.0, 5.0, -4.0))
    return recorded((x + y) * z, x=x, y=y, z=z)


def loop(x: float = 2.0) -> Picture:
    """The graph of the lesson's loop: y = x, then y = y·x until y is 10 or more."""
    import torch

    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = leaf
    while y < 10:
        y = y * leaf
    return recorded(y, x=leaf)


def loop_slider() -> Any:
    """The graph of the loop with a slider for x."""
    return with_slider(loop, [(f"{x:g}", x) for x in (1.6, 2.0, 3.0, 5.0)], start=1, label="x")


def accumulation(gradients: tuple[float, ...] = (-4.0, -4.0, 3.0), calls: int = 3) -> Picture:
    """What .grad of x, y, z holds after each of some backward calls, without and with zero_grad before each."""
    figure, panels = new_figure(8.6, 3.4, ncols=2, sharey=True)
    bars = np.arange(len(gradients))
    for axes, title in zip(panels, ("never cleared", "cleared before each call"), strict=True):
        ink = axes.spines["left"].get_edgecolor()
        for call in range(1, calls + 1):
            times = call if title == "never cleared" else 1
            heights = times * np.array(gradients)
            color = (BLUE, ORANGE, RED)[call - 1]
            drawn = axes.bar(bars + 0.27 * (call - 2), heights, 0.24, color=color, label=f"after call {call}")
            labels = [f"{height:g}".replace("-", "−") for height in heights]
            axes.bar_label(drawn, labels, padding=2, fontsize=9, color=ink)
        axes.axhline(0, color=ink, linewidth=0.8)
        axes.set_xticks(bars, ["x.grad", "y.grad", "z.grad"])
        axes.set(title=title, ylim=(-14.5, 11.5))
    legend(panels[1], loc="lower right", fontsize=9)
    sums = "; ".join(
        f"{name}.grad " + ", ".join(f"{call * g:g}" for call in range(1, calls + 1))
        for name, g in zip("xyz", gradients, strict=True)
    )
    return picture(
        figure,
        f"Bars of x.grad, y.grad and z.grad after {calls} calls of backward on the same function. Left, never cleared, "
        f"they grow with every call: {sums}. Right, cleared before each call, they stay at "
        f"{', '.join(f'{g:g}' for g in gradients)}.",
    )


def swish() -> Picture:
    """Swish for three values of β, and its slopes."""
    figure, (left, right) = new_figure(9.0, 3.4, ncols=2)
    x = np.linspace(-5, 5, 401)
    for beta, color in ((0.5, ORANGE), (1.0, BLUE), (4.0, GREEN)):
        y = x / (1 + np.exp(-beta * x))
        left.plot(x, y, color=color, label=f"β = {beta:g}")
        right.plot(x, np.gradient(y, x), color=color)
    left.plot(x, np.maximum(0, x), "--", color=GREY, linewidth=1, label="ReLU")
    right.plot(x, np.where(x > 0, 1.0, 0.0), "--", color=GREY, linewidth=1)
    left.set(title="x · σ(β·x)", xlabel="x")
    right.set(title="its slope", xlabel="x")
    legend(left)
    return picture(
        figure,
        "Two panels against x from −5 to 5. Left, Swish for β = 0.5, 1 and 4 and, dashed, ReLU: all go through 0, "
        "dip a little below 0 on the left and follow x on the right; the larger β, the closer to ReLU. Right, their "
        "slopes: each is 0.5 at x = 0, is slightly negative further left and slightly above 1 further right, and "
        "approaches the step from 0 to 1 of ReLU as β grows.",
    )
