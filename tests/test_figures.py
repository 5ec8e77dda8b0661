"""Pictures: the same every time, with alt text, in the colour of the surrounding text."""

import nbformat
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from nbconvert import HTMLExporter

from course.figures import Picture, with_slider
from course.numeric_gradient import pictures


@pytest.mark.parametrize("draw", [pictures.error_against_step, pictures.secants])
def test_a_picture_is_the_same_every_time(draw):
    first, again = draw(0.1), draw(0.1)
    assert first.svg == again.svg and first.svg != draw(0.2).svg
    assert first.alt in repr(first) and 'role="img"' in first.svg


def test_alt_text_is_escaped():
    assert 'aria-label="a &lt; b &quot;c&quot;"' in Picture("<?xml?><svg width='1'></svg>", 'a < b "c"').svg


def test_the_slider_redraws():
    box = with_slider(lambda h: Picture(f"<svg>{h}</svg>", "x"), [("one", 1), ("two", 2)], 0, "h")
    assert ">1</svg>" in box.shown.value and box.slider.description == "h"
    box.slider.value = 2
    assert ">2</svg>" in box.shown.value


def test_the_buttons_move_the_slider_as_far_as_it_goes():
    box = with_slider(lambda h: Picture(f"<svg>{h}</svg>", "x"), [("one", 1), ("two", 2)], 0, "h")
    _, back, further = box.children[0].children
    places = [box.slider.index]
    for button in (further, further, back, back):
        button.click()
        places.append(box.slider.index)
    assert places == [0, 1, 1, 0, 0] and ">1</svg>" in box.shown.value


@pytest.mark.parametrize(("still", "number"), [(None, 1), (-1, 3)])
def test_where_there_are_no_widgets_the_picture_is_seen_alone(still, number):
    """What a page made of a notebook shows of a slider: one of its pictures, and no trace of a widget."""
    values = [("one", 1), ("two", 2), ("three", 3)]
    box = with_slider(lambda h: Picture(f"<svg>{h}</svg>", f"number {h}"), values, 0, "h", still)
    data, _ = DisplayFormatter().format(box)
    assert "application/vnd.jupyter.widget-view+json" in data and data["text/plain"] == f"[picture: number {number}]"
    output = nbformat.v4.new_output("display_data", data)
    cell = nbformat.v4.new_code_cell("slider()", outputs=[output], execution_count=1)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'aria-label="number {number}"' in page and "widget-view" not in page and "VBox" not in page


def test_errors_of_the_three_methods():
    """The figures that the lesson and its picture show, for the slope of sin at 1."""
    assert pictures.errors(1e-8)["forward"] == pytest.approx(3e-9, rel=0.02)
    assert pictures.errors(1e-5)["central"] == pytest.approx(1.1e-11, rel=0.02)
    assert pictures.errors(1e-20)["complex step"] == 0
    assert pictures.errors(1e-5, np.float32)["central"] > 5e-4
    steps = pictures.STEPS[pictures.STEPS > 1e-7]
    assert steps[np.argmin(pictures.errors(steps)["central"])] < 2e-5
