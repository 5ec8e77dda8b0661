"""The slides in a real browser: nothing is cut off at 1280 by 720, in light and dark, with pictures and without."""

import nbformat
import pytest
from browser import barriers

from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.site.decks.making import make_decks
from course import UNITS
from course.check import load

OUTSIDE = """() => {
  const slide = Reveal.getCurrentSlide(), outside = [];
  for (const one of slide.querySelectorAll("*")) {
    if (one.parentElement.closest("svg, math")) continue;
    const place = one.getBoundingClientRect();
    const beyond = place.left < 0 || place.top < 0 || place.right > innerWidth + 1 || place.bottom > innerHeight - 30;
    const cut = one.clientWidth && one.scrollWidth > one.clientWidth + 1;
    if (place.width && (beyond || cut)) outside.push(`${slide.innerText.slice(0, 40)}: ${one.outerHTML.slice(0, 80)}`);
  }
  return outside;
}"""
PICTURE = '<svg viewBox="0 0 900 700" width="900" height="700" style="max-width:100%;height:auto"><rect/></svg>'


@pytest.fixture(scope="module", params=["with pictures", "without pictures"])
def decks(request, tmp_path_factory):
    """The decks of all units, each section with a large picture, or with none."""
    notebooks = {}
    for name in UNITS:
        notebooks[name] = nbformat.read(PROJECT / notebook_path(load(name), SOLUTIONS), as_version=4)
        for cell in notebooks[name].cells:
            if cell.cell_type == "code" and request.param == "with pictures":
                cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": PICTURE})]
    folder = tmp_path_factory.mktemp("decks")
    assert make_decks([load(name) for name in UNITS], notebooks, folder / "source", folder / "made") == []
    return folder / "made"


def slides_of(page):
    """Go through a deck, slide by slide."""
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        yield page.evaluate("Reveal.getCurrentSlide().innerText")
        page.evaluate("Reveal.next()")


def open_deck(open_page, folder, name, scheme="light"):
    view = {"width": 1280, "height": 720}
    return open_page(folder / f"{load(name).assignment}.html", color_scheme=scheme, viewport=view)


@pytest.mark.parametrize("name", UNITS)
def test_nothing_is_cut_off(decks, open_page, name):
    page = open_deck(open_page, decks, name)
    outside = [fault for _ in slides_of(page) for fault in page.evaluate(OUTSIDE)]
    assert outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_decks_of_the_site_read_well(small_site, open_page, scheme):
    page = open_deck(open_page, small_site.folder / "slides", "numeric_gradient", scheme)
    texts = []
    for text in slides_of(page):
        texts.append(text)
        assert page.evaluate(OUTSIDE) == [] and barriers(page, ".reveal .slides section.present") == []
    assert "The numeric gradient" in texts[0] and len(texts) <= 15
    paper = page.evaluate("getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.locator("section svg[role=img]").count() > 1


def test_the_pages_for_teachers_lead_to_the_slides(small_site, open_page):
    page = open_page(small_site.folder / "index.html", viewport={"width": 1280, "height": 900})
    page.locator(".sidebar-drawer").get_by_role("link", name="For teachers").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("For teachers")
    assert barriers(page) == []
    page.get_by_role("link", name="1 · The numeric gradient").last.click()
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert "slides/01_numeric_gradient" in page.url
