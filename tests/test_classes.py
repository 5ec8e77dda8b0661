"""Every unit in real, confined kernels: a small class gets its marks, the worked notebook runs clean."""

import json

import nbformat
import pytest
from commands import run_command
from sampled import few

from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.running.execute import execute
from autograder.running.job import Job
from autograder.sandbox import forkserver
from autograder.sandbox.bubblewrap import STRICT
from course import UNITS
from course.check import load

OTHERS = [name for name in UNITS if name != "numeric_gradient"]  # whose class of thirty serves other tests


@pytest.mark.parametrize("name", few(OTHERS, ("custom_graph", "torch_autograd").__contains__))
def test_a_class_gets_the_marks_it_must_get(name, tmp_path):
    code, _ = run_command("classroom", name, "--students", 3, "--seed", 5, "--into", tmp_path / "submitted")
    assert code == 0
    code, output = run_command(
        "grade", name, "--submissions", tmp_path / "submitted", "--course-dir", tmp_path, "--json", tmp_path / "m.json"
    )
    assert code == 0, output
    truth = json.loads((tmp_path / "submitted" / "truth.json").read_text())
    marks = json.loads((tmp_path / "m.json").read_text())
    assert {s: {t: m["points"] for t, m in tasks.items()} for s, tasks in marks.items()} == {
        s: {t: m["points"] for t, m in tasks.items()} for s, tasks in truth.items()
    }


@pytest.mark.parametrize("name", few(UNITS, lambda name: name in ("numeric_gradient", "torch_autograd")))
def test_the_worked_notebook_runs_in_the_sandbox_as_anywhere(name):
    """Every cell of every unit, in a warm and confined kernel: no error, nothing on stderr, nothing odd."""
    unit = load(name)
    notebook = nbformat.read(PROJECT / notebook_path(unit, SOLUTIONS), as_version=4)
    seeds, seconds = dict.fromkeys(unit.tasks, 1), dict.fromkeys(unit.tasks, 300.0)
    done = execute(Job(name, nbformat.writes(notebook), seeds, seconds))
    forkserver.start(name, STRICT).close()
    outputs = [out for cell in nbformat.reads(done.notebook, as_version=4).cells if cell.cell_type == "code"
               for out in cell.outputs]  # fmt: skip
    assert [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"] == []
    assert set(done.observations) == set(unit.tasks) and done.findings == [] and not done.stopped
