"""Feedback to students: what a page says, and what it must not; marks by hand; hostile names; broken records."""

import dataclasses
import secrets
import shutil
from html import escape
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from conftest import run_command, submission
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pages import PageText

from autograder.feedback import feedback_on
from autograder.feedback.by_hand import ByHand
from autograder.feedback.drawing import draw
from autograder.feedback.figures import compared_in, figure_of
from autograder.intake import released
from autograder.records import Record, Records, fingerprint
from course import UNITS
from course.check import Expected, judge, load, observe
from course.check.variants import scope_of
from course.figures import Compared

UNIT = load("numeric_gradient")
RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
HOSTILE = "<img src=x onerror=alert(1)>"
RAISES = 'def {name}(*given, **more):\n    raise ValueError("</table><script>alert(2)</script>")\n'
HUGE = "def {name}(f, x, h=1e-5):\n    import numpy as np\n    return np.full(np.shape(x), -1e308) * [1, 10, 100]\n"


def page_path(into, student):
    return into / student / UNIT.assignment / f"{UNIT.name}.html"


def pages_of(course_dir, into, *more):
    """What ``autograder feedback`` gave: exit code, output, and each student's page."""
    code, output = run_command("feedback", UNIT.name, "--course-dir", course_dir, "--into", into, *more)
    return code, output, {path.parts[-3]: path.read_text("utf-8") for path in into.glob("*/*/*.html")}


@pytest.fixture(scope="module")
def class_pages(graded_class, tmp_path_factory):
    code, output, pages = pages_of(graded_class.folder, tmp_path_factory.mktemp("feedback"))
    assert code == 0 and "30 pages" in output
    return pages


@pytest.fixture(scope="module")
def odd_course(tmp_path_factory):
    """A graded course folder with right, empty, broken and hostile submissions."""
    root = tmp_path_factory.mktemp("odd")
    submission(root / "submitted", "right", RIGHT)
    submission(root / "submitted", "blank", {})
    submission(root / "submitted", "broken", {}).write_text("{ not json")
    submission(root / "submitted", "huge", {name: HUGE.format(name=name) for name in RIGHT})
    hostile = submission(root / "submitted", HOSTILE, {name: RAISES.format(name=name) for name in RIGHT})
    hostile.rename(hostile.with_name("<svg onload=alert(3)>.ipynb"))
    code, output = run_command("grade", UNIT.name, "--submissions", root / "submitted", "--course-dir", root)
    assert code == 0, output
    return root


@pytest.fixture(scope="module")
def odd_pages(odd_course, tmp_path_factory):
    code, _, pages = pages_of(odd_course, tmp_path_factory.mktemp("feedback"))
    assert code == 0 and len(pages) == 5
    return pages


# --- what a page says -------------------------------------------------------------------------------


def test_each_student_is_told_points_mistakes_and_hints(graded_class, class_pages):
    records = Records(graded_class.folder, UNIT)
    for student, marks in graded_class.marks.items():
        page, record = PageText(class_pages[student]), records.read(student)
        total = sum(mark["points"] for mark in marks.values())
        assert f"{student}: {total:g} of 10 points" in page.text
        for task, verdict in record.verdicts.items():
            assert f"{verdict.points:g} of {verdict.max_points:g} points" in page.text
            if verdict.mistake:
                assert f"This looks like: {verdict.mistake}. {' '.join(verdict.hint.split())}" in page.text
                assert f"task-{task}" in page.ids
        assert not [other for other in graded_class.marks if other != student and other in class_pages[student]]


def test_a_mistake_is_drawn_and_leads_into_the_lesson(graded_class, class_pages):
    student = next(
        student
        for student, marks in graded_class.marks.items()
        if marks["central_difference"]["mistake"] == "divided by h instead of 2h"
    )
    page = PageText(class_pages[student])
    assert "The lesson explains it: From both sides." in page.text and "lesson-from-both-sides" in page.ids
    assert "Every entry is 2 times what it should be." in page.text
    assert "Write the gradient of f at x by central differences." in page.text


def test_a_right_answer_needs_no_lesson(odd_pages):
    page = PageText(odd_pages["right"])
    assert "10 of 10 points" in page.text and "From the lesson" not in page.text and page.tags["svg"] == 0


def test_what_was_not_answered_or_not_read_is_said(odd_pages):
    assert PageText(odd_pages["blank"]).text.count("Not answered: 0 of") == len(UNIT.tasks)
    assert "Your notebook could not be read by the program." in PageText(odd_pages["broken"]).text


def test_a_site_is_linked_to(odd_course, tmp_path):
    _, _, pages = pages_of(odd_course, tmp_path, "--only", "blank", "--site", "https://example.org/course/")
    assert list(pages) == ["blank"]
    assert f'href="https://example.org/course/{UNIT.assignment}.html#from-both-sides"' in pages["blank"]


