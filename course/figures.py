"""Pictures for lessons: Matplotlib drawings as inline SVG that reads in light and dark, with alt text."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours of lines, with a contrast of at least 3 to 1 on white and on JupyterLab's dark background.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2f86d1", "#d97706", "#2e9e5b", "#d9534f", "#9467d8", "#808080"

DRAW = "COURSE_PICTURES"
"""Environment variable: with ``off``, figures are made but not drawn, since grading does not need drawings."""

_INK = "#010203"  # stands for the colour of the surrounding text until the SVG is written
_LETTERS = re.compile(rf'(<text style="[^"]*?)fill: ({"|".join((BLUE, ORANGE, GREEN, RED, PURPLE, GREY))})')
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.S)  # it would hold for the whole page
_GROUP = re.compile(r'<g id="[\w.]+_\d+"')  # nothing refers to these names, and each would stand on a page many times


class Picture:
    """An SVG drawing with a text that says what it shows."""

    def __init__(self, svg: str, alt: str):
        opening, _, rest = svg[svg.index("<svg") :].partition(">")
        label = f' role="img" aria-label="{escape(alt)}" style="max-width:100%;height:auto"'
        self.svg, self.alt = f"{opening}{label}>{rest}", alt

    def _repr_html_(self) -> str:
        return self.svg

    def __html__(self) -> str:
        """What templates take as HTML."""
        return self.svg

    def __repr__(self) -> str:
        return f"[picture: {self.alt}]"


@dataclass(frozen=True)
class Compared:
    """A part of a task that is clearer as a picture: the answer's numbers beside the right ones.

    ``shows`` says in a word or two what the numbers are; a ``curve`` connects them, step after step. If the part is a
    list or dict of arrays, ``item`` names the array to show (a key, then a key within that); by default it is the
    first that is wrong.
    """

    part: str
    shows: str = "gradient"
    curve: bool = False
    item: tuple[int | str, ...] = ()


def new_figure(width: float = 7.0, height: float = 3.6, **subplots: Any) -> tuple[Figure, Any]:
    """A Matplotlib figure and its axes, drawn in the colour of the surrounding text, without a background."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    style: dict[Any, Any] = {
        **dict.fromkeys(inked, _INK),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "font.size": 10.0,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(**subplots)


def legend(axes: Any, **options: Any) -> None:
    """A legend without a frame, in the colour of the surrounding text."""
    axes.legend(frameon=False, labelcolor=_INK, **options)


def legend_above(axes: Any, **options: Any) -> None:
    """A legend in one row above all panels, where it hides nothing: what is drawn in one of them."""
    handles, labels = axes.get_legend_handles_labels()
    options = {"ncols": len(labels), **options}
    legend(axes.figure, handles=handles, labels=labels, loc="outside upper center", **options)


def picture(figure: Figure, alt: str) -> Picture:
    """The figure as a Picture; the same figure always gives the same SVG."""
    import matplotlib as mpl

    if os.environ.get(DRAW) == "off":
        return Picture('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>', alt)
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": alt, "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = _GROUP.sub("<g", _STYLE.sub("", out.getvalue())).replace(_INK, "currentColor")
    svg = _LETTERS.sub(lambda found: f"{found[1]}{_filled(found[2])}", svg)
    # The colour is for text that has none of its own; the joins are those of Matplotlib.
    return Picture(svg.replace("<svg ", '<svg fill="currentColor" stroke-linejoin="round" ', 1), alt)


def lettering(colour: str) -> str:
    """The attributes of letters in a colour: nearer to the surrounding text's, for a contrast of 4.5 to 1."""
    return f'fill="{colour}"' if colour == "currentColor" else f'fill="{colour}" style="{_filled(colour)}"'


def _filled(colour: str) -> str:
    """A colour for letters as CSS; browsers that cannot mix colours take the first."""
    return f"fill: {colour}; fill: color-mix(in srgb, {colour} 70%, currentColor)"
