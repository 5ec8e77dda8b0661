"""After a check changed: what is graded again, what is asked before it is written; and verdicts reproduced."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from commands import submission
from running import UNIT, contents, points_of, records
from test_records import edit
from typer.testing import CliRunner

from autograder.cli import app

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}


def command(folder, *words, answer=""):
    places = ["--submissions", folder / "submitted", "--course-dir", folder]
    result = CliRunner().invoke(app, [str(word) for word in [*words, *places]], input=answer, env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    for student in ("ada", "bob", "cleo"):
        submission(folder / "submitted", student, RIGHT)
    (folder / "submitted" / "cleo" / UNIT.assignment / f"{UNIT.name}.ipynb").write_text("{ not json")
    assert command(folder, "grade", UNIT.name)[0] == 0
    return folder


@pytest.fixture
def course(three, tmp_path):
    return Path(shutil.copytree(three, tmp_path / "course"))


def as_if_graded_otherwise(folder, student):
    """A record as an earlier state of the unit would have made it, which gave half of the points of a task."""
    verdicts = json.loads((folder / "records" / UNIT.name / f"{student}.json").read_text())["verdicts"]
    verdicts["jacobian"]["points"] = 1.5
    edit(folder, student, check="of another state", verdicts=verdicts)


def state(folder):
    return contents(folder / "gradebook.db"), records(folder)


def test_nothing_to_regrade(course):
    before = state(course)
    code, output = command(course, "regrade", UNIT.name)
    assert code == 0 and "nothing to regrade" in output and state(course) == before


def test_marks_that_differ_are_shown_and_written_only_if_agreed(course):
    as_if_graded_otherwise(course, "ada")
    before = state(course)
    for answer in ("n\n", "\n", ""):
        code, output = command(course, "regrade", UNIT.name, answer=answer)
        assert code == 1 and state(course) == before
        assert "Marks that change" in output and "Write these marks?" in output and "bob" not in output
    row = next(line for line in output.splitlines() if "jacobian" in line)
    assert [cell.strip() for cell in row.split("│")[1:5]] == ["ada", "jacobian", "1.5", "2.5"]
    code, output = command(course, "regrade", UNIT.name, answer="y\n")
    assert code == 0 and points_of(course / "gradebook.db")["ada", "jacobian"] == 2.5
    written = {name for name, when in records(course).items() if before[1][name] != when}
    assert written == {"ada.json"}
    assert "nothing to regrade" in command(course, "regrade", UNIT.name)[1]


def test_without_a_difference_nothing_is_asked(course):
    edit(course, "bob", check="of another state")
    code, output = command(course, "regrade", UNIT.name)
    assert code == 0 and "1 graded again; no mark changes" in output and "Write" not in output
    assert "nothing to regrade" in command(course, "regrade", UNIT.name)[1]


def test_some_or_all_and_without_asking(course):
    as_if_graded_otherwise(course, "ada")
    as_if_graded_otherwise(course, "bob")
    before = records(course)
    assert command(course, "regrade", UNIT.name, "--only", "ada", "--yes")[0] == 0
    assert {name for name, when in records(course).items() if before[name] != when} == {"ada.json"}
    assert command(course, "regrade", UNIT.name, "--all", "--yes")[0] == 0
    assert all(before[name] != when for name, when in records(course).items())


def test_a_gradebook_of_other_cells_is_told_before_anything_runs(course):
    as_if_graded_otherwise(course, "ada")
    with sqlite3.connect(course / "gradebook.db") as book:
        book.execute("update base_cell set name = 'another' where name = 'jacobian'")
    before = state(course)
    for words in (["regrade", UNIT.name], ["grade", UNIT.name, "--again"]):
        code, output = command(course, *words)
        assert code == 2 and "has marks for another version of numeric_gradient" in output and state(course) == before
    assert "keep a copy" in output and "nbgrader db assignment remove 01_numeric_gradient --force" in output


def test_it_runs_where_it_is_told(course):
    as_if_graded_otherwise(course, "ada")
    code, output = command(course, "regrade", UNIT.name, "--scheduler", "tcp://127.0.0.1:8786")
    assert code == 2 and "a scheduler without TLS" in output
    code, output = command(
        course, "regrade", UNIT.name, "--scheduler", "tls://127.0.0.1:9", "--tls-ca", course / "none"
    )
    assert code == 2 and "there is no file" in output
    code, output = command(course, "regrade", UNIT.name, "--tls-ca", course / "none.pem")
    assert code == 2 and "--scheduler" in output


def test_whose_submission_is_gone(course):
    as_if_graded_otherwise(course, "ada")
    shutil.rmtree(course / "submitted" / "ada")
    before = state(course)
    code, output = command(course, "regrade", UNIT.name, "--yes")
    assert code == 0 and "ada: the submission is gone; its marks stay as they are" in output and state(course) == before
    code, output = command(course, "regrade", UNIT.name, "--only", "zoe")
    assert code == 2 and "has not been graded yet for zoe" in output


def test_a_verdict_is_reproduced(course):
    code, output = command(course, "explain", "ada", UNIT.name)
    assert code == 0 and "run again with the same seeds: the same verdicts" in output
    assert "different from then" not in output
    assert all(f"{task}: right" in output for task in UNIT.tasks)
    code, output = command(course, "explain", "cleo", UNIT.name)
    assert code == 0 and "judged again from the recorded observations: the same verdicts" in output
    assert "unreadable notebook" in output


def test_nothing_that_a_student_wrote_acts_in_the_terminal(course):
    said = "\x1b[2J\x1b]0;mine\x07[red]all right"
    verdicts = json.loads((course / "records" / UNIT.name / "ada.json").read_text())["verdicts"]
    verdicts["jacobian"]["parts"][0] |= {"state": "not right yet", "reason": said}
    edit(course, "ada", findings=[["odd", said]], verdicts=verdicts)
    for words in (["explain", "ada", UNIT.name], ["grade", UNIT.name]):
        output = command(course, *words)[1]
        assert "\x1b" not in output and "\x07" not in output and "\\x1b[2J" in output and "[red]all right" in output


def test_what_differs_is_said(course):
    edit(course, "ada", check="of another state", versions={"numpy": "1.0"}, isolation="none")
    (course / "submitted" / "ada" / UNIT.assignment / "new.txt").write_text("")
    code, output = command(course, "explain", "ada", UNIT.name)
    assert code == 0 and "numpy was 1.0, is " in output and "the unit has changed" in output
    assert "isolation was none, is strict" in output
    assert "the submission has changed since, or is gone: judged by what was observed then" in output
    shutil.rmtree(course / "submitted" / "bob")
    code, output = command(course, "explain", "bob", UNIT.name)
    assert code == 0 and "judged again from the recorded observations: the same verdicts" in output


def test_another_verdict_is_told(course):
    as_if_graded_otherwise(course, "ada")
    code, output = command(course, "explain", "ada", UNIT.name)
    assert code == 1 and "now: jacobian: right, 2.5 of 2.5 points" in output and "other verdicts" in output


def test_there_is_no_record(course):
    for name in ("zoe", "../../x", "a\nb"):
        code, output = command(course, "explain", name, UNIT.name)
        assert code == 2 and "does not exist; grade first: autograder grade numeric_gradient" in output
    (course / "records" / UNIT.name / "ada.json").write_text("{")
    code, output = command(course, "explain", "ada", UNIT.name)
    assert code == 2 and "cannot be read; grade again" in output


@pytest.mark.parametrize("name", ["grade", "regrade", "explain"])
def test_help_has_an_example(name):
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert f"Example: autograder {name} " in result.output


def test_what_was_graded_with_all_cells_is_regraded_so(course):
    def whole(student):
        return json.loads((course / "records" / UNIT.name / f"{student}.json").read_text())["every_cell"]

    submission(course / "submitted", "dora", RIGHT)
    assert command(course, "grade", UNIT.name, "--only", "dora", "--all-cells")[0] == 0
    assert whole("dora") and not whole("ada")
    code, output = command(course, "regrade", UNIT.name, "--all", "--yes")
    assert code == 0 and "no mark changes" in output
    assert whole("dora") and not whole("ada")
    assert command(course, "regrade", UNIT.name, "--all", "--yes", "--all-cells")[0] == 0
    assert whole("ada")
