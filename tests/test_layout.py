"""Submissions that lie elsewhere than expected are named, whatever else is right."""

import pytest
from commands import run_command, submission
from running import UNIT

from autograder.intake.layout import misplaced

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
ELSEWHERE = [
    "bob/numeric_gradient.ipynb",
    "bob/handed_in.zip",
    "bob/numeric_gradient/numeric_gradient.ipynb",
    "bob/Numeric Gradient/x.ipynb",
    "bob/1_numeric_gradient/numeric_gradient.ipynb",
    "bob/week 1/numeric-gradient (2).ipynb",
    "bob/submission/01_numeric_gradient/numeric_gradient.ipynb",
    "01_numeric_gradient/bob/numeric_gradient.ipynb",
    "numeric_gradient_bob.ipynb",
    "bob.zip",
    "bob.py",
]
FINE = [
    "truth.json",
    "README.md",
    "bob/02_manual_backprop/manual_backprop.ipynb",
    "bob/02_manual_backprop/copy of numeric_gradient.ipynb",
    "bob/notes.txt",
    "autograded/bob/01_numeric_gradient/numeric_gradient.ipynb",
    "records/numeric_gradient/bob.json",
    "results_numeric_gradient.html",
    ".collected/bob/01_numeric_gradient.json",
    "bob/.ipynb_checkpoints/numeric_gradient.ipynb",
]


def put(folder, path):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("{}")


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_lies_elsewhere_is_named_once(tmp_path, path):
    submission(tmp_path, "ada", {})
    put(tmp_path, path)
    (found,) = misplaced(UNIT, tmp_path)
    assert path.startswith(found)


@pytest.mark.parametrize("path", FINE)
def test_what_is_no_submission_of_the_unit_is_not_named(tmp_path, path):
    put(tmp_path, path)
    assert misplaced(UNIT, tmp_path) == []


def test_who_submitted_as_expected_may_have_other_things_too(tmp_path):
    submission(tmp_path, "ada", {})
    put(tmp_path, "ada/numeric_gradient_old.ipynb")
    assert misplaced(UNIT, tmp_path) == []


def test_a_thousand_files_of_one_student_are_named_in_a_few_lines(tmp_path):
    for number in range(1000):
        put(tmp_path, f"ada/{number}.ipynb")
    put(tmp_path, "bob/numeric_gradient.ipynb")
    named = misplaced(UNIT, tmp_path)
    assert len(named) == 7 and named[5:] == ["ada/: 195 more at least", "bob/numeric_gradient.ipynb"]


def test_grading_says_what_it_did_not_grade(tmp_path):
    submission(tmp_path / "submitted", "ada", RIGHT)
    put(tmp_path / "submitted", "bob/numeric_gradient.ipynb")
    folders = ["--submissions", tmp_path / "submitted", "--course-dir", tmp_path]
    code, output = run_command("grade", UNIT.name, *folders)
    assert code == 1 and "not graded, since it lies elsewhere: bob/numeric_gradient.ipynb" in output
    assert "<student>/01_numeric_gradient/numeric_gradient.ipynb" in output
    code, output = run_command("grade", UNIT.name, *folders, "--only", "ada")
    assert code == 0 and "elsewhere" not in output
    (tmp_path / "submitted" / "ada").rename(tmp_path / "ada")
    code, output = run_command("grade", UNIT.name, *folders)
    assert code == 2 and "bob/numeric_gradient.ipynb lies elsewhere" in output
