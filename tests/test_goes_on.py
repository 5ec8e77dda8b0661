"""A gradebook of a running term goes on when its unit gets more cells, and keeps every mark and comment."""

import os
import subprocess
import sys
import zipfile
from contextlib import closing
from textwrap import dedent

import pytest
from programs import SANDBOX, need
from running import UNIT as GRADIENTS
from running import contents
from sampled import rest
from words_course import ASSIGNMENT, RIGHT, UNIT, autograder, comments, grades, hand_in, make_course, mark

from autograder.authoring.lesson import lesson_path
from autograder.course import COURSE_VARIABLE, PROJECT
from autograder.gradebook.database import Database

QUESTIONS = """
+++ {"question": "why_so"}

Why?

**Model answer**

Because.

+++ {"question": "why_not"}

Why not?

**Model answer**

Because not.

"""
TASK = {
    "check.py": """

        @unit.task(points=3)
        def shout(answer, rng):
            return {"a word": lambda: answer.shout("a"), "two words": lambda: answer.shout("b c")}
        """,
    "reference.py": '''

        def shout(text):
            """The text in capitals."""
            return text.upper()
        ''',
    "lesson.md": f"""
        ```{{code-cell}}
        :answer: shout
        ```

        ```{{code-cell}}
        :check: shout
        ```
        {QUESTIONS.replace(chr(10), chr(10) + "        ")}""",
}
MORE = {name: dedent(UNIT[name]) + dedent(text) for name, text in TASK.items()}
FEWER = MORE | {"lesson.md": MORE["lesson.md"].replace("why_not", "why_never")}
OTHER = MORE | {"lesson.md": MORE["lesson.md"].replace(":given: setup", ":given: start")}
BUILD = """
import sys
from pathlib import Path
from autograder.authoring.build import build
from autograder.course import current
build(current().unit("numeric_gradient"), lesson=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Two students are graded and marked by hand; then the unit gets two questions and a task; all is graded again."""
    need(*SANDBOX)
    folder = make_course(tmp_path_factory.mktemp("term"))
    autograder(folder, "build")
    for student in ("ada", "ben"):
        hand_in(folder, student, answer_vowels=RIGHT)
    autograder(folder, "grade", "words")
    mark(folder, "ada", "vowels", 1.5, "Well thought of.", about="answer_vowels")
    make_course(folder, "question_points = 1\n", **MORE)
    autograder(folder, "build")
    hand_in(folder, "ben", answer_vowels=RIGHT, answer_shout="def shout(text):\n    return text.upper()", why_so="So.")
    autograder(folder, "grade", "words")
    return folder


def test_marks_and_comments_by_hand_stay_and_new_cells_are_graded(course):
    assert grades(course) == {
        ("ada", "vowels"): (2, 1.5, True),
        ("ada", "shout"): (0, None, False),
        ("ada", "why_so"): (0, None, False),
        ("ada", "why_not"): (0, None, False),
        ("ben", "vowels"): (2, None, False),
        ("ben", "shout"): (3, None, False),
        ("ben", "why_so"): (None, None, True),
        ("ben", "why_not"): (0, None, False),
    }
    assert comments(course, "ada") == {"answer_vowels": "Well thought of."}
    with closing(Database(course).open_existing()) as book:
        assert book.find_assignment(ASSIGNMENT).max_score == 7
        assert book.find_submission(ASSIGNMENT, "ada").score == 1.5


@pytest.mark.exhaustive
def test_marks_of_new_cells_outlast_more_new_cells_and_other_points(course):
    mark(course, "ben", "why_so", 0.5, "Why so short?")
    more = QUESTIONS.replace("why_so", "who").replace("why_not", "whom")
    make_course(course, "question_points = 2\n", **MORE | {"lesson.md": MORE["lesson.md"] + more})
    autograder(course, "build")
    before = grades(course)
    autograder(course, "grade", "words")  # nothing that was handed in has changed, so old submissions stay as they are
    assert grades(course) == before
    autograder(course, "grade", "words", "--again")
    now = grades(course)
    assert now["ben", "why_so"] == (None, 0.5, True) and now["ben", "whom"] == (0, None, False)
    assert comments(course, "ben") == {"why_so": "Why so short?"} and now["ada", "vowels"] == (2, 1.5, True)
    with closing(Database(course).open_existing()) as book:
        assert book.find_assignment(ASSIGNMENT).max_score == 13


@pytest.mark.parametrize(("files", "gone"), [(FEWER, "why_not"), rest(OTHER, "given_setup")])
def test_nothing_is_written_if_a_cell_is_gone(course, files, gone):
    before = contents(course / "gradebook.db")
    make_course(course, **files)
    autograder(course, "build")
    for words in (["grade", "words", "--again"], ["regrade", "words", "--all", "--yes"]):
        said = " ".join(autograder(course, *words, code=2).split())
        assert "has marks for another version of words, with cells that are gone now" in said and gone in said
    assert contents(course / "gradebook.db") == before


def test_a_gradebook_of_an_earlier_version_goes_on(tmp_path):
    """Two questions are asked in the unit that version 0.1 graded, and all are graded again."""
    need(*SANDBOX)
    with zipfile.ZipFile(PROJECT / "tests" / "earlier.zip") as archive:
        archive.extractall(tmp_path)
    before = contents(tmp_path / "gradebook.db")
    (tmp_path / "course.toml").write_text('units = ["start_here", "numeric_gradient"]\nquestion_points = 2\n')
    lesson = lesson_path(GRADIENTS).read_text(encoding="utf-8")
    (tmp_path / "lesson.md").write_text(lesson.rstrip() + "\n" + QUESTIONS, encoding="utf-8")
    environment = os.environ | {COURSE_VARIABLE: str(tmp_path)}
    subprocess.run([sys.executable, "-c", BUILD, tmp_path / "lesson.md"], env=environment, check=True)
    autograder(tmp_path, "grade", GRADIENTS.name, "--again")
    after = contents(tmp_path / "gradebook.db")
    assert [row[:2] for row in after[0]] == [row[:2] for row in before[0]], "who handed in when"
    assert by_hand(after) == by_hand(before) == {("student-01", "jacobian"): 0.25}
    cells = {cell for _, cell, *_ in after[1]}
    assert cells >= {cell for _, cell, *_ in before[1]} | {"why_so", "why_not"} | GRADIENTS.tasks.keys()
    assert set(before[3]) < set(after[3])


def by_hand(state):
    return {(student, cell): mark for student, cell, _, mark, _ in state[1] if mark is not None}
