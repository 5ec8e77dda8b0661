"""Pictures: the same every time, with alt text, in the colour of the surrounding text."""

import nbformat
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from course.figures import Picture, with_slider
from course.numeric_gradient import pictures
from course.sliders import PictureSlider


@pytest.mark.parametrize("draw", [pictures.error_against_step, pictures.secants])
def test_a_picture_is_the_same_every_time(draw):
    first, again = draw(0.1), draw(0.1)
    assert first.svg == again.svg and first.svg != draw(0.2).svg
    assert first.alt in repr(first) and 'role="img"' in first.svg


def test_alt_text_is_escaped():
    assert 'aria-label="a &lt; b &quot;c&quot;"' in Picture("<?xml?><svg width='1'></svg>", 'a < b "c"').svg


def slider_of(count, still=None):
    """A slider named h for pictures of the numbers from 1."""
    values = [(f"number {n}", n) for n in range(1, count + 1)]
    box = with_slider(lambda h: Picture(f"<svg>{h}</svg>", f"number {h}"), values, 0, "h", still)
    assert isinstance(box, PictureSlider)
    return box


def test_the_slider_redraws():
    box = slider_of(2)
    assert ">1</svg>" in box.shown.value and box.slider.description == "h"
    box.slider.value = 2
    assert ">2</svg>" in box.shown.value


def test_the_buttons_move_the_slider_as_far_as_it_goes():
    box = slider_of(2)
    _, back, further = box.children[0].children
    places = [box.slider.index]
    for button in (further, further, back, back):
        button.click()
        places.append(box.slider.index)
    assert places == [0, 1, 1, 0, 0] and ">1</svg>" in box.shown.value


@pytest.mark.parametrize(("still", "number"), [(None, 1), (-1, 3)])
def test_where_there_are_no_widgets_the_picture_is_seen_alone(still, number):
    """A page made from a notebook shows one picture of a slider, and no trace of a widget."""
    box = slider_of(3, still)
    data, _ = DisplayFormatter().format(box)
    assert "application/vnd.jupyter.widget-view+json" in data and data["text/plain"] == f"[picture: number {number}]"
    output = nbformat.v4.new_output("display_data", data)
    cell = nbformat.v4.new_code_cell("slider()", outputs=[output], execution_count=1)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'aria-label="number {number}"' in page and "widget-view" not in page and "VBox" not in page


def test_without_ipywidgets_pictures_and_bars_are_seen_and_nothing_looks_like_an_error():
    """In a real kernel: a slider's picture, the bar of a loop, and all checks of a unit."""
    sources = (
        "import sys; sys.modules['ipywidgets'] = None",
        "from course.numeric_gradient import pictures; pictures.step_slider()",
        "from course.check import Check; Check('start_here').all()",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3), file=sys.stdout): pass",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, allow_errors=True, coalesce_streams=True, timeout=600).execute()
    outputs = [out for cell in notebook.cells for out in cell.outputs]
    assert not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
    drawing, table, bar = outputs
    assert "At h = 1e-08" in drawing.data["text/html"] and "mean_of_squares" in table.data["text/html"]
    assert "3/3" in bar.text


def test_errors_of_the_three_methods():
    """The figures that the lesson and its picture show, for the slope of sin at 1."""
    assert pictures.errors(1e-8)["forward"] == pytest.approx(3e-9, rel=0.02)
    assert pictures.errors(1e-5)["central"] == pytest.approx(1.1e-11, rel=0.02)
    assert pictures.errors(1e-20)["complex step"] == 0
    assert pictures.errors(1e-5, np.float32)["central"] > 5e-4
    steps = pictures.STEPS[pictures.STEPS > 1e-7]
    assert steps[np.argmin(pictures.errors(steps)["central"])] < 2e-5
