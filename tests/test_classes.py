"""A small class of every unit, graded on real kernels: each student gets the marks that the class was made for."""

import json

import pytest
from conftest import run_command

from course import UNITS


@pytest.mark.parametrize("name", [name for name in UNITS if name != "numeric_gradient"])
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
