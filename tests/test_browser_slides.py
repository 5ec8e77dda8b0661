"""The slides in a real browser: nothing is cut off at 1280 by 720, with pictures and without."""

import nbformat
import pytest
from decks import OUTSIDE, slides_of

from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.site.decks.making import make_decks
from course import UNITS
from course.check import load

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


@pytest.mark.parametrize("name", UNITS)
def test_nothing_is_cut_off(decks, open_page, name):
    page = open_page(decks / f"{load(name).assignment}.html", viewport={"width": 1280, "height": 720})
    outside = [fault for _ in slides_of(page) for fault in page.evaluate(OUTSIDE)]
    assert outside == []