# --- what a page must not say -----------------------------------------------------------------------


def test_hostile_names_and_messages_are_escaped(odd_pages):
    page = odd_pages[HOSTILE]
    assert escape(HOSTILE) in page and escape("</table><script>alert(2)</script>") in page
    assert escape("<svg onload=alert(3)>.ipynb") in page
    found = PageText(page)
    assert found.tags["script"] == found.tags["img"] == 0 and "<svg onload" not in page


def answered_wrong(unit):
    """A record of a submission in which every task has one of its known mistakes, as grading would have made it."""
    seeds = {task: secrets.randbits(64) for task in unit.tasks}
    observed, verdicts = {}, {}
    for name, task in unit.tasks.items():
        scope = scope_of(unit, task, unit.mistakes(name)[0])
        observed[name] = observe(task, scope, seeds[name])
        verdicts[name] = judge(Expected(unit, task, seeds[name]), observed[name])
        assert not verdicts[name].right
    return Record("student", unit.name, "", fingerprint(unit), "strict", "2026-01-01T00:00:00+00:00", seeds, verdicts,
                  observations=observed)  # fmt: skip


def line_by_line(text):
    """The lines of a text, each with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def secret_lines(unit, record):
    """The reference's lines of code that stand neither in the student's notebook nor in an error of the student's."""
    public = " ".join(line for cell in released(unit).cells for line in line_by_line(cell.source))
    public += " ".join(part.reason for verdict in record.verdicts.values() for part in verdict.parts)
    answers = [name for task in unit.tasks.values() for name in task.answers]
    lines = {line for name in answers for line in line_by_line(unit.reference_source(name))}
    return {line for line in lines if len(line) > 12 and line not in public}


@pytest.mark.parametrize("unit_name", UNITS[1:])
def test_no_page_of_any_unit_holds_the_reference_or_a_seed(unit_name):
    unit = load(unit_name)
    record = answered_wrong(unit)
    html = feedback_on(unit, record, ByHand())
    page = PageText(html)
    lines = secret_lines(unit, record)
    assert lines and not [line for line in lines if line in page.text]
    assert not [seed for seed in record.seeds.values() if str(seed) in html or f"{seed:x}" in html]
    assert len(html.encode()) < 2_000_000 and page.tags["script"] == 0
    assert set(page.anchors) <= set(page.ids) and max(page.ids.values()) == 1
    assert page.levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(page.levels))
    assert not [piece for piece in page.pieces if "$" in piece], "a formula was not converted"


@pytest.mark.parametrize("unit_name", UNITS[1:])
def test_every_task_that_a_unit_wants_drawn_is_drawn_for_some_mistake(unit_name):
    unit = load(unit_name)
    for name, wanted in compared_in(unit).items():
        task, seed = unit.tasks[name], 7
        expected = Expected(unit, task, seed)
        assert {compared.part for compared in wanted} <= set(expected.reference)
        drawn = []
        for mistake in unit.mistakes(name):
            observed = observe(task, scope_of(unit, task, mistake), seed)
            record = Record("s", unit.name, "", fingerprint(unit), "strict", "", {name: seed}, {}, [], {name: observed})
            if figure := figure_of(unit, judge(expected, observed), record):
                drawn.append(figure)
                break
        assert drawn, f"{unit_name}: {name}"


# --- pictures ---------------------------------------------------------------------------------------

SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5)
ANYTHING = arrays.arrays(float, SHAPES, elements=st.floats(width=64))
FINITE = arrays.arrays(float, SHAPES, elements=st.floats(-1e6, 1e6))


@given(ANYTHING, FINITE, st.booleans())
@settings(max_examples=25, deadline=None)
def test_whatever_was_observed_can_be_drawn(got, want, curve):
    picture = draw(Compared("part", "gradient", curve), got, want, np.ones(got.shape, bool), "All differ.")
    assert picture.svg.startswith("<svg") and "All differ." in picture.alt


# --- records and marks by hand ----------------------------------------------------------------------


def test_a_broken_record_is_named_and_stops_nobody(graded_class, tmp_path):
    shutil.copytree(graded_class.folder / "records", tmp_path / "records")
    records = Records(tmp_path, UNIT)
    records.path("student-02").write_text("{ not a record")
    strange = dataclasses.replace(records.read("student-03"), observations={"jacobian": {"whole numbers": [[[]]] * 3}})
    records.write(strange)
    code, output, pages = pages_of(tmp_path, tmp_path / "feedback")
    assert code == 1 and "student-02.json is no grade record that can be read" in output and "29 pages" in output
    assert len(pages) == 29 and "student-03" in pages


