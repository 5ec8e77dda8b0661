"""A student's feedback in a real browser."""

from itertools import pairwise

import pytest
from browser import VIEWS, barriers
from commands import run_command

from course.check import load

UNIT = load("numeric_gradient")


@pytest.fixture(scope="module")
def page_path(graded_class, tmp_path_factory):
    """The page of the student with the most mistakes."""
    marks = graded_class.truth
    worst = max(marks, key=lambda student: sum(bool(mark["mistake"]) for mark in marks[student].values()))
    into = tmp_path_factory.mktemp("feedback")
    code, _ = run_command("feedback", UNIT.name, "--course-dir", graded_class.folder, "--into", into, "--only", worst)
    assert code == 0
    return into / worst / UNIT.assignment / f"{UNIT.name}.html"


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_feedback_reads_well(page_path, open_page, scheme, width):
    page = open_page(page_path, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.locator("figure svg").count() > 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []


def test_without_javascript_links_lead_to_the_lesson(page_path, open_page):
    page = open_page(page_path, java_script_enabled=False)
    links = page.locator("section.task a[href^='#lesson-']")
    assert links.count() > 1
    for link in links.all():
        link.click()
        target = page.locator(f"[id='{link.get_attribute('href').removeprefix('#')}']")
        assert target.count() == 1 and -1 < target.bounding_box()["y"] < 720
    first = page.locator("summary").first
    first.click()
    assert page.locator("details[open]").count() == 1


def test_headings_are_in_order_and_formulas_are_drawn(page_path, open_page):
    page = open_page(page_path)
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    boxes = page.locator("math").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert boxes and max(boxes) > 20  # a fraction is higher than a line: the browser draws it as a formula


def test_it_prints_on_white_and_nothing_is_cut_off(page_path, open_page):
    page = open_page(page_path, color_scheme="dark", viewport={"width": 700, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    wider = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.locator("pre, .wide").evaluate_all(wider) == 0
