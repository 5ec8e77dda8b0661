"""Questions that a person marks, from the lesson to the gradebook, formgrader, feedback, export and report."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from programs import SANDBOX, need
from words_course import ASSIGNMENT, RIGHT, autograder, comments, grades, hand_in, make_course, mark

from autograder.course import COURSE_VARIABLE, PROJECT
from autograder.gradebook.database import Database

LESSON = """
    # Words

    ```{code-cell}
    :given: setup
    from course.check import Check

    check = Check("words")
    ```

    +++ {"question": "why_vowels"}

    ### Explain: vowels

    Why does `vowels("")` return $0$?

    **Model answer**

    A sum of nothing is 0. SECRET

    +++ {"question": "and_y"}

    Is y a vowel?

    **Model answer**

    Not here. SECRET

    ```{code-cell}
    :answer: vowels
    ```

    ```{code-cell}
    :check: vowels
    ```

    ```{code-cell}
    check.all()
    ```
    """
POINTS = '[question_points]\n"words.why_vowels" = 3\n'
PROSE = "It adds **nothing**. <script>alert(1)</script> <b>$x$</b>"


AS_GRADED = {
    ("ada", "vowels"): (2, None, False),
    ("ada", "why_vowels"): (None, None, True),
    ("ben", "vowels"): (2, None, False),
    ("ben", "why_vowels"): (0, None, False),
    ("cy", "vowels"): (0, None, True),
    ("cy", "why_vowels"): (0, None, True),
}
"""Scores before anything is marked by hand: automatic, by hand, and whether a person must look."""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A graded course: ada answers both questions, ben only the one without points, and cy's notebook is broken."""
    need(*SANDBOX)
    folder = make_course(tmp_path_factory.mktemp("asked"), POINTS, **{"lesson.md": LESSON})
    autograder(folder, "build")
    hand_in(folder, "ada", answer_vowels=RIGHT, why_vowels=PROSE, and_y="No.")
    hand_in(folder, "ben", answer_vowels=RIGHT, and_y="Yes.")
    hand_in(folder, "cy")
    (folder / "submitted" / "cy" / ASSIGNMENT / "words.ipynb").write_text("{")
    autograder(folder, "grade", "words")
    return folder


def test_points_are_those_of_the_course(course):
    cells = nbformat.read(course / "notebooks" / ASSIGNMENT / "words.ipynb", as_version=4).cells
    points = {
        cell.id: cell.metadata.nbgrader.points for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {"why_vowels": 3, "vowels": 2}
    with closing(Database(course).open_existing()) as book:
        assert book.find_assignment(ASSIGNMENT).max_score == 5


def test_only_an_answer_that_is_worth_points_waits_for_a_person(course):
    assert grades(course) == AS_GRADED


@pytest.fixture(scope="module")
def marked(course):
    """The course after a person marked ada's answer, and graded twice more."""
    mark(course, "ada", "why_vowels", 2.5, "Say <it> shorter.")
    for words in (["grade", "words", "--again"], ["regrade", "words", "--all", "--yes"]):
        autograder(course, *words)
    return course


def test_marks_by_hand_outlast_grading_again(marked):
    found = grades(marked)
    assert found["ada", "why_vowels"] == (None, 2.5, True)
    assert comments(marked, "ada") == {"why_vowels": "Say <it> shorter."}
    with closing(Database(marked).open_existing()) as book:
        assert book.find_submission(ASSIGNMENT, "ada").score == 4.5
        assert book.find_comment("why_vowels", "words", ASSIGNMENT, "ben").comment == "No response."


def test_feedback_shows_question_answer_points_and_comment(marked):
    autograder(marked, "feedback", "words")
    pages = {
        student: (marked / "feedback" / student / ASSIGNMENT / "words.html").read_text() for student in ("ada", "ben")
    }
    ada, ben = (re.sub(r"\s+", " ", pages[student]) for student in pages)
    assert "4.5 of 5 points" in ada and "2 of 5 points" in ben
    assert "Marked by hand</strong>: 2.5 of 3 points" in ada and "Say &lt;it&gt; shorter." in ada
    assert "It adds **nothing**. &lt;script&gt;alert(1)&lt;/script&gt;" in ada and "<script" not in ada
    assert ada.index("Explain: vowels") < ada.index("It adds **nothing**") < ada.index("Say &lt;it&gt;")
    assert "You gave no answer" in ben and "No answer</strong>: 0 of 3 points" in ben
    assert "SECRET" not in ada + ben and "YOUR ANSWER HERE" not in ada + ben


def test_export_counts_questions(marked):
    autograder(marked, "export", "--to", "csv")
    with (marked / "marks_csv.csv").open(newline="") as file:
        assert {row["student"]: float(row["words"]) for row in csv.DictReader(file)} == {"ada": 4.5, "ben": 2, "cy": 0}


def test_the_report_says_what_its_figures_leave_out(marked):
    autograder(marked, "report", "words")
    page = re.sub(r"\s+", " ", (marked / "reports" / "words.html").read_text())
    assert "questions of words that a person marks, worth 3 points, are in none of these figures" in page
    assert "total<br>/ 2" in page


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("question_points = true", "question_points must be a number of points, such as 1, not True"),
        ("question_points = -1", "not -1"),
        ("question_points = nan", "not nan"),
        ('question_points = "1"', "not '1'"),
        ('[question_points]\nwords = "1"', "question_points of words must be a number"),
        ("[question_points]\nword = 1", "question_points names 'word', but the course has no such unit"),
        ('[question_points]\n"words.why" = 1', "names words.why, but its questions are and_y, why_vowels"),
        ("[question_points]\nwords.why_vowels = 1", 'write names in quotes, "words.why_vowels"'),
    ],
)
def test_wrong_points_are_told(said, told, tmp_path):
    folder = make_course(tmp_path, said, **{"lesson.md": LESSON})
    output = autograder(folder, "build", code=2)
    assert told in " ".join(output.split()) and "course.toml" in output


@pytest.mark.parametrize(
    ("said", "points"), [("", [0, 0]), ("question_points = 1", [1, 1]),
                         ('[question_points]\nwords = 0.5\n"words.and_y" = 2', [0.5, 2])],
)  # fmt: skip
def test_points_of_every_question_of_a_unit_and_of_one(said, points, tmp_path):
    folder = make_course(tmp_path, said, **{"lesson.md": LESSON})
    autograder(folder, "build")
    cells = json.loads((folder / "notebooks" / ASSIGNMENT / "words.ipynb").read_text())["cells"]
    found = {
        cell["id"]: cell["metadata"].get("nbgrader", {}).get("points", 0)
        for cell in cells
        if cell["id"] in ("why_vowels", "and_y")
    }
    assert [found["why_vowels"], found["and_y"]] == points


@pytest.mark.exhaustive
def test_nbgraders_own_autograde_gives_the_same(course, tmp_path):
    """The same scores, comments and waiting as ``autograder grade``; an answer worth no points waits for nobody."""
    for name in ("solutions", "submitted"):
        shutil.copytree(course / name, tmp_path / name)
    programs = str(Path(sys.executable).parent)
    more = {COURSE_VARIABLE: str(course), "JUPYTER_CONFIG_PATH": str(PROJECT / "autograder"),
            "PATH": os.pathsep.join([programs, os.environ["PATH"]])}  # fmt: skip
    for step in ("generate_assignment", "autograde"):
        done = subprocess.run([f"{programs}/nbgrader", step, ASSIGNMENT, "--force"], cwd=tmp_path, text=True,
                              env=os.environ | more, capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    assert grades(tmp_path) == AS_GRADED
