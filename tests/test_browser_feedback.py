"""Pages of feedback in a real browser: light, dark, narrow, printed, and without JavaScript."""

import pytest
from browser import barriers
from conftest import run_command

from course.check import load

UNIT = load("numeric_gradient")


@pytest.fixture(scope="module")
def page_path(graded_class, tmp_path_factory):
    """The page of the student of the class who has most to be told."""
    into = tmp_path_factory.mktemp("feedback")
    student = min(graded_class.marks, key=lambda name: sum(m["points"] for m in graded_class.marks[name].values()))
    code, output = run_command(
        "feedback", UNIT.name, "--course-dir", graded_class.folder, "--into", into, "--only", student
    )
    assert code == 0, output
    return into / student / UNIT.assignment / f"{UNIT.name}.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_a_page_reads_well(page_path, open_page, scheme, width):
    page = open_page(page_path, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.locator("section.task").count() == len(UNIT.tasks)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []


def test_links_lead_to_their_paragraphs_without_javascript(page_path, open_page):
    page = open_page(page_path, java_script_enabled=False, viewport={"width": 1000, "height": 600})
    links = page.locator("main a[href^='#']")
    assert links.count() > len(UNIT.tasks)
    for link in links.all():
        link.click()
        target = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        box = target.bounding_box()
        assert target.text_content().strip() and box is not None and -1 < box["y"] < 600


def test_hints_of_the_lesson_open_without_javascript(page_path, open_page):
    page = open_page(page_path, java_script_enabled=False)
    hint = page.locator("details").first
    assert not hint.locator("p").first.is_visible()
    hint.locator("summary").click()
    assert hint.locator("p").first.is_visible()


def test_a_screen_reader_finds_its_way(page_path, open_page):
    page = open_page(page_path)
    assert page.get_by_role("main").count() == 1 and page.get_by_role("heading", level=1).count() == 1
    for name in UNIT.tasks:
        assert page.get_by_role("region", name=name.replace("_", " "), exact=True).count() == 1
    assert page.get_by_role("columnheader", name="points").count() > 1 and page.get_by_role("rowheader").count() > 5
    pictures = page.locator("svg").all()
    assert pictures and all(len(picture.get_attribute("aria-label")) > 20 for picture in pictures)


def test_a_page_is_printed_whole(page_path, open_page):
    page = open_page(page_path, color_scheme="dark")
    printed = page.pdf()
    assert printed.startswith(b"%PDF") and printed.count(b"/Type /Page\n") > 1
