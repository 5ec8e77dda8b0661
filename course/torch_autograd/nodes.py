"""The graph that autograd recorded, drawn from the tensors themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from course.drawing import drawing, edge, length_of, local, minus, text
from course.figures import BLUE, RED, Picture

NARROW, HIGH = 100, 44  # least width, and height, of a node
SHORT, GAP, ROW = 26, 70, 74  # between two layers, without and with local derivatives; from one row to the next
MARGIN = 8
Box = tuple[float, float, float]  # left, top and width


@dataclass
class Node:
    """One node of a recorded graph: its titles, the nodes that it hands gradients to, what it multiplies the upstream
    gradient by for each of them (empty where that is no single number), and its place."""

    title: str
    below: str
    leaf: bool
    inputs: list[int]
    local: list[str] = field(default_factory=list)
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
    return Node(fn.name().rpartition("::")[2], "", False, inputs, _local_derivatives(fn))


def _local_derivatives(fn: Any) -> list[str]:
    """What a node makes of the upstream gradient 1, for each of its inputs: its local derivatives.

    They are texts, and empty where the node or an input of it has several numbers, or where PyTorch has already freed
    what the node had saved.
    """
    import torch

    inputs = [place for place, (inner, _) in enumerate(fn.next_functions) if inner is not None]
    (result, *others) = getattr(fn, "_input_metadata", (None,))
    if others or result is None or result.shape:
        return [""] * len(inputs)
    try:
        found = fn(torch.ones((), dtype=result.dtype, device=result.device))
    except RuntimeError:
        return [""] * len(inputs)
    found = found if isinstance(found, tuple) else (found,)
    return ["" if found[i] is None or found[i].ndim else minus(f"×{found[i].item():.4g}") for i in inputs]


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
    wide = [max([NARROW, *(_width(node) for node in nodes if node.layer == layer)]) for layer in layers]
    gaps = [_gap(nodes, layer) for layer in layers]  # to the right of each layer
    spans = [nodes[i].layer - node.layer for node in nodes for i in node.inputs]
    top, low = min(node.row for node in nodes), max(node.row for node in nodes)
    width = 2 * MARGIN + sum(wide) + sum(gaps[1:])
    twice = any(len({*node.inputs}) < len(node.inputs) for node in nodes)
    height = 2 * MARGIN + HIGH + (low - top) * ROW + max([24 * twice, *(0.55 * _dip(span) for span in spans)])
    boxes = [
        (MARGIN + sum(wide[n.layer + 1 :]) + sum(gaps[n.layer + 1 :]), MARGIN + (n.row - top) * ROW, wide[n.layer])
        for n in nodes
    ]
    parts = []
    for node, box in zip(nodes, boxes, strict=True):
        for number, i in enumerate(node.inputs):
            again = node.inputs[:number].count(i)
            parts.append(_edge(box, boxes[i], nodes[i].layer - node.layer, again, node.local[number]))
    parts += [_box(node, *box) for node, box in zip(nodes, boxes, strict=True)]
    steps = [f"{node.title} hands gradients to {' and '.join(_received(node, nodes))}" for node in nodes if node.inputs]
    leaves = ", ".join(node.title for node in nodes if node.leaf)
    return drawing(
        width,
        height,
        parts,
        f"A recorded graph, from the result on the right to the leaves on the left. "
        f"{'; '.join(steps) or 'No operation'}. Leaves, in which gradients accumulate: {leaves}.",
    )


def _width(node: Node) -> float:
    return 18 + max(length_of(node.title, 14), length_of(node.below, 13))


def _received(node: Node, nodes: list[Node]) -> list[str]:
    """The inputs of a node, each with its local derivative if that is known."""
    pairs = zip(node.inputs, node.local, strict=True)
    return [nodes[i].title + (f" ({words})" if words else "") for i, words in pairs]


def _gap(nodes: list[Node], layer: int) -> float:
    """The room to the right of a layer."""
    words = [one for node in nodes for i, one in zip(node.inputs, node.local, strict=True) if nodes[i].layer == layer]
    return GAP if any(words) else SHORT


def _dip(span: int) -> int:
    """How far a line that spans so many layers hangs down, so that it passes below what stands between."""
    return 0 if span == 1 else 62 + 26 * span


def _edge(start: Box, end: Box, span: int, again: int, words: str) -> str:
    """An arrow from a node to one of its inputs, with the local derivative; from the second on, a curve beside the
    first."""
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
    tip = f'<polygon points="{x2:g},{y2:g} {head}" fill="{RED}"/>'
    if not dip:
        return edge([(x1, y1), (x2 - 7 * ux, y2 - 7 * uy)], words, RED, 1.8) + tip
    curve = f"M{x1:g},{y1:g} Q{middle:g},{bottom:g} {x2 - 7 * ux:.1f},{y2 - 7 * uy:.1f}"
    line = f'<path d="{curve}" fill="none" stroke="{RED}" stroke-width="1.8"/>'
    if not words:
        return line + tip
    if not again and span > 1:  # where the line leaves its node, since such lines meet further on
        return line + tip + local(words, x1 + 2, y1 + 12, "start")
    return line + tip + local(words, middle, (y1 + y2) / 2 + dip / 2 + 12)


def _box(node: Node, x: float, y: float, width: float) -> str:
    color = BLUE if node.leaf else "currentColor"
    box = (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{HIGH}" rx="8" fill="none" stroke="{color}" '
        f'stroke-width="1.8"/>'
    )
    lines = [(node.title, 14, 0)] if not node.below else [(node.title, 15, -8), (node.below, 13, 11)]
    middle, baseline = x + width / 2, y + HIGH / 2 + 5
    return box + "".join(text(words, middle, baseline + dy, color, size) for words, size, dy in lines)
