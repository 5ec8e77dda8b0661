"""SVG written by hand: letters that read on a light and on a dark ground, edges with their local derivatives."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import hypot
from re import sub
from textwrap import wrap

from course.figures import PURPLE, Picture, lettering

LOCAL = PURPLE
"""Colour of local derivatives."""
WIDE = 0.64  # the mean width of a letter in common fonts, as a part of its size: rather too much than too little

Point = tuple[float, float]


def text(
    words: str,
    x: float,
    y: float,
    colour: str = "currentColor",
    size: float = 14,
    bold: bool = False,
    anchor: str = "middle",
) -> str:
    """Words on the line at height y; ``anchor`` says which end of them is at x."""
    weight = ' font-weight="bold"' if bold else ""
    aligned = "" if anchor == "middle" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" {lettering(colour)} font-size="{size:g}"{weight}{aligned}>{escape(words)}</text>'


def paragraph(words: str, x: float, y: float, width: float, size: float = 15) -> list[str]:
    """Lines of words of about one length, centred at x, none wider than ``width``; y is the height of the first.

    No formula is broken at one of its signs.
    """
    most = int(width / (WIDE * size))
    together = sub(r" ([=·+]) ", "\u00a0\\1\u00a0", words)
    fewest = len(wrap(together, most))
    widths = range(len(together) // fewest, most + 1)
    lines = next(lines for width in widths if len(lines := wrap(together, width, break_long_words=False)) == fewest)
    return [text(line, x, y + 1.3 * size * number, size=size) for number, line in enumerate(lines)]


def drawing(width: float, height: float, parts: Iterable[str], alt: str) -> Picture:
    """A drawing of that many pixels, whose words stand centred unless they say otherwise."""
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="sans-serif" text-anchor="middle">{"".join(parts)}</svg>',
        alt,
    )


def minus(number: str) -> str:
    """A number as text, with a real minus sign."""
    return number.replace("-", "−")


def length_of(words: str, size: float = 13) -> float:
    """About how wide words are."""
    return WIDE * size * len(words)


def local(words: str, x: float, y: float, anchor: str = "middle") -> str:
    """A local derivative, with its middle at height y."""
    return text(words, x, y + 4.5, LOCAL, 13, anchor=anchor)


def edge(
    points: list[Point],
    words: str = "",
    colour: str = "currentColor",
    width: float = 1.4,
    at: float = 0.5,
) -> str:
    """A line through points. Its last stretch leaves a gap for the local derivative, ``at`` that part of its way."""
    *_, (x1, y1), (x2, y2) = points
    if not words:
        return _line(points, colour, width)
    long = hypot(x2 - x1, y2 - y1)
    across, down = abs(x2 - x1) / long, abs(y2 - y1) / long
    half = min(length_of(words) / 2 / max(across, 1e-9), 9 / max(down, 1e-9)) + 3
    middle_x, middle_y = x1 + at * (x2 - x1), y1 + at * (y2 - y1)
    step_x, step_y = half * (x2 - x1) / long, half * (y2 - y1) / long
    before = _line([*points[:-1], (middle_x - step_x, middle_y - step_y)], colour, width)
    after = _line([(middle_x + step_x, middle_y + step_y), (x2, y2)], colour, width)
    return before + after + local(words, middle_x, middle_y)


def _line(points: list[Point], colour: str, width: float) -> str:
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'
