"""A graph as boxes and lines in SVG: where they stand, what is written in the boxes and on the lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from course.custom_graph.layout import Layout
from course.drawing import Point, length_of, local, minus, text
from course.figures import BLUE, ORANGE, RED

HEIGHT, MARGIN, ASIDE = 46, 6, 14  # of a box; around the graph; between boxes of a layer
FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
MOST_LEVEL = 4  # layers that find room side by side
MOST_PORTS = 3  # inputs whose local derivatives find room at a box
SYMBOLS = {
    "Add": "+", "Subtract": "−", "Multiply": "×", "Exp": "eˣ", "Inverse": "1/x", "Log": "ln", "Power": "x^{}",
    "Scale": "× {}", "AddConstant": "+ {}", "Sigmoid": "σ", "Tanh": "tanh", "WeightedSum": "Σ w·x",
}  # fmt: skip


class Plan:
    """The boxes and lines of a graph: of few layers from left to right, of more from top to bottom."""

    def __init__(self, output: Any):
        layout = Layout(output)
        self.nodes, self.ways = layout.nodes, layout.ways
        self.level = len(layout.columns) <= MOST_LEVEL
        self.box_width = max(length_of(f"{label(node)} {number(node.value)}", 14) + 20 for node in self.nodes)
        room = max([26, *(length_of(f"×{number(d)}") for node in self.nodes for d in local_derivatives(node))])
        if self.level:
            step_x, step_y = self.box_width + 28 + room, HEIGHT + ASIDE
            self.corner = {key: (MARGIN + step_x * x, MARGIN + step_y * y) for key, (x, y) in layout.place.items()}
        else:
            step_x, step_y = self.box_width + ASIDE, HEIGHT + 44
            self.corner = {key: (MARGIN + step_x * y, MARGIN + step_y * x) for key, (x, y) in layout.place.items()}
        self.width = max(x for x, _ in self.corner.values()) + self.box_width + MARGIN
        self.height = max(y for _, y in self.corner.values()) + HEIGHT + MARGIN

    def box(self, node: Any, new: bool) -> str:
        """A node: its name or operation and its value, below them its gradient. Inputs have round corners."""
        x, y = self.corner[id(node)]
        border = f'stroke="{NEW}" stroke-width="3"' if new else 'stroke="currentColor" stroke-width="1.4"'
        name, value, middle = label(node), number(node.value), x + self.box_width / 2
        split = middle + (length_of(name, 14) - length_of(value, 14)) / 2
        return (
            f'<rect x="{x:g}" y="{y:g}" width="{self.box_width:g}" height="{HEIGHT}" '
            f'rx="{4 if node.inputs else 18}" fill="none" {border}/>'
            + text(name, split - 4, y + 19, bold=True, anchor="end")
            + text(value, split + 4, y + 19, FORWARD, anchor="start")
            + text(number(node.gradient), middle, y + 38, BACKWARD, bold=new)
        )

    def line(self, before: Any, node: Any, port: int, lost: bool) -> str:
        """The line from a box to one of the ports of another, with the local derivative where it arrives."""
        count = len(node.inputs)
        derivative = number(local_derivatives(node)[port]) if count <= MOST_PORTS else ""
        words = derivative and f"×{derivative}"
        points = self._points([self.corner[key] for key in self.ways[id(before), id(node)]], port, node)
        style = f'stroke="{RED}" stroke-width="2" stroke-dasharray="5 4"' if lost else 'stroke="currentColor"'
        end_x, end_y = points[-1]
        if words and self.level:
            points[-1] = end_x - length_of(words) - 6, end_y
            label_ = local(words, end_x - 4, end_y, "end")
        elif words:
            points[-1] = end_x, end_y - 19
            label_ = local(words, end_x, end_y - 9)
        else:
            label_ = ""
        return f'<path d="{self._curve(points)}" fill="none" {style}/>{label_}'

    def _points(self, way: Sequence[Point], port: int, node: Any) -> list[Point]:
        """The ends of the curves of a line: out of a box, through the places between, into another box."""
        places = self._rank(node, port)
        count = len(node.inputs)
        share = (places + 0.5) / count - 0.5 if count <= MOST_PORTS else 0.15 * ((places + 0.5) / count - 0.5)
        (x, y), *between, (end_x, end_y) = way
        half, wide = HEIGHT / 2, self.box_width
        if self.level:
            through = [p for x_, y_ in between for p in ((x_, y_ + half), (x_ + wide, y_ + half))]
            return [(x + wide, y + half), *through, (end_x, end_y + half + share * (HEIGHT - 4))]
        through = [p for x_, y_ in between for p in ((x_ + wide / 2, y_), (x_ + wide / 2, y_ + HEIGHT))]
        return [(x + wide / 2, y + HEIGHT), *through, (end_x + wide / 2 + share * wide, end_y)]

    def _rank(self, node: Any, port: int) -> int:
        """The place of an input's line among those of a node, so that they do not cross before the box."""
        across = 1 if self.level else 0
        aside = [self.corner[self.ways[id(before), id(node)][-2]][across] for before in node.inputs]
        return sorted(range(len(aside)), key=aside.__getitem__).index(port)

    def _curve(self, points: list[Point]) -> str:
        path = f"M{points[0][0]:g},{points[0][1]:g}"
        for (x1, y1), (x2, y2) in pairwise(points):
            middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
            bends = (middle_x, y1, middle_x, y2) if self.level else (x1, middle_y, x2, middle_y)
            path += " C{:g},{:g} {:g},{:g} {:g},{:g}".format(*bends, x2, y2)
        return path


def local_derivatives(node: Any) -> list[float | None]:
    """The derivative of a node's value with respect to each of its inputs; None where it is not known."""
    if hasattr(node, "slopes"):
        return list(node.slopes)
    values = [before.value for before in node.inputs]
    found: list[float | None] = []
    for port in range(len(values)):
        try:
            found.append(float(node.operation.partial_derivative(values, port)))
        except Exception:  # an operation that is not written yet, or has no value: the drawing shows the rest
            found.append(None)
    return found


def label(node: Any) -> str:
    """A node's name, or the sign of its operation."""
    if node.name or node.operation is None:
        return node.name or "input"
    kind = type(node.operation).__name__
    return SYMBOLS.get(kind, kind).format(number(getattr(node.operation, "constant", 0.0)))


def number(value: Any) -> str:
    """A number with about four digits and a real minus sign; nothing for None."""
    return "" if value is None else minus(f"{value:.4g}").replace("e−0", "e−")
