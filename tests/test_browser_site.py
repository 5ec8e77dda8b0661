"""The course's web pages in a real browser, served as they would be."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import VIEWS, barriers
from decks import OUTSIDE, slides_of

PAGES = ("index", "01_numeric_gradient", "genindex", "teaching/README", "teaching/exam")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(small_site):
    """Where the site is served, on this machine only."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(small_site.folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_pages_read_well(address, open_page, name, width, scheme):
    page = open_page(f"{address}/{name}.html", color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")
    assert barriers(page) == []


def test_pages_work_from_a_folder_and_without_javascript(small_site, open_page):
    path = small_site.folder / "01_numeric_gradient.html"
    page = open_page(path, java_script_enabled=False, viewport={"width": 1280, "height": 900})
    assert page.locator("math").first.is_visible() and page.locator("svg[role=img]").first.is_visible()
    nudge = page.locator("details").first
    assert not nudge.locator("p").first.is_visible()
    nudge.locator("summary").click()
    assert nudge.locator("p").first.is_visible()
    page.locator(".sidebar-drawer").get_by_role("link", name="0 · Start here").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("0 · Start here")


def test_the_menu_opens_on_a_narrow_screen_without_javascript(small_site, open_page):
    page = open_page(small_site.folder / "index.html", java_script_enabled=False,
                     viewport={"width": 400, "height": 900})  # fmt: skip
    link = page.locator(".sidebar-drawer").get_by_role("link", name="Index")
    assert link.bounding_box()["x"] < 0
    page.locator(".nav-overlay-icon").click()
    link.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Index")


def test_formulas_are_set_as_formulas(address, open_page):
    page = open_page(f"{address}/01_numeric_gradient.html", viewport={"width": 1280, "height": 900})
    fraction = page.locator("div.math mfrac").first.bounding_box()
    letter = page.locator("div.math mfrac mi").first.bounding_box()
    assert fraction["height"] > 1.5 * letter["height"]
    page.goto(f"{address}/01_numeric_gradient.html#task-jacobian")
    assert page.locator(":target").get_by_role("heading", level=3).inner_text().startswith("Task: Jacobian")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_slides_read_well(address, open_page, scheme):
    view = {"width": 1280, "height": 720}
    page = open_page(f"{address}/slides/01_numeric_gradient.html", color_scheme=scheme, viewport=view)
    texts = []
    for text in slides_of(page):
        texts.append(text)
        assert page.evaluate(OUTSIDE) == [] and barriers(page, ".reveal .slides section.present") == []
    assert "The numeric gradient" in texts[0] and len(texts) <= 15
    paper = page.evaluate("getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.locator("section svg[role=img]").count() > 1


def test_the_pages_for_teachers_lead_to_the_slides(address, open_page):
    page = open_page(f"{address}/index.html", viewport={"width": 1280, "height": 900})
    page.locator(".sidebar-drawer").get_by_role("link", name="For teachers").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("For teachers")
    page.locator("a[href='../slides/01_numeric_gradient.html']").click()
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.url.startswith(f"{address}/slides/01_numeric_gradient.html")
