"""What the formgrader shows of a student's notebook: text, pictures and formulas, and nothing that acts."""

import re
from contextlib import closing
from html import escape
from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

from autograder.gradebook.database import Database
from autograder.html.sanitize import LONGEST_HTML, MOST_TAGS, clean
from autograder.in_nbgrader import formgrade
from autograder.in_nbgrader.formgrade import register_submitted
from autograder.in_nbgrader.formgrade.safe import markdown
from course.check import load
from course.check.verdict import RIGHT_GREEN, WRONG_RED, State, badge
from course.figures import Picture

ACTS = re.compile(r"act\(\)|https?:|text/html|script|url\(|jacobian|<(style|iframe|form|input|svg)")


@pytest.mark.parametrize(
    "html",
    [
        "<script>act()</script>",
        "<SCRIPT\n>act()</SCRIPT >",
        "<style>*{display:none}</style>",
        '<img src="x" onerror="act()">',
        '<img src="https://example.org/x.png">',
        '<a href="javascript:act()">x</a>',
        '<a href=" da\tta:text/html,<script>act()</script>">x</a>',
        '<iframe src="https://example.org"></iframe>',
        '<form action="https://example.org"><input name="x"></form>',
        '<p style="background:url(https://example.org/x)">x</p>',
        '<p id="jacobian" class="score">x</p>',
        "<svg/onload=act()>",
        '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror=act()>">',
    ],
)
def test_what_acts_is_taken_out(html):
    for shown in (clean(html), markdown(html)):
        assert not ACTS.search(" ".join(re.findall("<[^>]*>?", shown))), shown


@pytest.mark.parametrize("html", ["<br>" * (MOST_TAGS + 1), "&" * (LONGEST_HTML + 1), f"<p {'a ' * LONGEST_HTML}>"])
def test_what_a_parser_would_take_long_for_is_shown_as_it_was_written(html):
    assert clean(html).startswith(f"<pre>{escape(html[:50])}")


def test_a_verdict_keeps_the_ground_of_its_letters():
    grounds = re.findall(r"background-color:\s*(#\w+);\s*color:\s*#fff", clean(badge(State.RIGHT) + badge(State.WRONG)))
    assert grounds == [RIGHT_GREEN, WRONG_RED]


def test_another_database_is_told_of_the_units_and_given_to_nbgrader(tmp_path, monkeypatch):
    unit = load("numeric_gradient")
    (tmp_path / "submitted" / "ann" / unit.assignment).mkdir(parents=True)
    address = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert register_submitted(tmp_path, address) == [unit.name] and not (tmp_path / "gradebook.db").exists()
    with closing(Database(tmp_path, address).open()) as book:
        assert [assignment.name for assignment in book.assignments] == [unit.assignment]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIENTS_DB_URL", address)
    folder = Path(formgrade.__file__).parent
    assert PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config().CourseDirectory.db_url == address


def test_scripts_are_taken_out_with_their_text_wherever_they_end():
    assert clean("a<script>b</script >c<STYLE>d</style>e") == "ace"
    assert clean("a<script>b<style>c</style>") == "a&lt;script&gt;b"


def test_what_a_lesson_shows_stays():
    shown = markdown(
        "# Title\n\n**bold** `a < b` $x < y$\n\n$$\\frac{a}{b}$$\n\n|a|b|\n|-|-|\n|1|2|\n\n[to](https://example.org)"
    )
    for part in ("<h1>Title</h1>", "<strong>bold</strong>", "<code>a &lt; b</code>", "<mfrac>", "<td>1</td>",
                 '<a href="https://example.org" target="_blank" rel="noopener noreferrer">to</a>'):  # fmt: skip
        assert part in shown
    assert shown.count("<math") == 2 and "$" not in shown


@pytest.mark.parametrize(
    "latex", [r"\href{javascript:act()}{x}", r"\frac{", r"\text{<img src=x onerror=act()>}", "{}}"]
)
def test_a_formula_that_cannot_be_drawn_is_shown_as_it_was_written(latex):
    assert "<img" not in markdown(f"${latex}$") and "href=" not in markdown(f"${latex}$")


def test_no_formula_breaks_out_of_an_attribute():
    shown = markdown("$x$ <b title='$x$'>a</b> <img alt='$$x$$' src='data:image/png;base64,AA'>")
    assert shown.count("<math") == 1 and not re.search("<(b|img) [^>]*<", shown)


def test_a_drawing_becomes_a_picture():
    picture = Picture('<svg viewBox="0 0 1 1"><script>act()</script></svg>', "a curve")
    assert clean(picture._repr_html_()).startswith('<img src="data:image/svg+xml;base64,')
    assert clean(picture._repr_html_()).endswith('alt="a curve">')