def test_nothing_graded_is_wrong_use(tmp_path, graded_class):
    code, output, _ = pages_of(tmp_path, tmp_path / "feedback")
    assert code == 2 and "grade first" in output
    code, output, _ = pages_of(graded_class.folder, tmp_path / "feedback", "--only", "nobody")
    assert code == 2 and "nobody" in output
    code, output, _ = pages_of(graded_class.folder, tmp_path / "feedback", "--site", "javascript:alert(1)")
    assert code == 2 and "https://" in output


def mark_by_hand(folder, student, late=0.0):
    """What an instructor does in formgrader: a mark, a comment, and nbgrader's penalty for lateness."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "gradients") as book:
        where = (UNIT.name, UNIT.assignment, student)
        book.find_grade("jacobian", *where).manual_score = 2.5
        book.find_comment("answer_jacobian", *where).manual_comment = "Nearly <there> & well argued."
        book.find_submission_notebook(*where).late_submission_penalty = late
        book.db.commit()


def test_marks_and_comments_by_hand_are_in_the_page_and_the_gradebook_is_only_read(odd_course, tmp_path):
    for name in ("records", "gradebook.db"):
        copy = shutil.copytree if (odd_course / name).is_dir() else shutil.copy
        copy(odd_course / name, tmp_path / name)
    mark_by_hand(tmp_path, "blank", late=0.75)
    before = (tmp_path / "gradebook.db").read_bytes()
    _, _, pages = pages_of(tmp_path, tmp_path / "feedback")
    page = PageText(pages["blank"])
    assert "blank: 1.75 of 10 points" in page.text and "handed in late −0.75" in page.text
    assert "2.5 of 3 points, given by hand; the checks gave 0" in page.text
    assert "From your instructor: Nearly <there> & well argued." in page.text and "<there>" not in pages["blank"]
    assert "by hand" not in PageText(pages["right"]).text
    assert (tmp_path / "gradebook.db").read_bytes() == before


def test_without_a_gradebook_the_marks_are_those_of_the_records(odd_course, tmp_path):
    shutil.copytree(odd_course / "records", tmp_path / "records")
    code, _, pages = pages_of(tmp_path, tmp_path / "feedback")
    assert code == 0 and "10 of 10 points" in PageText(pages["right"]).text
    assert not (tmp_path / "gradebook.db").exists()


# --- through nbgrader -------------------------------------------------------------------------------


def plain_assignment(root):
    """An assignment that is no unit of the course, in nbgrader's source format, and a submission of it."""
    cell = nbformat.v4.new_code_cell("assert 1 + 1 == 2")
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "locked": True, "task": False, "grade_id": "sum",
                                 "points": 1, "schema_version": 3, "cell_type": "code"}  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for folder in ("solutions/sums", "submitted/ann/sums"):
        (root / folder).mkdir(parents=True)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), root / folder / "sums.ipynb")


def test_nbgrader_delivers_the_page(odd_course, odd_pages, tmp_path):
    """``generate_feedback`` and ``release_feedback`` with the course's configuration; other assignments as ever."""
    from test_nbgrader import nbgrader

    root = tmp_path / "course"
    shutil.copytree(odd_course, root, ignore=shutil.ignore_patterns("feedback"))
    for name, text in (("timestamp.txt", "2026-01-01 00:00:00 UTC"), ("submission_secret.txt", "secret of blank")):
        for student in odd_pages:
            (root / "submitted" / student / UNIT.assignment / name).write_text(text)
    mark_by_hand(root, "blank")
    plain_assignment(root)
    nbgrader(root, "generate_feedback", UNIT.assignment)
    made = {path.parts[-3]: path.read_text("utf-8") for path in (root / "feedback").glob("*/*/*.html")}
    assert {student: page for student, page in made.items() if student != "blank"} == {
        student: page for student, page in odd_pages.items() if student != "blank"
    }
    assert "2.5 of 3 points, given by hand" in PageText(made["blank"]).text and "&lt;there&gt;" in made["blank"]

    (tmp_path / "exchange").mkdir(mode=0o777)
    nbgrader(root, "release_feedback", UNIT.assignment, f"--Exchange.root={tmp_path / 'exchange'}")
    released_pages = [path.read_text("utf-8") for path in (tmp_path / "exchange").rglob("*.html")]
    assert released_pages and set(released_pages) <= set(made.values())

    nbgrader(root, "generate_assignment", "sums")
    nbgrader(root, "autograde", "sums")
    nbgrader(root, "generate_feedback", "sums")
    assert "assert" in (root / "feedback" / "ann" / "sums" / "sums.html").read_text()
