"""Questions in nbgrader's formgrader, in a real browser: marked by hand, also in a term whose unit got more of them."""

from textwrap import dedent
from types import SimpleNamespace

import pytest
from browser import open_submission
from programs import SANDBOX, need
from waiting import wait_until
from words_course import ASSIGNMENT, RIGHT, UNIT, autograder, comments, grades, hand_in, make_course, mark

from autograder.course import COURSE_VARIABLE

pytestmark = pytest.mark.exhaustive

WORDS = SimpleNamespace(assignment=ASSIGNMENT, name="words")
SUBMISSIONS = f"/formgrader/manage_submissions/{ASSIGNMENT}"
QUESTION = """
+++ {"question": "why_so"}

### Explain: so

Why is it so?

**Model answer**

Because.

"""
ANSWER = 'It is **so** because $1 < 2$. <script>window.acted = true</script><img src="x" onerror="window.acted = true">'


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """ada was graded and marked before the question was asked; then ben answered it, and cy did not."""
    need(*SANDBOX)
    folder = make_course(tmp_path_factory.mktemp("asked"))
    autograder(folder, "build")
    hand_in(folder, "ada", answer_vowels=RIGHT)
    autograder(folder, "grade", "words")
    mark(folder, "ada", "vowels", 1.5, "Well thought of.", about="answer_vowels")
    make_course(folder, "question_points = 2\n", **{"lesson.md": dedent(UNIT["lesson.md"]) + QUESTION})
    autograder(folder, "build")
    hand_in(folder, "ben", answer_vowels=RIGHT, why_so=ANSWER)
    hand_in(folder, "cy", answer_vowels=RIGHT)
    autograder(folder, "grade", "words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(COURSE_VARIABLE, str(folder))
        yield folder


def test_only_who_answered_needs_manual_grading(look):
    page = look(SUBMISSIONS)
    page.wait_for_selector("text=ben")
    rows = {student: page.locator("#main-table tr").filter(has_text=student) for student in ("ada", "ben", "cy")}
    said = {student: row.locator(".status").inner_text() for student, row in rows.items()}
    assert said == {"ada": "graded", "ben": "needs manual grading", "cy": "graded"}


def test_an_answer_is_shown_and_marked(look, course):
    page = look(SUBMISSIONS)
    open_submission(page, WORDS, "ben")
    assert "Why is it so?" in page.inner_text("body") and not page.evaluate("window.acted")
    answer = page.locator(".nbgrader_cell:has(#why_so)")
    assert answer.locator("strong", has_text="so").count() == 1 and answer.locator("math").count() == 1
    page.fill("#why_so", "1.5")
    page.fill("#why_so-comment", "And why is 1 < 2?")
    page.locator("#why_so-comment").blur()
    assert wait_until(lambda: grades(course)["ben", "why_so"] == (None, 1.5, False))
    assert wait_until(lambda: comments(course, "ben") == {"why_so": "And why is 1 < 2?"})


def test_a_notebook_from_before_the_question_opens_with_its_marks(look):
    page = look(SUBMISSIONS)
    open_submission(page, WORDS, "ada")
    assert page.input_value("#vowels") == "1.5" and page.locator("#why_so").count() == 0
    assert page.input_value("#answer_vowels-comment") == "Well thought of."
