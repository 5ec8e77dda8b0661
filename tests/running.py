"""What the tests of the pipeline share: classes of one unit, what a gradebook holds, and places that fail."""

import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path

import nbformat
import psutil
from conftest import submission
from programs import SANDBOX, need
from waiting import PATIENCE, wait_until

from autograder.classroom import make_class
from autograder.execute import execute
from autograder.places import Here
from course.check import load

UNIT = load("numeric_gradient")
AUTOGRADER = [sys.executable, "-c", "from autograder.cli import app; app()"]
KILLER, FRAGILE = "# always kills its worker", "# kills its worker once: "
SUBMISSIONS = """
    select student.id, submitted_assignment.timestamp, submitted_notebook.late_submission_penalty
    from submitted_notebook
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join student on submitted_assignment.student_id = student.id order by 1"""
GRADES = """
    select submitted_assignment.student_id, base_cell.name,
        grade.auto_score, grade.manual_score, grade.needs_manual_grade
    from grade
    join submitted_notebook on grade.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join base_cell on grade.cell_id = base_cell.id order by 1, 2"""
COMMENTS = """
    select submitted_assignment.student_id, base_cell.name, comment.auto_comment
    from comment
    join submitted_notebook on comment.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join base_cell on comment.cell_id = base_cell.id order by 1, 2"""
CELLS = "select name, type from base_cell order by 1, 2"


def class_of(students, folder, seed=1):
    """A course folder with submissions; returns the marks that they must get."""
    return make_class(UNIT, students, seed, folder / "submitted")


def with_line(folder, student, line):
    """A submission with all answers right, and one more cell."""
    answers = {name: UNIT.reference_source(answer) for name, task in UNIT.tasks.items() for answer in task.answers}

    def append(notebook):
        notebook.cells.append(nbformat.v4.new_code_cell(line))

    submission(folder / "submitted", student, answers, UNIT.name, append)


def points_in(truth):
    return {(student, task): mark["points"] for student, marks in truth.items() for task, mark in marks.items()}


def contents(database):
    """All that a gradebook says of students, marks and comments, but for its own numbers."""
    with closing(sqlite3.connect(database)) as db:
        return [db.execute(query).fetchall() for query in (SUBMISSIONS, GRADES, COMMENTS, CELLS)]


def points_of(database):
    return {(student, task): points for student, task, points, *_ in contents(database)[1]}


class Run:
    """An ``autograder grade`` in a process group of its own, as a terminal starts it."""

    def __init__(self, folder, *words, course_dir=None, submissions=None):
        need(*SANDBOX)
        self.mark = uuid.uuid4().hex
        folders = ["--submissions", submissions or folder / "submitted", "--course-dir", course_dir or folder]
        self.words = list(map(str, ["grade", UNIT.name, *folders, *words]))
        self.process = subprocess.Popen(
            [*AUTOGRADER, *self.words], env=dict(os.environ, RUN_MARK=self.mark), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.seen = set()

    def look(self):
        """Remember the processes that belong to it."""
        with suppress(psutil.NoSuchProcess):
            self.seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self.seen

    def left(self):
        """Its processes that still run."""
        marked = [process for process in psutil.process_iter() if self.mark in _environment(process)]
        return [process for process in {*self.seen, *marked} if process.is_running() and runs(process)]

    def none_left(self):
        return wait_until(lambda: not self.left())

    def kill(self):
        """Kill its first process, and no other."""
        self.look()
        self.process.kill()
        self.process.communicate()

    def finish(self):
        """Exit code and output."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output


def _environment(process):
    try:
        return process.environ().get("RUN_MARK", "")
    except psutil.Error:
        return ""


def runs(process):
    """Whether a process has not ended."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def records(folder):
    """The records in a course folder, with the time of their writing."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "records" / UNIT.name).glob("*.json")}


def execute_or_die(job):
    """Run a job; one that says so kills the process that runs it, always or the first time."""
    if KILLER in job.notebook:
        os.kill(os.getpid(), signal.SIGKILL)
    if FRAGILE in job.notebook:
        flag = Path(job.notebook.partition(FRAGILE)[2].partition(" #")[0])
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(job)


class Deadly(Here):
    """Workers of this machine that some jobs kill."""

    run = staticmethod(execute_or_die)
