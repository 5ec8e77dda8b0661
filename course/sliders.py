"""A slider above a picture that it redraws; where widgets are not shown, a picture alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from course.figures import Picture


class PictureSlider(ipywidgets.VBox):
    """A slider above ``draw(value)`` for the chosen one of the named values.

    ``still`` is the picture for places that show no widgets, such as a static page.
    """

    def __init__(
        self, draw: Callable[[Any], Picture], values: list[tuple[str, Any]], start: int, label: str, still: Picture
    ):
        slider = ipywidgets.SelectionSlider(
            options=values,
            index=start,
            description=label,
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "32em"},
        )
        shown = ipywidgets.HTML(draw(values[start][1]).svg)

        def redraw(change: Any) -> None:
            shown.value = draw(change["new"]).svg

        slider.observe(redraw, names="value")
        super().__init__([slider, shown])
        self._still = still

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**options)
        return bundle | {"text/plain": repr(self._still), "text/html": self._still.svg}
