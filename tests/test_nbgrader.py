"""nbgrader's own commands work on the course, and agree with ours on honest submissions."""

import csv
import shutil
from pathlib import Path

import pytest
from nbgrading import STUDENTS, UNIT, course_folder, nbgrader, scores

from autograder.course import PROJECT


@pytest.fixture(scope="module")
def course(graded_class, tmp_path_factory):
    """A course folder in which stock nbgrader graded four of the class, from release to feedback and export."""
    root = course_folder(tmp_path_factory.mktemp("nbgrader"), graded_class)
    stock = f"load_subconfig({str(PROJECT / 'autograder' / 'in_nbgrader' / 'nbgrader_course.py')!r})"
    (root / "nbgrader_config.py").write_text(stock)
    for words in (
        ["generate_assignment", UNIT.assignment],
        ["autograde", UNIT.assignment],
        ["generate_feedback", UNIT.assignment],
        ["export", "--to", str(root / "grades.csv")],
    ):
        nbgrader(root, *words, config=root)
    return root


@pytest.mark.exhaustive
def test_nbgrader_makes_the_same_student_notebook(course):
    path = Path("notebooks") / UNIT.assignment / f"{UNIT.name}.ipynb"
    assert (course / path).read_bytes() == (PROJECT / path).read_bytes()


@pytest.mark.exhaustive
def test_stock_autograde_gives_the_same_marks(course, graded_class):
    ours, stock = scores(graded_class.folder / "gradebook.db"), scores(course / "gradebook.db")
    assert len(ours) == len(STUDENTS) * len(UNIT.tasks) and ours == stock


@pytest.mark.exhaustive
def test_feedback_and_export(course):
    for student in STUDENTS:
        page = course / "feedback" / student / UNIT.assignment / f"{UNIT.name}.html"
        assert "central_difference" in page.read_text()
    lines = (course / "grades.csv").read_text().splitlines()
    assert len(lines) == 1 + len(STUDENTS) and UNIT.assignment in lines[1]


def test_nbgrader_reads_what_our_grader_wrote(graded_class):
    """Feedback and export run on our gradebook and our autograded notebooks, with the verdicts in them."""
    root = graded_class.folder
    shutil.copytree(PROJECT / "solutions", root / "solutions", dirs_exist_ok=True)
    nbgrader(root, "generate_feedback", UNIT.assignment, "--student", STUDENTS[0])
    nbgrader(root, "export", "--to", str(root / "grades.csv"))
    page = (root / "feedback" / STUDENTS[0] / UNIT.assignment / f"{UNIT.name}.html").read_text()
    assert all(f'<h2 id="task-{task}">' in page for task in UNIT.tasks)
    with (root / "grades.csv").open() as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == pytest.approx(
        {student: sum(mark["points"] for mark in marks.values()) for student, marks in graded_class.marks.items()}
    )
