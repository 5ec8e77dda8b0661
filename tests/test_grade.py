"""The whole pipeline on real kernels: a class, wrong and broken submissions, and the gradebook it fills."""

import json
import sqlite3

import nbformat
import pytest
from commands import run_command, submission
from running import marked_cells

from course.check import load

UNIT = load("numeric_gradient")
RIGHT = {answer: UNIT.reference_source(answer) for answer in UNIT.tasks}


def test_the_class_gets_the_marks_it_must_get(graded_class):
    assert len(graded_class.truth) == 30
    points = {s: {t: mark["points"] for t, mark in marks.items()} for s, marks in graded_class.marks.items()}
    truth = {s: {t: mark["points"] for t, mark in marks.items()} for s, marks in graded_class.truth.items()}
    assert points == truth


def test_the_mistakes_made_are_named(graded_class):
    made = [
        (mark["mistake"], graded_class.marks[student][task]["mistake"])
        for student, marks in graded_class.truth.items()
        for task, mark in marks.items()
    ]
    wrong = [pair for pair in made if pair[0]]
    assert len(wrong) > 20 and sum(a == b for a, b in wrong) >= 0.95 * len(wrong)
    assert all(got is None for truth, got in made if truth is None)


def test_what_is_shown_at_the_end(graded_class):
    for words in (
        "student-30",
        "class mean",
        "The commonest mistakes",
        "gradebook.db",
        "results_numeric_gradient.html",
    ):
        assert words in graded_class.output
    page = (graded_class.folder / "results_numeric_gradient.html").read_text()
    assert page.count("<tr>") > 31 and "http:" not in page and "https:" not in page


def test_nbgrader_gradebook_holds_the_marks(graded_class):
    with sqlite3.connect(graded_class.folder / "gradebook.db") as db:
        rows = db.execute("select auto_score, needs_manual_grade from grade").fetchall()
    assert len(rows) == 30 * marked_cells(UNIT) and not any(manual for _, manual in rows)
    total = sum(mark["points"] for marks in graded_class.truth.values() for mark in marks.values())
    assert sum(score for score, _ in rows) == pytest.approx(total)


def test_the_same_seed_makes_the_same_class(graded_class, tmp_path):
    code, _ = run_command("classroom", "numeric_gradient", "--students", 30, "--seed", 1, "--into", tmp_path)
    assert code == 0 and json.loads((tmp_path / "truth.json").read_text()) == graded_class.truth
    code, output = run_command("classroom", "numeric_gradient", "--into", tmp_path)
    assert code == 2 and "already holds submissions" in output


def wrong_answers(body):
    """Every answer of the unit replaced by one body."""
    return {name: source.split(":\n")[0] + f":\n    {body}\n" for name, source in RIGHT.items()}


def move_check_up(notebook):
    cells = {cell.id: cell for cell in notebook.cells}
    notebook.cells.remove(cells["jacobian"])
    notebook.cells.insert(1, cells["jacobian"])


def delete_checks(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.id not in UNIT.tasks]


def strip_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = {}


def duplicate(notebook):
    notebook.cells = notebook.cells + notebook.cells


def cheat(notebook):
    """Patch what a check might use, change the checks, and pretend to have the points."""
    patch = """
import numpy as np, sys, course.check.judging, course.check.notebook
course.check.judging.judge = course.check.notebook.judge = lambda *a, **k: 10
np.isclose = np.allclose = lambda *a, **k: np.True_
np.testing.assert_allclose = lambda *a, **k: None
class Check:
    def __init__(self, *a): pass
    def __call__(self, task): return 3.0
check = Check()
"""
    notebook.cells.insert(2, nbformat.v4.new_code_cell(patch))
    for cell in notebook.cells:
        if cell.id in UNIT.tasks:
            cell.source = f"{cell.metadata.nbgrader.points}"
            cell.metadata.nbgrader.points = 100


HELPED = RIGHT | {"relative_error": "def relative_error(*arguments):\n    return _helper(*arguments)"}
HELPER = RIGHT["relative_error"].replace("def relative_error", "def _helper")


def helper_that_fails(notebook):
    failing = nbformat.v4.new_code_cell(f"import google.colab\n{HELPER}")
    notebook.cells.insert(1, failing)


def helper_at_the_end(notebook):
    notebook.cells.append(nbformat.v4.new_code_cell(HELPER))


def messy(notebook):
    noise = "%config InlineBackend.figure_formats = ['svg']\nimport sys\nprint('é', file=sys.stderr)"
    notebook.cells.insert(3, nbformat.v4.new_code_cell(noise))
    notebook.cells.append(nbformat.v4.new_code_cell("1/0"))


