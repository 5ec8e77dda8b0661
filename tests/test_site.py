"""The course's web pages: no answer in them, nothing from elsewhere, no link that leads nowhere."""

import re

import nbformat
import pytest
from bs4 import Comment
from commands import run_command
from pages import parsed

from autograder.authoring.lesson import BEGIN, END
from autograder.course import NOTEBOOKS, PROJECT, notebook_path
from autograder.html.formulas import mathml
from autograder.site import CellFailed, NotASite, SiteFaults, build_site
from autograder.site.fill import HOME, WIDGET, fill
from autograder.site.links import link_faults, read_pages
from autograder.site.run import read_worked, run_worked
from autograder.site.terms import TERMS
from course import UNITS
from course.check import load

UNIT = "numeric_gradient"


def page_of(site, name=f"01_{UNIT}"):
    return (site / f"{name}.html").read_text(encoding="utf-8")


def text_of(html):
    """All texts of a page, also those of scripts and styles."""
    return "".join(text for text in parsed(html).find_all(string=True) if not isinstance(text, Comment))


def answer_lines(unit):
    """The lines of the worked answers that the released notebook does not hold."""
    release = (PROJECT / notebook_path(unit, NOTEBOOKS)).read_text(encoding="utf-8")
    given = "\n".join(cell.source for cell in nbformat.reads(release, as_version=4).cells)
    worked = "\n".join(cell.source for cell in read_worked(unit).cells)
    lines = [line.strip() for part in worked.split(BEGIN)[1:] for line in part.split(END)[0].splitlines()]
    return [line for line in lines if len(line) > 12 and line not in given]


def test_no_page_holds_an_answer(small_site):
    for name in small_site.units:
        text = text_of(page_of(small_site.folder, load(name).assignment))
        assert 'raise NotImplementedError("write your answer here")' in text and "SOLUTION" not in text
        lines = answer_lines(load(name))
        assert lines and [line for line in lines if line in text] == []


def test_a_page_shows_what_right_answers_give(small_site):
    html = page_of(small_site.folder)
    assert html.count("✓") > 10 and "not right yet" not in html and "Error:" not in text_of(html)
    assert "f = -12.00004" in text_of(html)
    assert html.count('<svg fill="currentColor"') >= 2 and 'role="img" aria-label="' in html


def test_nothing_is_loaded_from_elsewhere(small_site):
    for page in read_pages(small_site.folder).values():
        assert page.loaded and not [address for address in page.loaded if "//" in address]
    styles = [*small_site.folder.rglob("*.css")]
    assert styles
    for style in styles:
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_there_is_no_search_and_formulas_need_no_script(small_site):
    assert not [*small_site.folder.glob("search*")]
    for path, page in read_pages(small_site.folder).items():
        assert not re.search(r"search\.html|searchbox|role=.search", path.read_text(encoding="utf-8")), path
        assert not re.search("mathjax|require|thebe", " ".join(page.loaded), re.I), path
    html = page_of(small_site.folder)
    assert html.count("<math ") > 30 and "$" not in text_of(html)


@pytest.mark.parametrize(
    ("latex", "made"),
    [
        (r"f(x \pm h)", "<mo>&#x000B1;</mo>"),
        ("(-2, -5)", '&#x00028;</mo><mo form="prefix">&#x02212;</mo><mn>2</mn>'),
        ("a - b", "<mi>a</mi><mo>&#x02212;</mo><mi>b</mi>"),
        ("f''(x)", '<mi>f</mi><mo lspace="0" rspace="0">&#x02033;</mo>'),
        (r"-\ln P", '<mi>ln</mi><mspace width="0.17em"></mspace><mi>P</mi>'),
        (r"\text{over $N$ examples}", "<mtext>over&#x000A0;</mtext><mi>N</mi>"),
    ],
)
def test_formulas_are_mended(latex, made):
    assert made in mathml(latex, "inline")


def test_every_link_of_the_site_leads_somewhere(small_site):
    assert link_faults(small_site.folder) == []
    assert len([link for page in read_pages(small_site.folder).values() for link in page.linked]) > 100


def test_sections_have_the_anchors_that_their_titles_say(small_site):
    anchors = next(page for path, page in read_pages(small_site.folder).items() if UNIT in path.name).anchors
    assert {"task-central-difference", "why-not-a-smaller-step", "many-outputs-the-jacobian"} <= anchors


