"""nbgrader's own autograde, as this course configures it: confined, warm, judged outside, and stopped by nobody."""

import asyncio
import os
import sys
from pathlib import Path

import nbformat
import pytest
from commands import submission
from nbgrading import STUDENTS, UNIT, course_folder, nbgrader, scores

from autograder.course import PROJECT, nbgrader_config
from autograder.records import Busy, Records
from autograder.sandbox.provisioner import KERNELSPECS

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
FULL = {name: task.points for name, task in UNIT.tasks.items()}
ATTACK = """
import os, sqlite3
print("SEEN", [name for name in ("gradebook.db", "submitted", "solutions") if os.path.exists("{root}/" + name)])
check = lambda task: 10.0
"""


def attack(root):
    def alter(notebook):
        notebook.cells.append(nbformat.v4.new_code_cell(ATTACK.format(root=root)))

    return alter


def duplicate(notebook):
    notebook.cells.append(notebook.cells[-1].copy())
    notebook.cells += [cell.copy() for cell in notebook.cells if cell.id in UNIT.tasks]


@pytest.fixture(scope="module")
def graded(graded_class, tmp_path_factory):
    """A course folder in which nbgrader graded four honest submissions and some odd ones with our configuration."""
    root = course_folder(tmp_path_factory.mktemp("ours"), graded_class)
    submission(root / "submitted", "attack", {}, extra=attack(root))
    submission(root / "submitted", "duplicate", RIGHT, extra=duplicate)
    submission(root / "submitted", "broken", {}).write_text("{ not json")
    renamed = submission(root / "submitted", "renamed", RIGHT)
    renamed.rename(renamed.with_name("mine.ipynb"))
    linked = submission(root / "submitted", "linked", RIGHT)
    (linked.parent / "leak.txt").symlink_to(root / "solutions" / UNIT.assignment / f"{UNIT.name}.ipynb")
    nbgrader(root, "generate_assignment", UNIT.assignment)
    nbgrader(root, "autograde", UNIT.assignment)
    return root


def marks(root, student):
    return {task: score for (who, task), score in scores(root / "gradebook.db", None).items() if who == student}


def test_honest_submissions_get_the_marks_of_the_class(graded, graded_class):
    for student in STUDENTS:
        assert marks(graded, student) == {task: m["points"] for task, m in graded_class.truth[student].items()}


@pytest.mark.parametrize("student", ["duplicate", "renamed", "linked"])
def test_accidents_cost_nothing(student, graded):
    assert marks(graded, student) == FULL


@pytest.mark.parametrize("student", ["attack", "broken"])
def test_attacks_and_broken_notebooks_earn_nothing_and_stop_nobody(student, graded):
    assert marks(graded, student) == dict.fromkeys(FULL, 0.0)


def test_an_answer_sees_nothing_of_the_course_folder(graded):
    notebook = nbformat.read(graded / "autograded" / "attack" / UNIT.assignment / f"{UNIT.name}.ipynb", as_version=4)
    assert notebook.cells[-1].outputs[0].text == "SEEN []\n"
    assert not (graded / "autograded" / "linked" / UNIT.assignment / "leak.txt").exists()


def test_the_verdict_stands_in_the_notebook_and_in_a_record(graded):
    path = graded / "autograded" / "duplicate" / UNIT.assignment / f"{UNIT.name}.ipynb"
    cell = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.id == "jacobian")
    assert "jacobian: right" in cell.outputs[0].data["text/plain"]
    record = Records(graded, UNIT).read("duplicate")
    assert record is not None and record.isolation == "strict"
    assert {t: v.points for t, v in record.verdicts.items()} == FULL


@pytest.fixture
def press(graded, monkeypatch):
    """Presses formgrader's button, which calls nbgrader's API from a thread whose event loop is running."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))

    async def call(student):
        config = nbgrader_config(graded)
        return NbGraderAPI(CourseDirectory(config=config), config=config).autograde(UNIT.assignment, student)

    return lambda student: asyncio.run(call(student))


def test_formgraders_button_works_within_its_event_loop(graded, press):
    submission(graded / "submitted", "late", RIGHT)
    done = press("late")
    assert done["success"], done
    assert marks(graded, "late") == FULL


def test_formgraders_button_waits_for_no_other_run_and_tells_whose_it_is(graded, press):
    submission(graded / "submitted", "meanwhile", RIGHT)
    with Records(graded, UNIT).alone():
        done = press("meanwhile")
    told = f"another run is grading in {graded} (process {os.getpid()} of "
    assert not done["success"] and told in done.get("log", ""), done
    assert "; wait for it, or stop it" in done["log"]
    assert not marks(graded, "meanwhile") and not (graded / "autograded" / "meanwhile").exists()
    assert press("meanwhile")["success"] and marks(graded, "meanwhile") == FULL
    with Records(graded, UNIT).alone():
        pass


def test_nobody_grades_while_formgraders_button_works(graded, press, monkeypatch):
    busy = []

    def grade_meanwhile(*_):
        with pytest.raises(Busy) as told, Records(graded, UNIT).alone():
            pass
        busy.append(str(told.value))
        raise ValueError("on purpose")

    monkeypatch.setattr("autograder.in_nbgrader.exporters.SaveAutoGrades.preprocess", grade_meanwhile)
    submission(graded / "submitted", "another", RIGHT)
    assert not press("another")["success"] and len(busy) == 1
    with Records(graded, UNIT).alone():
        pass


def test_nbgraders_own_execution_takes_a_warm_kernel_unchanged(monkeypatch, tmp_path):
    """The kernelspec is enough: nbgrader's Execute, as it comes, runs a notebook confined."""
    from nbgrader.preprocessors import Execute

    (tmp_path / "kernels").symlink_to(KERNELSPECS)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    look = f"import os; print(os.path.exists({str(PROJECT / 'README.md')!r}))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(look)])
    done, _ = Execute(kernel_name="gradients", timeout=600).preprocess(notebook, {"metadata": {}})
    assert done.cells[0].outputs[0].text == "False\n"
