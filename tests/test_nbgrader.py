"""nbgrader's own commands work on the course, and agree with ours on honest submissions."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import PATIENCE

from autograder.build import PROJECT
from course.check import load

UNIT = load("numeric_gradient")
STUDENTS = ("student-01", "student-02", "student-03", "student-04")


def course_folder(root, graded_class):
    """A course folder with four submissions of the class."""
    shutil.copytree(PROJECT / "solutions", root / "solutions")
    for student in STUDENTS:
        shutil.copytree(graded_class.folder / "submitted" / student, root / "submitted" / student)
    return root


@pytest.fixture(scope="module")
def course(graded_class, tmp_path_factory):
    """A course folder in which stock nbgrader graded four of the class, from release to feedback and export."""
    root = course_folder(tmp_path_factory.mktemp("nbgrader"), graded_class)
    stock = f"load_subconfig({str(PROJECT / 'autograder' / 'nbgrader_course.py')!r})"
    (root / "nbgrader_config.py").write_text(stock)
    for words in (
        ["generate_assignment", UNIT.assignment],
        ["autograde", UNIT.assignment],
        ["generate_feedback", UNIT.assignment],
        ["export", "--to", str(root / "grades.csv")],
    ):
        nbgrader(root, *words, config=root)
    return root


def nbgrader(root, *words, config=PROJECT / "autograder"):
    bin_folder = Path(sys.executable).parent
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])  # nbgrader starts alembic by name
    environment = dict(os.environ, JUPYTER_CONFIG_PATH=str(config), PATH=path)
    command = [str(bin_folder / "nbgrader"), *words]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def scores(database, students=STUDENTS):
    query = """
        select student.id, base_cell.name, grade.auto_score from grade
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id
        join base_cell on grade.cell_id = base_cell.id"""
    with sqlite3.connect(database) as db:
        return {
            (student, task): score for student, task, score in db.execute(query) if not students or student in students
        }


def test_nbgrader_makes_the_same_student_notebook(course):
    path = Path("notebooks") / UNIT.assignment / f"{UNIT.name}.ipynb"
    assert (course / path).read_bytes() == (PROJECT / path).read_bytes()


def test_stock_autograde_gives_the_same_marks(course, graded_class):
    ours, stock = scores(graded_class.folder / "gradebook.db"), scores(course / "gradebook.db")
    assert len(ours) == len(STUDENTS) * len(UNIT.tasks) and ours == stock


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
