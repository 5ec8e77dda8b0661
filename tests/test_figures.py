"""Pictures: the same every time, with alt text, in the colour of the surrounding text."""

from typing import Any

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from autograder.html.sanitize import clean
from course.choices import Choices
from course.figures import Picture, lettering
from course.numeric_gradient import pictures


@pytest.mark.parametrize("draw", [pictures.error_against_step, pictures.secants])
def test_a_picture_is_the_same_every_time(draw):
    first, again = draw(0.1), draw(0.1)
    assert first.svg == again.svg and first.svg != draw(0.2).svg
    assert first.alt in repr(first) and 'role="img"' in first.svg


def test_alt_text_is_escaped():
    assert 'aria-label="a &lt; b &quot;c&quot;"' in Picture("<?xml?><svg width='1'></svg>", 'a < b "c"').svg


def details_of(html: str) -> Any:
    """The elements of HTML that hold a picture to choose."""
    return BeautifulSoup(html, "html.parser").find_all("details")


def numbered(count, start=0):
    """Choices named h among pictures of the numbers from 1."""
    values = [(f"number {n}", n) for n in range(1, count + 1)]
    return Choices(lambda h: Picture(f"<svg>{h}</svg>", f"a picture of {h}"), values, start, "h")


def test_all_pictures_are_in_the_html_and_one_is_open():
    html = numbered(3, start=1)._repr_html_()
    choices = details_of(html)
    assert [one.summary.text for one in choices] == ["number 1", "number 2", "number 3"]
    assert [one.svg.text for one in choices] == ["1", "2", "3"]
    assert [one.has_attr("open") for one in choices] == [False, True, False]
    assert 'role="group" aria-label="h"' in html and "<script" not in html


def test_choices_close_each_other_but_not_those_of_another_cell():
    names = [{one["name"] for one in details_of(shown._repr_html_())} for shown in (numbered(3), numbered(3))]
    assert [len(some) for some in names] == [1, 1] and len(set.union(*names)) == 2


def test_nothing_is_drawn_before_it_is_shown():
    drawn = []

    def draw(h):
        drawn.append(h)
        return Picture("<svg></svg>", "")

    shown = Choices(draw, [("1", 1), ("2", 2)], 0, "h")
    assert repr(shown) == "[pictures, h: 1, 2]" and drawn == []
    assert shown._repr_html_() and drawn == [1, 2]


def test_names_of_choices_are_escaped():
    shown = Choices(lambda h: Picture("<svg></svg>", ""), [("<b>", 1)], 0, '"h"')._repr_html_()
    assert ">&lt;b&gt;</summary>" in shown and 'aria-label="&quot;h&quot;"' in shown


def test_a_page_made_from_a_notebook_shows_all_choices():
    output = nbformat.v4.new_output("display_data", DisplayFormatter().format(numbered(3))[0])
    cell = nbformat.v4.new_code_cell("choices()", outputs=[output], execution_count=1)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert all(f'aria-label="a picture of {n}"' in page for n in (1, 2, 3)) and 'name="choices-' in page


def test_formgrader_shows_all_choices_as_images():
    cleaned = clean(numbered(3)._repr_html_())
    choices = details_of(cleaned)
    assert [one.img["alt"] for one in choices] == [f"a picture of {n}" for n in (1, 2, 3)]
    assert [one.has_attr("open") for one in choices] == [True, False, False]
    assert len({one["name"] for one in choices}) == 1 and "<style" not in cleaned and "<svg" not in cleaned


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            '<details name="other" open><summary>a</summary></details>',
            '<details open=""><summary>a</summary></details>',
        ),
        ('<p style="display:none">a</p>', "<p>a</p>"),
        ("<b>a</b><svg><script>x</script>", "<b>a</b>"),
        ('<a title="<svg></svg>">a</a>', "&gt;a"),
    ],
)
def test_what_a_student_could_hide_or_break_with_is_not_kept(given, kept):
    cleaned = clean(given)
    assert kept in cleaned and "<svg" not in cleaned and "<script" not in cleaned


def test_in_a_kernel_pictures_and_bars_are_seen_and_nothing_looks_like_an_error():
    """In a real kernel without widgets: pictures to choose from, the bar of a loop, and all checks of a unit."""
    sources = (
        "import sys; sys.modules['ipywidgets'] = None",
        "from course.numeric_gradient import pictures; pictures.step_slider()",
        "from course.check import Check; Check('start_here').all()",
        "from tqdm import tqdm\nfor _ in tqdm(range(3), file=sys.stdout): pass",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, allow_errors=True, coalesce_streams=True, timeout=600).execute()
    outputs = [out for cell in notebook.cells for out in cell.outputs]
    assert not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
    drawing, table, bar = outputs
    assert "At h = 1e-08" in drawing.data["text/html"] and "mean_of_squares" in table.data["text/html"]
    assert "3/3" in bar.text


def test_letters_are_text_and_nothing_holds_for_the_whole_page():
    svg = pictures.secants().svg
    assert ">tangent: slope 0.540</text>" in svg and "<style" not in svg
    assert "color-mix(in srgb, #2e9e5b 70%, currentColor)" in lettering("#2e9e5b")


def test_errors_of_the_three_methods():
    """The figures that the lesson and its picture show, for the slope of sin at 1."""
    assert pictures.errors(1e-8)["forward"] == pytest.approx(3e-9, rel=0.02)
    assert pictures.errors(1e-5)["central"] == pytest.approx(1.1e-11, rel=0.02)
    assert pictures.errors(1e-20)["complex step"] == 0
    assert pictures.errors(1e-5, np.float32)["central"] > 5e-4
    steps = pictures.STEPS[pictures.STEPS > 1e-7]
    assert steps[np.argmin(pictures.errors(steps)["central"])] < 2e-5
