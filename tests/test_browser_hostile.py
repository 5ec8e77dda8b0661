"""Whatever a student wrote, no page of ours lets it act, send requests, or keep somebody from using the page."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import open_submission
from commands import run_command, submission
from formgrading import SUBMISSIONS, graded_cells
from hostile import ACT, AWAY, FAULTS, hostile_cells, pieces
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import handlers
from running import UNIT
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import PROJECT
from autograder.in_nbgrader import exporters

NAME = f'a"><img src=x onerror={ACT}>'
CLICK_ALL = """() => {
  for (const one of document.querySelectorAll("#notebook .rendered_html *, #notebook .output_area *"))
    if (!one.closest("a[href], summary")) one.dispatchEvent(new Event("click", {bubbles: true}));
}"""
PATIENCE = 300_000  # ms, for a page of hundreds of cells on a busy machine
REFUSED = ("violates", "Refused", "ERR_", "404")  # what the browser says of what a page's own policy forbids


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder with a submission whose name, answers and errors are hostile, and a hostile graded notebook."""
    folder = tmp_path_factory.mktemp("hostile")
    wrong = {name: UNIT.reference_source(name) for name in UNIT.tasks}
    wrong["jacobian"] = f"def jacobian(*_):\n    raise ValueError('<img src=x onerror={ACT}><script>{ACT}</script>')\n"
    submission(folder / "submitted", NAME, wrong)
    (folder / "submitted" / NAME / UNIT.assignment / f"b<img src=x onerror={ACT}>.txt").write_text("t")
    words = ["--submissions", folder / "submitted", "--course-dir", folder]
    for command in (["grade", UNIT.name, *words], ["feedback", UNIT.name, "--course-dir", folder],
                    ["report", "--all", "--course-dir", folder]):  # fmt: skip
        code, output = run_command(*command)
        assert code == 0, output
    (path,) = folder.glob(f"autograded/*/{UNIT.assignment}/{UNIT.name}.ipynb")
    notebook = json.loads(path.read_text())
    notebook["cells"] += hostile_cells()
    path.write_text(json.dumps(notebook))
    return folder


@contextmanager
def watched(page):
    """Make sure that nothing runs on a page in the block, and that it sends requests only to where it came from."""
    asked = []

    def note(dialog):
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.on("request", lambda request: asked.append(request.url))
    yield
    page.mouse.wheel(0, 10_000)
    page.wait_for_timeout(300)
    assert page.evaluate("window.acted") is None
    assert not [one for one in asked if AWAY in one or "evil.html" in one or "example.org" in one]
    assert page.evaluate(FAULTS) == []


def test_nothing_on_formgraders_page_acts(look, course):
    page = look(SUBMISSIONS)
    page.set_default_timeout(PATIENCE)
    with watched(page):
        open_submission(page, UNIT, NAME)
        assert page.locator("#notebook .text_cell").count() > len(pieces())
    page.evaluate(CLICK_ALL)
    assert page.evaluate("window.acted") is None
    assert page.locator("input.score").count() == len(graded_cells())


def test_nothing_in_nbgraders_feedback_acts(open_page, course, tmp_path):
    (path,) = course.glob(f"autograded/*/{UNIT.assignment}/{UNIT.name}.ipynb")
    config = PyFileConfigLoader("nbgrader_config.py", str(PROJECT / "autograder")).load_config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    css = Path(handlers.static_path) / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(css)]
    nbgrader = GenerateFeedback(coursedir=CourseDirectory(root=str(course)))
    exporter = exporters.FeedbackExporter(config=config, parent=nbgrader)
    names = {
        "assignment": "another",
        "notebook": UNIT.name,
        "student": "a",
        "score": 1,
        "max_score": 2,
        "late_penalty": 0,
    }
    html, _ = exporter.from_filename(str(path), resources={"nbgrader": names})
    (tmp_path / "page.html").write_text(html)
    page = open_page(tmp_path / "page.html", allowed=REFUSED)
    with watched(page):
        page.reload()
        assert page.locator("#notebook .text_cell").count() > len(pieces())
    assert page.locator("#notebook math").count() > 10 and isinstance(exporter, HTMLExporter)


@pytest.mark.parametrize("pattern", ["feedback/*/*/*.html", "reports/*.html", "results_*.html"])
def test_nothing_on_a_page_that_is_written_acts(open_page, course, pattern):
    paths = [*course.glob(pattern)]
    assert paths
    for path in paths:
        page = open_page(path)
        with watched(page):
            page.reload()
            for details in page.locator("summary").all():
                details.click()
        assert "onerror" in page.inner_text("body")


def test_a_page_lets_nothing_run_even_if_something_got_into_it(open_page, course, tmp_path):
    (path,) = course.glob("results_*.html")
    shutil.copy(path, tmp_path / "page.html")
    got_in = f"<script>{ACT}</script><img src=x onerror={ACT}><img src={AWAY}>"
    (tmp_path / "page.html").write_text(path.read_text().replace("</main>", f"{got_in}</main>"))
    page = open_page(tmp_path / "page.html", allowed=(*REFUSED, AWAY))
    page.wait_for_timeout(300)
    assert page.evaluate("window.acted") is None


@pytest.mark.exhaustive
def test_formgraders_page_lets_nothing_run_even_if_something_got_into_it(look, course):
    page = look(SUBMISSIONS, allowed=REFUSED)
    page.set_default_timeout(PATIENCE)
    open_submission(page, UNIT, NAME)
    page.evaluate(
        f"document.querySelector('#notebook').innerHTML += '<img src=x onerror={ACT}><p onclick={ACT}>HERE</p>'"
    )
    page.get_by_text("HERE", exact=True).click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.acted") is None
    for path in ("/api/terminals", "/lab"):
        refused = f"fetch('{path}').then(() => 'answered', () => 'refused')"
        assert page.evaluate(refused) == "refused"
