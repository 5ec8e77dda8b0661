"""Pictures: the same every time, with alt text, in the colour of the surrounding text."""

import numpy as np
import pytest

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
    slider, shown = box.children
    assert ">1</svg>" in shown.value
    slider.value = 2
    assert ">2</svg>" in shown.value


def test_errors_of_the_three_methods():
    """The figures that the lesson and its picture show, for the slope of sin at 1."""
    assert pictures.errors(1e-8)["forward"] == pytest.approx(3e-9, rel=0.02)
    assert pictures.errors(1e-5)["central"] == pytest.approx(1.1e-11, rel=0.02)
    assert pictures.errors(1e-20)["complex step"] == 0
    assert pictures.errors(1e-5, np.float32)["central"] > 5e-4
    steps = pictures.STEPS[pictures.STEPS > 1e-7]
    assert steps[np.argmin(pictures.errors(steps)["central"])] < 2e-5
