"""A slider above a picture, which it redraws. Where widgets are not shown, the picture alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets


class Drawn(Protocol):
    """A drawing as SVG; its ``repr`` says what it shows."""

    svg: str


class PictureSlider(ipywidgets.VBox):
    """A slider above ``draw(value)`` for the chosen one of the named values, with a button for each direction.

    The buttons serve the keyboard where the notebook takes the arrow keys for itself, and screen readers, since the
    slider's handle has no name. ``still`` is the picture for places that show no widgets, such as a static page.
    """

    def __init__(
        self, draw: Callable[[Any], Drawn], values: list[tuple[str, Any]], start: int, label: str, still: Drawn
    ):
        self.slider = ipywidgets.SelectionSlider(
            options=values,
            index=start,
            description=label,
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "32em"},
        )
        self.shown = ipywidgets.HTML(draw(values[start][1]).svg)
        self.slider.observe(lambda change: self.shown.set_trait("value", draw(change["new"]).svg), names="value")
        row = [self.slider, self._button("‹ back", -1), self._button("next ›", 1)]
        super().__init__([ipywidgets.HBox(row, layout={"flex_flow": "row wrap"}), self.shown])
        self._still = still

    def _button(self, words: str, step: int) -> ipywidgets.Button:
        """A button that moves the slider by one, as far as there is a value."""

        def move(button: ipywidgets.Button) -> None:
            self.slider.index = min(max(self.slider.index + step, 0), len(self.slider.options) - 1)

        button = ipywidgets.Button(description=words, layout={"width": "auto"})
        button.on_click(move)
        return button

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**options)
        return bundle | {"text/plain": repr(self._still), "text/html": self._still.svg}
