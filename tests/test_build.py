"""The notebooks in the repository are what build makes, and what students should receive."""

import shutil

import nbformat
import pytest
from commands import run_command

from autograder.authoring.build import build, stale
from autograder.cells import question_of
from autograder.course import NOTEBOOKS, PROJECT, SOLUTIONS, notebook_path
from course import UNITS
from course.check import load


def test_committed_notebooks_are_up_to_date():
    assert list(stale([load(name) for name in UNITS])) == []


@pytest.mark.parametrize("folder", [SOLUTIONS, NOTEBOOKS])
@pytest.mark.parametrize("name", UNITS)
def test_notebooks_are_clean(name, folder):
    notebook = nbformat.read(PROJECT / notebook_path(load(name), folder), as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("name", UNITS)
def test_students_receive_no_solution(name):
    unit = load(name)
    text = (PROJECT / notebook_path(unit, NOTEBOOKS)).read_text()
    assert "SOLUTION" not in text
    notebook = nbformat.reads(text, as_version=4)
    stubs = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    answers = [cell for cell in stubs if not question_of(cell)]
    assert len(answers) == sum(len(task.answers) for task in unit.tasks.values())
    assert all("raise NotImplementedError" in cell.source for cell in answers)
    assert all(cell.source == "YOUR ANSWER HERE" for cell in stubs if question_of(cell))


def test_check_says_which_cell_of_which_unit_differs(tmp_path):
    unit = load("start_here")
    build(unit, tmp_path)
    assert list(stale([unit], tmp_path)) == []
    path = tmp_path / notebook_path(unit, NOTEBOOKS)
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "given_setup").source = "import os"
    nbformat.write(notebook, path)
    assert list(stale([unit], tmp_path)) == [f"{notebook_path(unit, NOTEBOOKS)}: cell given_setup differs"]
    path.write_text("no notebook")
    assert "not a notebook" in next(stale([unit], tmp_path))
    path.rename(path.with_name("other.ipynb"))
    said = list(stale([unit], tmp_path))
    assert "missing" in said[0] and "not built from any lesson" in said[1]
    shutil.rmtree(tmp_path / SOLUTIONS)
    assert f"{notebook_path(unit, SOLUTIONS)}: missing" in list(stale([unit], tmp_path))


def test_the_build_command():
    code, output = run_command("build", "--check")
    assert code == 0 and "up to date" in output
    code, output = run_command("build", "nonsense")
    assert code == 2 and "no unit is called 'nonsense'" in output
