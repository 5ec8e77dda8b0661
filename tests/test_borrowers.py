"""Borrowers are graded: their marks, in the sandbox and in nbgrader, and who tries to get round the cost."""

import csv
import json
import os
import re
import shutil
import subprocess

import nbformat
import pytest
from borrowing import BORROW, RIGHT, WRONG, adding, text_of
from commands import run_command, submission
from nbclient import NotebookClient
from nbgrading import UNIT, nbgrader, scores
from pages import parsed
from programs import SANDBOX, need
from running import AUTOGRADER
from sampled import few
from waiting import PATIENCE

from autograder.course import COURSE_VARIABLE, NOTEBOOKS, PROJECT, SOLUTIONS
from autograder.findings import Odd
from autograder.records import Records
from autograder.report.clusters import is_unnamed
from autograder.running.execute import CHECKS_ALL
from course import UNITS
from course.check import load

FORGET = """
import course.check.borrowing as b, course.check.verdict as v
b._shares.clear()
b.is_lent = lambda task: False
v.Verdict.as_borrowed = lambda self, share: self
check.borrow = check = None
"""
STEAL = """
import os, course.check.borrowing as b
print("SEEN", sorted(b._lent()), "def jacobian" in str(dict(os.environ)))
print("SEEN", [name for name in ("jacobian",) if b._lent().get(name)])
"""
SPECIAL = {
    "only_borrows": ({}, adding(BORROW)),
    "answers_below": ({"jacobian": WRONG}, adding(BORROW, first=True)),
    "borrows_below": ({"jacobian": WRONG}, adding(BORROW)),
    "borrows_never": (RIGHT, adding("if False:\n    " + BORROW)),
    "forgets": (RIGHT, adding(BORROW + "\n" + FORGET)),
    "hides": (RIGHT, adding("1 / 0\n" + BORROW)),
    "innocent": (RIGHT, adding("# " + BORROW, "text = '" + BORROW + "'")),
    "steals": ({}, adding('check.borrow("relative_error")', STEAL, "name = 'jacobian'\ncheck.borrow(name)")),
    "misspells": ({}, adding('check.borrow("jacobain")')),
}
POINTS = {
    "only_borrows": 1.25,
    "answers_below": 0,
    "borrows_below": 1.25,
    "borrows_never": 1.25,
    "forgets": 1.25,
    "hides": 1.25,
    "innocent": 2.5,
    "steals": 0,
    "misspells": 0,
}
"""Those of ``jacobian``, worth 2.5."""


def hand_in_all(folder):
    for student, (answers, extra) in SPECIAL.items():
        submission(folder / "submitted", student, answers, extra=extra)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("borrowers")
    hand_in_all(folder)
    words = ("--submissions", folder / "submitted", "--course-dir", folder)
    code, output = run_command("grade", UNIT.name, *words, "--json", folder / "marks.json")
    assert code == 0, output
    (folder / "output").write_text(output)
    return folder


def record_of(folder, student):
    record = Records(folder, UNIT).read(student)
    assert record
    return record


def test_marks_are_those_of_any_answer_times_the_share(graded):
    marks = json.loads((graded / "marks.json").read_text())
    assert {student: of["jacobian"]["points"] for student, of in marks.items()} == POINTS
    borrowers = {student for student, of in marks.items() if of["jacobian"].get("borrowed")}
    assert borrowers == set(POINTS) - {"innocent", "steals", "misspells"}
    assert marks["only_borrows"]["jacobian"]["share"] == 0.5 and marks["steals"]["relative_error"]["points"] == 0.5
    in_gradebook = scores(graded / "gradebook.db", None)
    assert {student: in_gradebook[student, "jacobian"] for student in POINTS} == POINTS
    assert sum(marks["forgets"][task]["points"] for task in UNIT.tasks) == UNIT.points - 1.25


def test_who_borrows_one_task_reaches_no_other(graded):
    path = graded / "autograded" / "steals" / UNIT.assignment / f"{UNIT.name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    shown = "\n".join(text_of(out) for cell in cells for out in cell.get("outputs", []))
    assert "SEEN ['relative_error'] False" in shown and "SEEN []" in shown
    assert "jacobian is not lent: the grader reads who borrows without running the notebook" in shown
    record = record_of(graded, "steals")
    assert (Odd.BORROWING_NOT_READ, "a call without the name of a task in quotes") in record.findings


def test_the_loan_stands_in_record_table_pages_and_data(graded):
    record = record_of(graded, "answers_below")
    verdict = record.verdicts["jacobian"]
    assert (
        verdict.borrowed and verdict.share == 0.5 and json.loads(record.to_json())["verdicts"]["jacobian"]["borrowed"]
    )
    assert not is_unnamed(record, "jacobian")
    assert "1.25 b" in (graded / "output").read_text() and "b: borrowed" in (graded / "output").read_text()
    results = parsed((graded / f"results_{UNIT.name}.html").read_text()).get_text()
    assert "borrowed: at most 1.25" in results
    assert run_command("feedback", UNIT.name, "--course-dir", graded)[0] == 0
    feedback = parsed((graded / "feedback" / "only_borrows" / UNIT.assignment / f"{UNIT.name}.html").read_text())
    assert "You borrowed this answer, so it earns at most 1.25 points." in feedback.get_text()
    assert "right, borrowed" in feedback.get_text()


