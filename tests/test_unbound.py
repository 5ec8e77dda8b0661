"""A class in which the cells of answers fail, and one submission is made of bombs. Each is told what happened to it."""

import json
from pathlib import Path

import nbformat
import pytest
from bombs import LONG, OUTPUTS, PARSER
from commands import run_command, submission
from planted import RIGHT
from running import UNIT

ONE = "forward_difference"
FAILING = {
    "an_import": (f"import no_such_module\n{RIGHT[ONE]}", "ended with ModuleNotFoundError: No module named"),
    "a_syntax_error": (f"{RIGHT[ONE]}\n    return (", "ended with SyntaxError"),
    "a_bad_default": (f"y = undefined_name\n{RIGHT[ONE]}", "ended with NameError: name 'undefined_name'"),
    "timed": (f"%%timeit -n1 -r1\n{RIGHT[ONE]}", "begins with %%timeit"),
    "captured_elsewhere": (f"%%script cat\n{RIGHT[ONE]}", "begins with %%script"),
}


def bombs(notebook):
    """Put bombs around the answers: some that are never run, and some that are."""
    unread = [f"%%script true\n{text}" for text in (PARSER["finally in finally"], LONG, "\n" * 1_000_000)]
    notebook.cells[1:1] = [nbformat.v4.new_code_cell(text) for text in unread]
    shown = [OUTPUTS["line ends"], OUTPUTS["JSON, 45 deep"], PARSER["compared"], PARSER["sums"]]
    notebook.cells += [nbformat.v4.new_code_cell(text) for text in shown]


def grade(folder, **others):
    """Grade those whose cells fail, and others with right answers and cells of their own."""
    for student, (source, _) in FAILING.items():
        submission(folder / "submitted", student, RIGHT | {ONE: source})
    for student, extra in others.items():
        submission(folder / "submitted", student, RIGHT, extra=extra)
    marks = folder / "marks.json"
    code, output = run_command("grade", UNIT.name, "--submissions", folder / "submitted", "--course-dir", folder,
                               "--json", marks)  # fmt: skip
    assert code == 0, output
    return folder, json.loads(marks.read_text()), output


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return grade(tmp_path_factory.mktemp("failing"))


@pytest.fixture(scope="module")
def bombed(tmp_path_factory):
    return grade(tmp_path_factory.mktemp("bombed"), bomber=bombs, before=None, zealous=None)


@pytest.mark.parametrize("student", FAILING)
def test_an_answer_whose_own_cell_fails_is_told_so(student, graded):
    _, marks, output = graded
    lines = [line for line in output.splitlines() if line.strip().startswith(f"{student}:")]
    assert any(f"which defines {ONE}, {FAILING[student][1]}" in line for line in lines), lines
    assert marks[student][ONE]["points"] == 0
    others = {task: mark["points"] for task, mark in marks[student].items() if task != ONE}
    assert others == {task.name: task.points for task in UNIT.tasks.values() if task.name != ONE}


@pytest.mark.exhaustive
def test_bombs_take_nobodys_marks_nor_their_own_answers(bombed):
    _, marks, output = bombed
    full = {task.name: task.points for task in UNIT.tasks.values()}
    for student in ("before", "bomber", "zealous"):
        assert {task: mark["points"] for task, mark in marks[student].items()} == full
    assert "bomber: output limit" in output


@pytest.mark.exhaustive
def test_what_is_written_of_bombs_is_small_and_reported_on(bombed):
    folder, _, _ = bombed
    written = folder / "autograded" / "bomber" / UNIT.assignment / f"{UNIT.name}.ipynb"
    assert written.stat().st_size < 60_000_000
    code, output = run_command("report", "--all", "--course-dir", folder)
    assert code == 0, output
    code, output = run_command("feedback", UNIT.name, "--course-dir", folder)
    assert code == 0, output
    page = Path(folder, "feedback", "an_import", UNIT.assignment, f"{UNIT.name}.html").read_text()
    assert f"the cell that defines {ONE} ended with an error. ModuleNotFoundError" in page
