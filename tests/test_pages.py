"""Writing pages: whatever text is put into a page is shown as it is, and changes nothing else on the page."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup
from pages import parsed, text_of

from autograder.course import PROJECT
from autograder.feedback.by_hand import ByHand
from autograder.feedback.page import Feedback, feedback_page
from autograder.findings import Finding
from autograder.grading.grader import Graded
from autograder.html.page import TEMPLATES, decimal
from autograder.records import Record
from autograder.report.class_report import class_page
from autograder.report.clusters import AnswerCluster
from autograder.report.copying import Alike, Suspicion
from autograder.report.gathering import GradedUnit
from autograder.report.overview import overview_page
from autograder.report.results_page import write_page
from course.check import Part, State, Verdict, load
from course.figures import Picture

UNIT = load("numeric_gradient")
HOSTILE = "</td></p></code></title><script>act()</script><i onclick=\"act()\" title='x'>&lt; \u202e {{ 7 * 7 }}"


def record(student, kinds):
    """A record whose every text is hostile, with an answer of each of the states, in the order of the unit's tasks."""
    verdicts = {}
    for task, state in zip(UNIT.tasks, kinds, strict=False):
        parts = (
            Part(f"part {HOSTILE}", state, f"reason {HOSTILE}"),
            Part("other", state, "NameError: n is not defined"),
        )
        mistake = f"mistake {HOSTILE}" if task == "jacobian" else None
        verdicts[task] = Verdict(task, 0, 2, parts, mistake, f"hint {HOSTILE}")
    findings = [(f"finding {HOSTILE}", f"detail {HOSTILE}")]
    return Record(student, UNIT.name, "", "", f"isolation {HOSTILE}", "2026-01-01", {}, verdicts, findings, seconds=1.0)


RECORD = record(f"name {HOSTILE}", (State.UNDEFINED, *[State.WRONG] * 5))


@pytest.fixture
def graded():
    return GradedUnit(UNIT, Path(f"folder {HOSTILE}"), [RECORD], unreadable=[f"file {HOSTILE}"])


def require_text(page, said):
    """Make sure that the page has hostile texts as text, at least their beginnings, not as elements or attributes."""
    tree = parsed(page)
    assert not tree(["script", "i", "img"]) and not tree(onclick=True)
    assert len(tree("title")) == 1 and len(tree("main")) == 1 and len(tree("html")) == 1
    words = text_of(page)
    assert not [one for one in said.split() if f"{one} {HOSTILE}"[:55] not in words], words
    assert "49" not in words.replace("{{ 7 * 7 }}", "")


def test_the_report_on_a_unit_shows_any_text(graded):
    task = UNIT.tasks["relative_error"]
    asked = [Suspicion((f"asked {HOSTILE}",), (Alike(f"unit {HOSTILE}", f"task {HOSTILE}", f"what {HOSTILE}",
                                                    frozenset([f"some {HOSTILE}"]), 2),))]  # fmt: skip
    page = class_page(graded, {task.name: [AnswerCluster(task, 1, (RECORD,))]}, asked)
    require_text(page, "name file part reason mistake hint finding detail asked unit task what some")
    words = text_of(page)
    assert "in isolation 'isolation </td></p>" in words and f"--course-dir 'folder {HOSTILE[:20]}" in words


def test_the_report_on_all_units_shows_any_text(graded):
    require_text(overview_page([graded], []), "name file mistake hint finding")


def test_the_page_of_results_shows_any_text(tmp_path):
    results = [Graded(RECORD.student, RECORD.verdicts, [Finding(*RECORD.findings[0])], isolation=RECORD.isolation)]
    write_page(UNIT, results, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    require_text(page, "name mistake hint finding")
    assert f"{RECORD.student}: {results[0].findings[0]}" in text_of(page)


def test_feedback_shows_any_text():
    by_hand = ByHand({"jacobian": 1.5}, {"jacobian": [f"comment {HOSTILE}"]})
    page = feedback_page(Feedback(UNIT, RECORD, by_hand, errors={"n": f"error {HOSTILE}"}, site=f"https:{HOSTILE}"))
    require_text(page, "name part reason mistake hint Finding detail comment error")
    assert parsed(page).find("a", string="on the course’s site")["href"].startswith(f"https:{HOSTILE}/")


def test_only_what_says_so_is_html():
    shown = TEMPLATES.from_string("{{ one }}{{ other }}{{ third }}")
    drawn = Picture("<svg></svg>", "a curve")
    assert shown.render(one="<b>", other=Markup("<i>"), third=drawn) == f"&lt;b&gt;<i>{drawn.svg}"
    assert not [path for path in PROJECT.glob("autograder/**/*.j2") if "|safe" in path.read_text(encoding="utf-8")]


def test_what_a_template_is_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        TEMPLATES.get_template("report/results_page.html.j2").render()


def test_numbers_are_shown_with_two_digits_or_as_none():
    assert [decimal(value) for value in (-0.126, 2, float("nan"))] == ["−0.13", "2.00", "–"]
