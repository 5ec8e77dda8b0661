"""Pictures to choose from: a row of buttons above the picture of the chosen value, as HTML that needs no kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from html import escape
from itertools import count
from typing import Any

from course.figures import Picture

STYLE = """
.choices { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 4px }
.choices > span { padding: 2px 4px }
.choices summary::-webkit-details-marker { display: none }
.choices [open] > summary { font-weight: bold; box-shadow: inset 0 -3px #2f86d1 }
@supports selector(::details-content) {
  .choices > details { display: contents !important }
  .choices > details::details-content { order: 1; width: 100% }
  .choices > details:not([open])::details-content { display: none }
}
"""
"""Puts the picture below the whole row of buttons. Where a page drops it, the picture follows its own button."""
BUTTON = "display:inline-block;padding:2px 8px;border:1px solid #808080;border-radius:4px;cursor:pointer"

_numbers = count(1)


class Choices:
    """``draw(value)`` for each of the named values, of which one is shown: at first that at index ``start``.

    Each picture lies in a ``<details>`` element. The elements share a name, so opening one closes the others. All
    pictures are in the HTML, so a notebook that is saved and opened again still shows them, without a kernel and
    without a script. They are drawn when they are shown.
    """

    def __init__(self, draw: Callable[[Any], Picture], values: Sequence[tuple[str, Any]], start: int, label: str):
        self.draw, self.values, self.start, self.label = draw, values, start, label

    @cached_property
    def pictures(self) -> list[Picture]:
        """The picture of each value."""
        return [self.draw(value) for _, value in self.values]

    def _repr_html_(self) -> str:
        name = self._name()
        choices = "".join(
            f'<details name="{name}"{" open" if index == self.start else ""} '
            f'style="display:inline-block;vertical-align:top;margin:0">'
            f'<summary style="{BUTTON}">{escape(value)}</summary>{picture.svg}</details>'
            for index, ((value, _), picture) in enumerate(zip(self.values, self.pictures, strict=True))
        )
        label = escape(self.label)
        return (
            f'<div class="choices" role="group" aria-label="{label}"><style>{STYLE}</style>'
            f"<span>{label}:</span> {choices}</div>"
        )

    def _name(self) -> str:
        """A name that no other output of the notebook has: of the pictures, and of how often some were shown."""
        drawn = "".join(picture.svg for picture in self.pictures)
        return f"choices-{sha256(drawn.encode()).hexdigest()[:8]}-{next(_numbers)}"

    def __repr__(self) -> str:
        return f"[pictures, {self.label}: {', '.join(name for name, _ in self.values)}]"
