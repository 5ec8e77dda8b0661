"""Speed and memory of grading against stock nbgrader: the same class, the same machine, one run.

python benchmarks/grading.py --submissions 40 --scale 1000 --json build/grading.json
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil
from measuring import Figures, figure, report
from memory import private_memory

from autograder.authoring.classroom import make_class
from autograder.course import NOTEBOOKS, PROJECT, notebook_path
from autograder.grading.grade import Grading, grade
from course.check import Unit, load

BIN = Path(sys.executable).parent
GOALS = {"numeric_gradient": (10, 0.25), "tf_tape": (20, 0.5)}  # times faster; seconds a submission
SCORES = """
    select student.id, base_cell.name, grade.auto_score from grade
    join submitted_notebook on grade.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join student on submitted_assignment.student_id = student.id
    join base_cell on grade.cell_id = base_cell.id order by 1, 2"""


def timed(root: Path, *command: str) -> float:
    """Seconds that a command takes in a course folder, its start included."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])  # nbgrader starts alembic by name
    environment = dict(os.environ, JUPYTER_CONFIG_PATH=str(root), PATH=path)
    before = time.perf_counter()
    subprocess.run([str(BIN / command[0]), *command[1:]], cwd=root, env=environment, check=True, capture_output=True)
    return time.perf_counter() - before


def against_nbgrader(unit: Unit, submissions: int, root: Path) -> Figures:
    """Grade one class twice, with stock nbgrader and with the autograder, each from a cold start."""
    stock_settings = PROJECT / "autograder" / "nbgrader_course.py"
    (root / "nbgrader_config.py").write_text(
        f"load_subconfig({str(stock_settings)!r})\nget_config().Execute.timeout = 120\n"
    )
    (root / "solutions").symlink_to(PROJECT / "solutions")
    make_class(unit, submissions, 1, root / "submitted")
    timed(root, "nbgrader", "generate_assignment", unit.assignment)
    print(f"{submissions} submissions of {unit.name}: nbgrader autograde …", flush=True)
    stock = timed(root, "nbgrader", "autograde", unit.assignment)
    print(f"  {stock:.1f} s; autograder grade …", flush=True)
    ours = timed(root, "autograder", "grade", unit.name, "--course-dir", "ours")
    print(f"  {ours:.1f} s")
    theirs, marks = scores(root / "gradebook.db"), scores(root / "ours" / "gradebook.db")
    differing = sorted(key for key in theirs | marks if theirs.get(key) != marks.get(key))
    for student, task in differing:
        print(f"  {student} {task}: nbgrader {theirs.get((student, task))}, ours {marks.get((student, task))}")
    times, _ = GOALS[unit.name]
    return {
        f"{unit.name}: times faster than nbgrader": figure(stock / ours, times, "×"),
        f"{unit.name}: marks that differ, of {len(marks)}": figure(len(differing), 0, "", ceiling=True),
    }


def scores(database: Path) -> dict[tuple[str, str], float]:
    with sqlite3.connect(database) as db:
        return {(student, task): score for student, task, score in db.execute(SCORES)}


def once_warm(unit: Unit, root: Path, submissions: int = 24) -> Figures:
    """Seconds a submission with all workers, from the first that is done to the last: of a class, and of a class
    that answered nothing, where next to no time is the notebook's own."""
    make_class(unit, submissions, 2, root / "answered")
    for number in range(submissions):
        folder = root / "unanswered" / f"student-{number}" / unit.assignment
        folder.mkdir(parents=True)
        shutil.copy(PROJECT / notebook_path(unit, NOTEBOOKS), folder)
    answered, _ = paced(Grading(unit, root / "answered", root / "graded"))
    unanswered, _ = paced(Grading(unit, root / "unanswered", root / "graded-unanswered"))
    print(f"{unit.name}: {answered:.3f} s a submission, {unanswered:.3f} s one without answers")
    _, goal = GOALS[unit.name]
    if unit.name == "numeric_gradient":
        return {f"{unit.name}: a submission once warm": figure(answered, goal, "s", ceiling=True)}
    return {f"{unit.name}: a submission once warm, without its own work": figure(unanswered, goal, "s", ceiling=True)}


def paced(grading: Grading, marks: tuple[int, ...] = ()) -> tuple[float, dict[int, tuple[float, float]]]:
    """Seconds a submission from the first to the last; at the marks, seconds since the first and MB of the grader."""
    times, at = [], {}
    for done, _ in enumerate(grade(grading), start=1):
        times.append(time.perf_counter())
        if done in marks:
            at[done] = times[-1] - times[0], psutil.Process().memory_info().rss / 1e6
    return (times[-1] - times[0]) / (len(times) - 1), at


def at_scale(name: str, submissions: int, root: Path) -> Figures:
    """Whether time stays linear and memory flat over a large class."""
    print(f"making a class of {submissions} …", flush=True)
    unit = load(name)
    make_class(unit, submissions, 3, root / "many")
    marks = (submissions // 10, submissions // 2, submissions)
    _, at = paced(Grading(unit, root / "many", root / "scale"), marks)
    for done, (seconds, memory) in at.items():
        print(f"  {done:>5} submissions: {done / seconds:.1f} a second, the grader holds {memory:.0f} MB")
    first, half, last = (at[mark] for mark in marks)
    later = (last[0] - half[0]) / (submissions - submissions // 2)
    sooner = half[0] / (submissions // 2)
    rate, memory = later / sooner, last[1] / first[1]
    return {
        f"time a submission, second half of {submissions} against the first": figure(rate, 1.1, "×", ceiling=True),
        f"memory of the grader after {submissions} against {marks[0]}": figure(memory, 1.1, "×", ceiling=True),
    }


def measure(submissions: int, scale: int) -> Figures:
    figures: Figures = {}
    for name in GOALS:
        with tempfile.TemporaryDirectory() as folder:
            figures |= against_nbgrader(load(name), submissions, Path(folder))
    for name in GOALS:
        with tempfile.TemporaryDirectory() as folder:
            figures |= once_warm(load(name), Path(folder))
    figures |= private_memory("tf_tape")
    fresh = ProcessPoolExecutor(1, get_context("spawn"))  # else the grader's memory were that of all the above too
    with tempfile.TemporaryDirectory() as folder, fresh:
        figures |= fresh.submit(at_scale, "numeric_gradient", scale, Path(folder)).result()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=40, help="size of the class that nbgrader grades too")
    parser.add_argument("--scale", type=int, default=1000, help="size of the large class")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before any unit imports TensorFlow
    report(measure(options.submissions, options.scale), options.json)


if __name__ == "__main__":
    main()
