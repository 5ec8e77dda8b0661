"""Every picture of the lessons in a browser, as wide as a notebook shows it in a window of 900 pixels."""

from pathlib import Path

import pytest
from drawn import DRAWN, all_drawn
from sampled import few

from course.choices import Choices

MEASURE = Path(__file__).with_name("measure_pictures.js").read_text(encoding="utf-8")
WIDTH = 700
THEMES = {"light": ("#ffffff", "rgba(0, 0, 0, 0.87)"), "dark": ("#111111", "#ffffff")}
"""The ground and the ink of JupyterLab's two themes."""
LARGEST = 1_500_000
"""Characters that the pictures of one choice may have."""


def faults_of(chromium, pictures, theme):
    """What is wrong with named pictures on the ground of a theme, in sentences."""
    ground, ink = THEMES[theme]
    page = chromium.new_page(viewport={"width": WIDTH + 20, "height": 600})
    body = "".join(f'<div data-name="{name}">{picture.svg}</div>' for name, picture in pictures)
    page.set_content(f'<body style="margin:10px;width:{WIDTH}px;background:{ground};color:{ink}">{body}')
    found = page.evaluate(MEASURE, [ground])
    page.close()
    return found


@pytest.mark.parametrize("unit", few(DRAWN, ("custom_graph", "torch_autograd").__contains__))
def test_letters_and_lines_are_read_in_both_themes(chromium, unit):
    """Letters have a contrast of 4.5 to 1 and 9 pixels, lines 3 to 1; no letters are cut, covered or crossed."""
    pictures = list(all_drawn(unit))
    assert [fault for theme in THEMES for fault in faults_of(chromium, pictures, theme)] == []


@pytest.mark.parametrize("unit", few(DRAWN, ("custom_graph", "torch_autograd").__contains__))
def test_choices_are_small_and_each_says_what_it_shows(unit):
    for shown in DRAWN[unit]().values():
        if isinstance(shown, Choices):
            assert len(shown._repr_html_()) < LARGEST
            alts = [picture.alt for picture in shown.pictures]
            assert len({*alts}) == len(alts) and min(map(len, alts)) > 60


@pytest.mark.parametrize(
    ("drawing", "fault"),
    [
        ('<text x="50" y="20" fill="#2f86d1">words</text>', '"words" has a contrast of 3.8'),
        ('<text x="50" y="20" font-size="8">words</text>', '"words" is 8.0 px high'),
        ('<text x="-3" y="20">words</text>', '"words" leaves the picture'),
        ('<text x="50" y="20">words</text><text x="60" y="24">more</text>', '"words" lies on "more"'),
        ('<text x="50" y="20">words</text><rect x="60" width="40" height="40" fill="none"/>', "on the border of a box"),
        ('<path d="M40,15 h80" fill="none"/><text x="50" y="20">words</text>', '"words" is crossed by a line'),
        ('<path d="M40,15 h80" fill="none" stroke="#aaaaaa"/>', "a path has a contrast of 2.3"),
        ('<rect width="90" height="40"/><text x="20" y="20">words</text>', '"words" has a contrast of 1.0'),
    ],
)
def test_what_is_measured_is_found(chromium, drawing, fault):
    from course.drawing import drawing as drawn

    assert any(fault in one for one in faults_of(chromium, [("one", drawn(200, 100, [drawing], ""))], "light"))
    good = '<text x="50" y="20">words</text><path d="M40,40 h80" fill="none" stroke="#2f86d1"/>'
    assert faults_of(chromium, [("one", drawn(200, 100, [good], ""))], "light") == []