@pytest.fixture(scope="module")
def odd_ones(tmp_path_factory):
    """One class of odd submissions, graded in one run: {student: marks}, and what the command said."""
    into = tmp_path_factory.mktemp("odd")
    for name, body in {"none": "return None", "text": "return 'text'", "nan": "return float('nan')", "pass": "pass",
                       "shape": "import numpy; return numpy.zeros((7, 7))", "raises": "raise KeyError('no')",
                       "exits": "import os; os._exit(1)", "quits": "raise SystemExit"}.items():  # fmt: skip
        submission(into, name, wrong_answers(body))
    submission(into, "right", RIGHT)
    submission(into, "cheat", {}, extra=cheat)
    for alter in (messy, duplicate, delete_checks, strip_metadata, move_check_up):
        submission(into, alter.__name__, RIGHT, extra=alter)
    for alter in (helper_that_fails, helper_at_the_end):
        submission(into, alter.__name__, HELPED, extra=alter)
    for name, data in {"empty": b"", "no-json": b"{ not json", "no-notebook": b'{"a": 1}', "list": b"[1, 2]",
                       "latin": '{"cells": "é"}'.encode("latin-1"), "odd-cells": b'{"cells": [1, null], "nbformat": 4}',
                       "deep": b"[" * 100_000}.items():  # fmt: skip
        submission(into, name, {}).write_bytes(data)
    submission(into, "renamed", RIGHT).rename(into / "renamed" / UNIT.assignment / "my answers.ipynb")
    bom = submission(into, "bom", RIGHT)
    bom.write_bytes(b"\xef\xbb\xbf" + bom.read_bytes().replace(b"\n", b"\r\n"))
    submission(into, "gone", {}).unlink()
    code, output = run_command(
        "grade", UNIT.name, "--submissions", into, "--course-dir", into, "--json", into / "m.json"
    )
    return code, json.loads((into / "m.json").read_text()), output


def points(odd_ones, student):
    return {task: mark["points"] for task, mark in odd_ones[1][student].items()}


ALL = {name: task.points for name, task in UNIT.tasks.items()}
NONE = dict.fromkeys(ALL, 0.0)


@pytest.mark.parametrize("student", ["right", "messy", "duplicate", "delete_checks", "strip_metadata", "move_check_up",
                                     "renamed", "bom"])  # fmt: skip
def test_right_answers_get_full_marks_however_the_notebook_looks(student, odd_ones):
    assert points(odd_ones, student) == ALL


@pytest.mark.parametrize(
    "student", ["none", "text", "nan", "pass", "shape", "raises", "exits", "quits", "cheat", "odd-cells"]
)
def test_wrong_answers_get_nothing(student, odd_ones):
    assert points(odd_ones, student) == NONE


@pytest.mark.parametrize("student", ["empty", "no-json", "no-notebook", "list", "latin", "deep", "gone"])
def test_unreadable_notebooks_are_named_and_stop_nobody(student, odd_ones):
    code, _, output = odd_ones
    assert code == 0 and points(odd_ones, student) == NONE
    assert f"{student}: unreadable notebook" in output


FINDINGS = (
    "exits: dead kernel",
    "duplicate: duplicated cell",
    "delete_checks: missing cell",
    "renamed: renamed notebook: my answers.ipynb",
    "cheat: locked cell changed",
    "odd-cells: broken cell: number 1",
    "helper_that_fails: failed cell: cell 2, which defines _helper, ended with ModuleNotFoundError: No module named",
    "helper_at_the_end: defined too late: _helper, in cell ",
)


@pytest.mark.parametrize("said", FINDINGS)
def test_findings_are_named(said, odd_ones):
    assert said in odd_ones[2]


def test_one_answer_is_enough_for_its_task(tmp_path):
    for name in UNIT.tasks:
        submission(tmp_path, name.replace("_", "-"), {name: RIGHT[name]})
    code, output = run_command("grade", UNIT.name, "--submissions", tmp_path, "--course-dir", tmp_path, "--json",
                               tmp_path / "m.json")  # fmt: skip
    assert code == 0, output
    for student, marks in json.loads((tmp_path / "m.json").read_text()).items():
        name = student.replace("-", "_")
        assert {task: mark["points"] for task, mark in marks.items()} == NONE | {name: ALL[name]}


def test_wrong_use_is_an_error_that_says_what_to_do(tmp_path):
    code, output = run_command("grade", "nonsense")
    assert code == 2 and "the units are start_here, numeric_gradient" in output
    code, output = run_command("grade", UNIT.name, "--submissions", tmp_path / "nowhere")
    assert code == 2 and "there is no folder" in output and UNIT.assignment in output
    code, output = run_command("grade", UNIT.name, "--submissions", tmp_path)
    assert code == 2 and "holds no submission of numeric_gradient" in output