def test_the_report_counts_who_borrowed_and_asks_nobody_about_it(graded):
    assert run_command("report", UNIT.name, "--course-dir", graded)[0] == 0
    page = parsed((graded / "reports" / f"{UNIT.name}.html").read_text())
    heads = [head.get_text() for head in page.find(attrs={"aria-label": "Figures of each task"})("th", scope="col")]
    row = page.find("th", string=re.compile("^jacobian / 2.5")).find_parent("tr")("td")
    assert row[heads.index("borrowed") - 1].get_text() == "6"
    assert "borrowed: at most 1.25" in page.get_text() and "the same code of jacobian" not in page.get_text()
    with (graded / "reports" / f"{UNIT.name}.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["task"] == "jacobian"]
    assert sum(row["borrowed"] == "True" for row in rows) == 6


def test_it_is_explained_and_graded_again_alike(graded):
    words = ("--course-dir", graded, "--submissions", graded / "submitted")
    code, output = run_command("explain", "only_borrows", UNIT.name, *words)
    assert code == 0 and "jacobian: right, 1.25 of 2.5 points, borrowed: at most 1.25" in output
    assert "the same verdicts" in output
    code, output = run_command("regrade", UNIT.name, *words, "--all", "--yes", "--only", "borrows_below")
    assert code == 0 and "no mark changes" in output


def test_without_the_submission_the_record_tells_who_borrowed(graded, tmp_path):
    code, output = run_command("explain", "only_borrows", UNIT.name, "--course-dir", graded, "--submissions", tmp_path)
    assert code == 0 and "judged again from the recorded observations" in output and "the same verdicts" in output


def test_a_single_task_of_a_borrower_is_graded_alike(graded):
    words = ("--course-dir", graded, "--submissions", graded / "submitted", "--only", "only_borrows", "--again")
    code, _ = run_command("grade", UNIT.name, *words, "--task", "relative_error")
    record = record_of(graded, "only_borrows")
    assert code == 0 and record.verdicts["jacobian"].points == 1.25 and record.verdicts["jacobian"].borrowed


@pytest.mark.exhaustive
def test_nbgraders_own_autograde_gives_the_same_marks(tmp_path):
    shutil.copytree(PROJECT / "solutions", tmp_path / "solutions")
    for student in ("only_borrows", "borrows_never"):
        answers, extra = SPECIAL[student]
        submission(tmp_path / "submitted", student, answers, extra=extra)
    nbgrader(tmp_path, "generate_assignment", UNIT.assignment)
    nbgrader(tmp_path, "autograde", UNIT.assignment)
    found = scores(tmp_path / "gradebook.db", None)
    assert [found[student, "jacobian"] for student in ("only_borrows", "borrows_never")] == [1.25, 1.25]


def place_of(notebook, source):
    return next(number for number, cell in enumerate(notebook.cells) if cell.source == source)


def borrowing_all(unit):
    """An edit of a notebook: every task is borrowed, before the cell that checks all."""

    def alter(notebook):
        calls = "\n".join(f'check.borrow("{task}")' for task in unit.tasks)
        notebook.cells.insert(place_of(notebook, CHECKS_ALL), nbformat.v4.new_code_cell(calls))

    return alter


@pytest.mark.parametrize("name", few(UNITS, ("start_here", "custom_graph").__contains__))
def test_every_task_can_be_borrowed_in_practice_and_in_grading(name, tmp_path):
    unit = load(name)
    path = submission(tmp_path / "submitted", "s", {}, name, borrowing_all(unit))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(tmp_path)}}).execute()
    table = text_of(notebook.cells[place_of(notebook, CHECKS_ALL)].outputs[-1]).splitlines()
    assert len(table) == len(unit.tasks) + 1 and all("right, borrowed" in line for line in table[:-1])
    words = ("--submissions", tmp_path / "submitted", "--course-dir", tmp_path, "--json", tmp_path / "marks.json")
    assert run_command("grade", name, *words)[0] == 0
    marks = json.loads((tmp_path / "marks.json").read_text())["s"]
    halves = {task.name: task.points / 2 for task in unit.tasks.values()}
    assert {task: mark["points"] for task, mark in marks.items()} == halves
    assert all(mark["borrowed"] for mark in marks.values())


def test_another_share_is_an_outdated_mark_until_it_is_regraded(tmp_path):
    """In a course folder of its own."""
    need(*SANDBOX)
    course, assignment = tmp_path / "course.toml", f"00_{UNIT.name}"

    def autograder(*words):
        environment = os.environ | {COURSE_VARIABLE: str(tmp_path)}
        done = subprocess.run([*AUTOGRADER, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    course.write_text(f'units = ["{UNIT.name}"]\nborrowed_share = 0.25\n')
    for folder in (NOTEBOOKS, SOLUTIONS):
        shutil.copytree(PROJECT / folder / UNIT.assignment, tmp_path / folder / assignment)
    path = submission(tmp_path / "handed_in", "s", {}, extra=adding(BORROW))
    shutil.copytree(path.parent, tmp_path / "submitted" / "s" / assignment)
    autograder("grade", UNIT.name, "--json", "marks.json")
    assert json.loads((tmp_path / "marks.json").read_text())["s"]["jacobian"]["points"] == 0.62
    course.write_text(f'units = ["{UNIT.name}"]\n')
    said = autograder("regrade", UNIT.name, "--yes")
    assert "0.62" in said and "1.25" in said and "borrowed: at most 1.25" in said
