"""nbgrader's own commands in a course folder with a few of the graded class."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from programs import SANDBOX, found
from waiting import PATIENCE

from autograder.course import PROJECT
from autograder.sandbox import forkserver
from autograder.sandbox.bubblewrap import STRICT
from course.check import load

UNIT = load("numeric_gradient")
STUDENTS = ("student-01", "student-02", "student-03", "student-04")


def course_folder(root, graded_class):
    """A course folder with four submissions of the class."""
    shutil.copytree(PROJECT / "solutions", root / "solutions")
    for student in STUDENTS:
        shutil.copytree(graded_class.folder / "submitted" / student, root / "submitted" / student)
    return root


def nbgrader(root, *words, config=PROJECT / "autograder"):
    """Run one of nbgrader's commands. Returns what it logs."""
    bin_folder = Path(sys.executable).parent
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])  # nbgrader starts alembic by name
    environment = dict(os.environ, JUPYTER_CONFIG_PATH=str(config), PATH=path)
    if words[0] == "autograde" and all(map(found, SANDBOX)):  # it need not start a fork server of its own
        environment[forkserver.SHARED_VARIABLE] = json.dumps({UNIT.name: str(forkserver.running(UNIT.name, STRICT))})
    command = [str(bin_folder / "nbgrader"), *words]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def scores(database, students=STUDENTS):
    query = """
        select student.id, base_cell.name, grade.auto_score from grade
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id
        join base_cell on grade.cell_id = base_cell.id
        where base_cell.name not in (select name from base_cell where type = 'SolutionCell')"""
    with sqlite3.connect(database) as db:
        return {
            (student, task): score for student, task, score in db.execute(query) if not students or student in students
        }
