"""What the tests of the pipeline share: classes of one unit, what a gradebook holds, and places that fail."""

import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from contextlib import closing, suppress
from pathlib import Path

import nbformat
import psutil
from commands import submission
from programs import SANDBOX, need
from waiting import PATIENCE, wait_until

from autograder.authoring.classroom import make_class
from autograder.intake import released
from autograder.running.execute import Execution, execute
from autograder.running.workers import Here
from course.check import load

UNIT = load("numeric_gradient")
AUTOGRADER = [sys.executable, "-c", "from autograder.cli import app; app()"]
WRITE = {"x86_64": "1", "aarch64": "64"}.get(platform.machine())  # the number of Linux's call
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
    """All that a gradebook says about students, marks and comments, without its internal numbers."""
    with closing(sqlite3.connect(database)) as db:
        return [db.execute(query).fetchall() for query in (SUBMISSIONS, GRADES, COMMENTS, CELLS)]


def marked_cells(unit):
    """How many cells of a unit's notebook have marks: those of its tasks and its questions."""
    return sum(cell.metadata.get("nbgrader", {}).get("grade", False) for cell in released(unit).cells)


def points_of(database):
    """The automatic points, by student and task. Answers to questions, which a person marks, are left out."""
    _, grades, _, cells = contents(database)
    by_hand = {name for name, kind in cells if kind == "SolutionCell"}
    return {(student, task): points for student, task, points, *_ in grades if task not in by_hand}


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


def edit(folder, student, /, **values):
    """Change fields of a record."""
    path = folder / "records" / UNIT.name / f"{student}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def execute_or_die(job):
    """Run a job. A job that asks for it kills the process that runs it, always or only the first time."""
    if KILLER in job.notebook:
        os.kill(os.getpid(), signal.SIGKILL)
    if FRAGILE in job.notebook:
        flag = Path(job.notebook.partition(FRAGILE)[2].partition(" #")[0])
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(job)


def answer_at_length(job):
    """Return far more than fits into a pipe. Whoever then waits in a pipe for a reader is killed."""
    main = f"/proc/self/task/{os.getpid()}/syscall"

    def kill_in_a_pipe():
        while True:
            call, *given = Path(main).read_text().split()
            if call == WRITE and Path(f"/proc/self/fd/{int(given[0], 16)}").readlink().name.startswith("pipe:"):
                os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill_in_a_pipe, daemon=True).start()
    return Execution("x" * 100_000_000)


class Wordy(Here):
    """Workers of this machine that answer at length, and are killed where others would have to wait for the rest."""

    run = staticmethod(answer_at_length)


class Deadly(Here):
    """Workers of this machine that some jobs kill."""

    run = staticmethod(execute_or_die)
