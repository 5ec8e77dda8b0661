"""The page of results in a real browser."""

import pytest
from browser import VIEWS, barriers


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_results_page_reads_well(graded_class, open_page, scheme, width):
    path = graded_class.folder / "results_numeric_gradient.html"
    page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.locator("[aria-label^=Marks] tbody th[scope=row]").count() == 30
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []
