"""Feedback to students: what their pages say, and what they must never say."""

import asyncio
import json
import os
import re
import shutil

import nbformat
import pytest
from commands import run_command, submission
from nbgrading import nbgrader
from pages import parsed, text_of, without_drawings

from autograder.course import PROJECT, nbgrader_config
from autograder.feedback import wording
from autograder.feedback.by_hand import ByHand
from autograder.feedback.figures import compared_in, figure_of
from autograder.feedback.page import Feedback, feedback_page
from autograder.findings import Odd
from autograder.gradebook.database import Database
from autograder.intake.files import kind_of
from autograder.records import Record, Records
from autograder.sandbox.inside.ending import Ending
from course.check import Expected, judge, load
from course.check.observing import observe
from course.custom_graph import reference

UNIT = load("numeric_gradient")
SEED = 8_765_432_109_876
HOSTILE = "<img src=x onerror=alert(1)>"
SHOUT = "<script>alert('seen')</script>"
RAISES = f"def jacobian(f, x, h=1e-5):\n    raise ValueError({(SHOUT + '&quot;' * 200)!r})"
FAILS = "1 / 0"
HUGE = "def forward_difference(f, x, h=1e-5):\n    return np.full(x.shape, [np.nan, 1e308, -np.inf][x.ndim % 3])"
WRONG_SIGN = next(one.source for one in UNIT.mistakes("central_difference") if one.name == "sign turned round")


def page_of(folder, student, unit=UNIT):
    return folder / student / unit.assignment / f"{unit.name}.html"


@pytest.fixture(scope="module")
def pages(graded_class, tmp_path_factory):
    """The pages of the graded class, written by the command."""
    into = tmp_path_factory.mktemp("pages")
    code, output = run_command("feedback", UNIT.name, "--course-dir", graded_class.folder, "--into", into)
    assert code == 0 and "30 pages" in output
    return {student: page_of(into, student).read_text() for student in graded_class.truth}


def test_a_page_tells_the_marks_and_the_mistakes(pages, graded_class):
    told = 0
    for student, marks in graded_class.truth.items():
        said = text_of(pages[student])
        assert f"{student}: {sum(mark['points'] for mark in marks.values()):g} of 10 points" in said
        for task, mark in marks.items():
            hints = [known.hint for known in UNIT.mistakes(task) if known.name == mark["mistake"]]
            assert all(f"This looks like: {mark['mistake']}. {hint}" in said for hint in hints)
            told += len(hints)
    assert told > 20


def test_a_page_tells_of_no_other_student_and_no_seed(pages, graded_class):
    for student, page in pages.items():
        assert not [other for other in pages if other != student and other in page]
        record = Records(graded_class.folder, UNIT).read(student)
        assert record and not [seed for seed in record.seeds.values() if str(seed) in page or f"{seed:x}" in page]


def test_a_page_needs_nothing_else_and_is_small(pages):
    for page in pages.values():
        assert len(page.encode()) < 2_000_000
        assert not re.search(r"<script|<link|<iframe|\bon\w+=|url\((?!#)|\bsrc=(?!\"data:)", page)
        assert not re.search(r"href=\"(?!#|data:)", page)


def test_links_to_the_lesson_lead_to_the_section_of_the_task(pages):
    for page in pages.values():
        shown = without_drawings(page)
        links = {link["href"].removeprefix("#") for link in shown("a")}
        anchors = [element["id"] for element in shown(id=True)]
        assert links and len(anchors) == len(set(anchors)) and links <= set(anchors)
    assert any('<a href="#lesson-many-outputs-the-jacobian">' in page for page in pages.values())


def test_what_is_drawn_is_what_is_wrong(pages, graded_class):
    """A sign or a factor shows in words, also to somebody who does not see the picture."""
    said = {"sign turned round": "Every entry is right but for its sign.", "transposed": "yours is right"}
    checked = 0
    for student, marks in graded_class.truth.items():
        for task, mark in marks.items():
            if mark["mistake"] in said:
                (section,) = parsed(pages[student]).select(f"section[aria-labelledby=task-{task}]")
                words = section.figure.svg["aria-label"], section.figure.figcaption.get_text()
                assert all(said[mark["mistake"]] in one for one in words)
                checked += 1
    assert checked


def test_what_ends_a_notebook_or_leaves_a_file_out_is_told_in_words(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    kinds = [kind_of((tmp_path / name).stat()) for name in ("pipe", "")]
    limits = [ending.value for ending in Ending if ending.by_limit]
    for name in [*limits, *kinds, *Odd]:
        assert wording.finding(name, "cell 3").endswith(". (cell 3)") and len(wording.FINDINGS[name]) > 40


# --- odd submissions, marks by hand, broken records, nbgrader ------------------------------------


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A course folder with hostile submissions, graded by the command; an instructor gave marks and comments."""
    root = tmp_path_factory.mktemp("odd")
    answers = {
        "jacobian": RAISES,
        "forward_difference": HUGE,
        "central_difference": WRONG_SIGN,
        "complex_step": "1 / 0",
    }
    path = submission(root / "submitted", HOSTILE, answers)
    (path.parent / f"{SHOUT.replace('/', '')}.txt").write_text("?")
    (path.parent / "timestamp.txt").write_text("2026-01-01 10:00:00 UTC")
    (path.parent / "submission_secret.txt").write_text("abc")
    path.rename(path.with_name("<i>mine</i>.ipynb".replace("/", "")))
    submission(root / "submitted", "other", {})
    submission(root / "submitted", "third", {})
    shutil.copytree(PROJECT / "solutions" / UNIT.assignment, root / "solutions" / UNIT.assignment)
    code, output = run_command("grade", UNIT.name, "--submissions", root / "submitted", "--course-dir", root)
    assert code == 0, output
    give_by_hand(root, HOSTILE)
    records = Records(root, UNIT)
    records.path("third").write_text(records.path("third").read_text()[:-40])
    return root


def give_by_hand(root, student):
    """What an instructor enters in formgrader: points for a task, a point more for another, a comment."""
    with Database(root).open() as book:
        where = (UNIT.name, UNIT.assignment, student)
        book.find_grade("jacobian", *where).manual_score = 1.25
        book.find_grade("relative_error", *where).extra_credit = 0.5
        book.find_comment("answer_jacobian", *where).manual_comment = f"Nearly!\n{SHOUT}"
        book.db.commit()


def require_by_hand(page):
    """What was given by hand stands in the page."""
    said = text_of(page)
    assert f"{HOSTILE}: 1.75 of 10 points" in text_of(page)
    assert "1.25 of 2.5 points (given by hand; the checks gave 0)" in said
    assert "0.5 of 1 points (given by hand; the checks gave 0)" in said
    assert f"From your instructor: Nearly! {SHOUT}" in said
    assert [one.get_text() for one in parsed(page).select("blockquote.comment")] == [f"Nearly!\n{SHOUT}"]
    assert "alert" in page and not re.search(r"<script|<img|<i>mine", page)


def test_what_others_wrote_is_escaped_and_marks_by_hand_are_told(odd, tmp_path):
    before = (odd / "gradebook.db").read_bytes()
    code, output = run_command("feedback", UNIT.name, "--course-dir", odd, "--into", tmp_path, "--only", HOSTILE)
    assert code == 0 and "1 page: " in output
    page = page_of(tmp_path, HOSTILE).read_text()
    require_by_hand(page)
    assert f"ValueError: {SHOUT}" in text_of(page) and "Your notebook has another name" in text_of(page)
    assert (odd / "gradebook.db").read_bytes() == before


def test_an_answer_whose_cell_failed_is_told_with_its_error(odd, tmp_path):
    code, _ = run_command("feedback", UNIT.name, "--course-dir", odd, "--into", tmp_path, "--only", HOSTILE)
    said = text_of(page_of(tmp_path, HOSTILE).read_text())
    assert code == 0 and "not defined" in said
    assert "the cell that defines complex_step ended with an error. ZeroDivisionError: division by zero" in said
    assert "run the cell that defines it first" not in said


def test_of_several_answers_the_one_that_is_missing_is_told_with_its_error():
    unit = load("custom_graph")
    task = next(task for task in unit.tasks.values() if "Exp" in task.answers)
    scope = {name: getattr(reference, name) for name in task.answers if name != "Exp"}
    verdict = judge(Expected(unit, task, SEED), observe(task, scope, SEED))
    assert not verdict.undefined and verdict.points
    record = Record("s", unit.name, "", "", "", "2026-01-01", {task.name: SEED}, verdicts={task.name: verdict})
    failed = {"Exp": "SyntaxError: invalid syntax (1234.py, line 2)"}
    said = text_of(feedback_page(Feedback(unit, record, errors=failed)))
    assert "the cell that defines Exp ended with an error. SyntaxError: invalid syntax (line 2)" in said
    assert "It was not defined when it was checked." in said and "stopped with an error" not in said
    assert "no cell had defined Exp by the time" in text_of(feedback_page(Feedback(unit, record)))


def test_points_are_rounded_as_in_an_export():
    record = Record("s", UNIT.name, "", "", "", "2026-01-01", {})
    said = text_of(feedback_page(Feedback(UNIT, record, ByHand({"jacobian": 1 / 3}))))
    assert "s: 0.33 of 10 points" in said and "0.33 of 2.5" in said


def test_a_task_that_was_not_graded_yet_is_told_and_marks_by_hand_count(odd, tmp_path):
    record = Records(odd, UNIT).read(HOSTILE)
    assert record
    record.verdicts = {"forward_difference": record.verdicts["forward_difference"]}
    marks = ByHand({"jacobian": 1.25}, penalty=5.0)
    said = text_of(feedback_page(Feedback(UNIT, record, marks)))
    assert f"{HOSTILE}: 0 of 10 points" in said and "not graded yet" in said and "1.25 of 2.5" in said
    assert "8.25 of" not in said and "−5" in said


def test_a_broken_record_is_told_and_stops_nobody(odd, tmp_path):
    code, output = run_command("feedback", UNIT.name, "--course-dir", odd, "--into", tmp_path)
    assert code == 1 and "2 pages" in output and "third.json is no grade record" in output
    assert page_of(tmp_path, "other").exists() and not page_of(tmp_path, "third").exists()
    assert "not answered" in text_of(page_of(tmp_path, "other").read_text())


def test_any_observation_can_be_in_a_record():
    """Data that nobody would return is either drawn or left out."""
    task = UNIT.tasks["central_difference"]
    part = compared_in(UNIT)[task.name][0].part
    odd_ones: list = [None, [], {"dtype": "float64"}, "text", [[[[[[[[[]]]]]]]]], {"raised": 1}]
    numbers = [[1e308, -1e308, 3], [[float("nan")] * 3, [float("inf"), 0, 1]], [[1]], [0] * 1000, [[1e-320] * 3] * 2]
    scopes = [{"central_difference": lambda *_, given=given: given} for given in numbers]
    observed = [*({part: one} for one in odd_ones), *(observe(task, scope, SEED) for scope in scopes)]
    drawn = []
    for one in observed:
        verdict = judge(Expected(UNIT, task, SEED), one)
        record = Record("s", UNIT.name, "", "", "", "", {task.name: SEED}, observations={task.name: one})
        drawn.append(figure_of(UNIT, verdict, record))
    assert not any(drawn[: len(odd_ones)]) and [bool(one) for one in drawn[len(odd_ones) :]] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["manual_backprop"], "holds no grade record of manual_backprop"),
        ([UNIT.name, "--only", "nobody"], "has not been graded for nobody"),
        ([UNIT.name, "--site", "javascript:alert(1)"], "--site is an address"),
        (["no_such_unit"], "no unit is called"),
    ],
)
def test_wrong_use_is_told(odd, tmp_path, words, said):
    code, output = run_command("feedback", *words, "--course-dir", odd, "--into", tmp_path)
    assert code == 2 and said in output and not list(tmp_path.iterdir())


def test_the_site_is_linked_where_there_is_one(odd, tmp_path):
    address = "https://example.org/course"
    code, _ = run_command(
        "feedback", UNIT.name, "--course-dir", odd, "--into", tmp_path, "--only", "other", "--site", f"{address}/"
    )
    assert code == 0
    link = f'href="{address}/{UNIT.assignment}.html#many-outputs-the-jacobian"'
    assert link in page_of(tmp_path, "other").read_text()


def test_without_a_gradebook_marks_are_those_of_the_records(odd, tmp_path):
    shutil.copytree(odd / "records", tmp_path / "records")
    code, _ = run_command("feedback", UNIT.name, "--course-dir", tmp_path, "--into", tmp_path / "f", "--only", HOSTILE)
    assert code == 0 and f"{HOSTILE}: 0 of 10 points" in text_of(page_of(tmp_path / "f", HOSTILE).read_text())
    assert not (tmp_path / "gradebook.db").exists()


def test_formgraders_button_delivers_the_same_page(odd, tmp_path):
    """formgrader calls nbgrader's API from a thread whose event loop is running."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    run_command("feedback", UNIT.name, "--course-dir", odd, "--into", tmp_path, "--only", HOSTILE)

    async def press():
        config = nbgrader_config(odd)
        return NbGraderAPI(CourseDirectory(config=config), config=config).generate_feedback(UNIT.assignment, HOSTILE)

    done = asyncio.run(press())
    assert done["success"], done
    assert page_of(odd / "feedback", HOSTILE).read_bytes() == page_of(tmp_path, HOSTILE).read_bytes()


def test_nbgraders_own_command_delivers_the_same_page(odd):
    nbgrader(odd, "generate_feedback", UNIT.assignment, "--student", HOSTILE)
    page = page_of(odd / "feedback", HOSTILE)
    require_by_hand(page.read_text())
    assert (page.parent / "submission_secret.txt").read_text() == "abc"
    assert (page.parent / "timestamp.txt").exists()


def test_what_the_exchange_releases_is_the_page(odd, tmp_path):
    tmp_path.chmod(0o777)
    nbgrader(odd, "generate_feedback", UNIT.assignment, "--student", HOSTILE, "--force")
    nbgrader(odd, "release_feedback", UNIT.assignment, f"--Exchange.root={tmp_path}")
    (sent,) = (tmp_path / "gradients" / "feedback").glob("*.html")
    require_by_hand(sent.read_text())


@pytest.mark.exhaustive
def test_another_assignment_gets_nbgraders_own_feedback(odd):
    graded = {"nbgrader": {"schema_version": 3, "grade_id": "one", "grade": True, "points": 1, "solution": False,
                           "locked": True, "task": False, "cell_type": "code"}}  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("assert 1 + 1 == 2", metadata=graded)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for folder in (odd / "solutions" / "extra", odd / "submitted" / "other" / "extra"):
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "quiz.ipynb")
    nbgrader(odd, "generate_assignment", "extra")
    nbgrader(odd, "autograde", "extra")
    nbgrader(odd, "generate_feedback", "extra")
    page = (odd / "feedback" / "other" / "extra" / "quiz.html").read_text()
    assert "Score: 1.0 / 1.0" in page and "From the lesson" not in page
    assert json.loads((odd / "submitted" / "other" / "extra" / "quiz.ipynb").read_text())["nbformat"] == 4
