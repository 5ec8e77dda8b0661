"""The class report in a real browser."""

import json
import shutil

import pytest
from browser import VIEWS, barriers
from commands import run_command
from planted import LONG
from running import UNIT


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
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


def test_a_long_name_widens_no_page(planted_class, open_page, tmp_path):
    """Of the only student in a cluster, which the page names beside the code."""
    shutil.copytree(planted_class / "records", tmp_path / "records")
    path = tmp_path / "records" / UNIT.name / "dan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"student": LONG.upper()}))
    assert run_command("report", UNIT.name, "--course-dir", tmp_path)[0] == 0
    page = open_page(tmp_path / "reports" / f"{UNIT.name}.html", viewport={"width": 400, "height": 900})
    assert page.locator("summary", has_text=LONG.upper()[:40]).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_overview_leads_to_the_units(planted_class, open_page):
    page = open_page(planted_class / "reports" / "all_units.html")
    page.get_by_role("link", name="numeric_gradient").first.click()
    assert page.locator("h1").inner_text() == "numeric_gradient: 10 students"
