"""The class report in a real browser."""

import pytest
from browser import barriers


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", ["numeric_gradient", "all_units"])
def test_the_report_reads_well(planted_class, open_page, name, scheme, width):
    path = planted_class / "reports" / f"{name}.html"
    page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 900})
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg[role=img]").count() == {"numeric_gradient": 2, "all_units": 1}[name]
    assert page.locator("main script, main b:text-is('x')").count() == 0
    assert barriers(page) == []


def test_the_overview_leads_to_the_units(planted_class, open_page):
    page = open_page(planted_class / "reports" / "all_units.html")
    page.get_by_role("link", name="numeric_gradient").first.click()
    assert page.locator("h1").inner_text() == "numeric_gradient: 10 students"
