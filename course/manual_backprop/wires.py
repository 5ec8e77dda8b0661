"""A graph of gates and wires as SVG: values, local derivatives, and the gradients found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from course.drawing import Point, drawing, edge, minus, text
from course.figures import BLUE, ORANGE, RED, Picture

FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
GATE = 17  # radius of a gate's circle
KEY = "above a wire its value, below it its gradient: the upstream gradient × the local derivative on the wire"

Numbers = dict[str, tuple[float, float, float | None]]
"""For each wire its value, its gradient and its local derivative, which the last wire has not."""


@dataclass(frozen=True)
class Wire:
    """A line of a graph: the value above it goes forward, the gradient below it comes back.

    It leaves its start level, for ``lead`` pixels (to the left if negative); its numbers stand there. ``local`` is the
    derivative, with respect to this wire, of what its gate computes.
    """

    name: str
    value: str
    gradient: str
    local: str
    start: Point
    end: Point
    lead: float = 90


@dataclass(frozen=True)
class Graph:
    """Gates (symbol, x, y) joined by wires; a step names the wires whose gradient it reveals, and says why."""

    title: str
    width: int
    height: int
    gates: tuple[tuple[str, float, float], ...]
    wires: tuple[Wire, ...]
    steps: tuple[tuple[str, str], ...]


def number(value: float) -> str:
    """A number with at most four decimals and a real minus sign."""
    return minus(f"{value:.4f}".rstrip("0").rstrip("."))


def draw(graph: Graph, step: int) -> Picture:
    """The graph with values and local derivatives, and the gradients found up to this step; the newest are marked."""
    shown = [name for names, _ in graph.steps[: step + 1] for name in names.split()]
    newest, sentence = graph.steps[step]
    parts = [wire_of(wire, wire.name in shown, wire.name in newest.split()) for wire in graph.wires]
    parts += [gate(*given) for given in graph.gates]
    parts.append(text(sentence, graph.width / 2, graph.height - 36, size=15))
    parts.append(text(KEY, graph.width / 2, graph.height - 12, size=12))
    values = ", ".join(f"{w.name} = {w.value}" for w in graph.wires)
    local = ", ".join(f"{w.name} {w.local}" for w in graph.wires if w.local)
    found = ", ".join(f"{w.name} {w.gradient}" for w in reversed(graph.wires) if w.name in shown)
    return drawing(
        graph.width,
        graph.height,
        parts,
        f"{graph.title}. Values above the wires: {values}. Local derivatives on the wires: {local}. "
        f"Gradients below the wires: {found or 'none yet'}. {sentence}",
    )


def wire_of(wire: Wire, known: bool, new: bool) -> str:
    (x1, y1), (x2, y2) = wire.start, wire.end
    level = y1 == y2
    bend = x2 if level else x1 + wire.lead
    x = (x1 + bend) / 2 if abs(bend - x1) < 150 else x1 + 45
    aside = 4 if level and wire.local else 0  # room for the local derivative between the two numbers
    points = [(x1, y1), (x2, y2)] if level else [(x1, y1), (bend, y1), (x2, y2)]
    line = edge(points, wire.local and f"×{wire.local}", *((NEW, 3) if new else ("currentColor", 1.4)))
    above = text(f"{wire.name} = {wire.value}" if wire.name else wire.value, x, y1 - 8 - aside, FORWARD)
    below = text(wire.gradient, x, y1 + 19 + aside, BACKWARD, bold=new) if known else ""
    return line + above + below


def gate(symbol: str, x: float, y: float) -> str:
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="{GATE}" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    return circle + text(symbol, x, y + 6, size=14 if len(symbol) > 1 else 18)


def wires(numbers: Numbers) -> Callable[..., Wire]:
    """A function that makes the wire of a name from its value, its gradient and its local derivative."""

    def wire(name: str, start: Point, end: Point, lead: float = 90) -> Wire:
        value, gradient, local = numbers[name]
        shown = "" if local is None else number(local)
        return Wire(name, number(value), number(gradient), shown, start, end, lead)

    return wire


def left_of(gate: Point, dy: float = 0.0) -> Point:
    """The point on the left half of a gate's circle that lies dy below its middle."""
    return gate[0] - (GATE**2 - dy**2) ** 0.5, gate[1] + dy