def test_the_home_page_lists_units_in_order_with_objectives_time_and_points(small_site):
    text = text_of(page_of(small_site.folder, "index"))
    assert text.index("0 · Start here") < text.index("1 · The numeric gradient")
    assert "build the Jacobian of a function with many outputs" in text
    assert re.search(r"about \S+ minutes", text) and "10, in six tasks" in text


def test_the_index_lists_functions_and_terms(small_site):
    text = text_of(page_of(small_site.folder, "genindex"))
    assert "central_difference(), unit 1" in text and "mean_of_squares(), unit 0" in text
    assert "cancellation, unit 1" in text


def test_every_term_of_the_index_is_set_in_bold_somewhere():
    text = "\n".join((PROJECT / "course" / name / "lesson.md").read_text(encoding="utf-8") for name in UNITS)
    assert {term for term in TERMS if f"**{term}**" not in text} == set()


def test_the_notebook_can_be_taken_away_as_it_is_released(small_site):
    (path,) = small_site.folder.glob(f"_downloads/*/{UNIT}.ipynb")
    assert path.read_bytes() == (PROJECT / notebook_path(load(UNIT), NOTEBOOKS)).read_bytes()


def test_what_has_not_changed_is_not_run_again(small_site):
    ran = []
    worked = run_worked([load(UNIT)], small_site.cache, lambda done, total: ran.append(total))
    assert ran == [] and len(worked[UNIT].cells) == len(read_worked(load(UNIT)).cells)


def test_a_widget_is_shown_by_its_picture_or_not_at_all():
    def cell(*outputs):
        made = nbformat.v4.new_code_cell("slider", id="slider", outputs=[*outputs])
        return nbformat.v4.new_notebook(cells=[made])

    bare = {WIDGET: {"model_id": "1"}, "text/plain": "VBox()"}
    outputs = [nbformat.v4.new_output("display_data", data) for data in (bare, {**bare, "text/html": "<svg></svg>"})]
    (filled,) = fill(cell(), cell(*outputs)).cells
    assert [output.data for output in filled.outputs] == [{"text/html": "<svg></svg>"}]


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """A worked notebook whose second cell fails, in place of the unit's own."""
    path = tmp_path / notebook_path(load(UNIT), "solutions")
    path.parent.mkdir(parents=True)
    cells = [nbformat.v4.new_code_cell("x = 0", id="fine"), nbformat.v4.new_code_cell("1 / x", id="broken")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setattr("autograder.site.run.SOLUTIONS", str(tmp_path / "solutions"))


def test_a_notebook_that_fails_stops_with_the_cell_named(failing, tmp_path):
    with pytest.raises(CellFailed, match=rf"{UNIT} fails in cell 2 \(broken\): ZeroDivisionError: division by zero"):
        build_site([load(UNIT)], tmp_path / "site", tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*")) and not (tmp_path / "site").exists()


def test_the_command_says_which_cell_fails_and_keeps_the_site_that_is_there(failing, tmp_path):
    into = tmp_path / "site"
    into.mkdir()
    (into / ".buildinfo").touch()
    code, output = run_command("site", UNIT, "--into", into, "--cache", tmp_path / "cache")
    assert code == 1 and "cell 2 (broken)" in output and (into / ".buildinfo").exists()


def test_pages_with_faults_are_not_put_in_place(small_site, tmp_path, monkeypatch):
    for text, fault in (
        ("[there](nowhere.md)", "nowhere.md"),
        ("[there](#nothing)", "nothing"),
        ("$\\nosuchthing x$", "nosuchthing"),
        ('<a href="00_start_here.html#nothing">there</a>', "leads to no anchor"),
        ('<a href="gone.html">there</a>', "leads to no file"),
        ('<img src="https://example.org/a.png" alt="">', "loaded from elsewhere"),
    ):
        monkeypatch.setattr("autograder.site.fill.HOME", HOME + text)
        with pytest.raises(SiteFaults, match=fault):
            build_site([load("start_here")], tmp_path / "site", small_site.cache)
        assert not (tmp_path / "site").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(NotASite, match="something else"):
        build_site([load("start_here")], tmp_path, tmp_path / "cache")
    code, output = run_command("site", "start_here", "--into", tmp_path)
    assert code == 2 and "something else" in output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_lists_the_links_that_leave(small_site, tmp_path):
    into = tmp_path / "site"
    code, output = run_command("site", "start_here", "--into", into, "--cache", small_site.cache)
    assert code == 0 and "leaves the site: https://" in output and f"1 units: {into}" in output
    assert run_command("site", "no_such_unit", "--into", into)[0] == 2
    assert (into / "index.html").exists()
