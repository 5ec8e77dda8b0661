"""The class report: what it says of a class that was really graded, its data, and what it does with odd records."""

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from commands import run_command
from pages import parsed, rows_of, text_of
from planted import CLASS, HOSTILE
from running import UNIT, edit

from autograder.report import data
from autograder.report.data import DATA_COLUMNS
from autograder.report.gathering import graded_unit
from autograder.term.export.table import text_cell

NAME = UNIT.name


@pytest.fixture
def course(planted_class, tmp_path):
    return Path(shutil.copytree(planted_class, tmp_path / "course"))


def reported(folder, *words):
    """Exit code, output and page of a report."""
    code, output = run_command("report", NAME, "--course-dir", folder, *words)
    return code, output, (folder / "reports" / f"{NAME}.html").read_text()


def data_of(folder):
    with (folder / "reports" / f"{NAME}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_page_says_what_the_class_did(planted_class):
    page = (planted_class / "reports" / f"{NAME}.html").read_text()
    assert page.count("<article>") == 4 + 2  # clusters and questions
    assert "divided by h instead of 2h" in page and "so divide by 2h" in page
    assert "1. 3 students, 0 of 2 points" in text_of(page) and "1. 2 students, 0 of 1.5 points" in text_of(page)
    assert (
        re.search(r"expected [\d.]+( at \[\d\])?, got 7", page)
        and f"autograder mistake new {NAME} central_difference --cluster 1" in page
    )
    assert "the same code of jacobian, 15 lines" in page and "So ask them" in page
    assert "10 confined, each in a sandbox of its own" in page and "s in the median" in page
    assert "copied" not in page and "cheat" not in page
    assert page.count("<details>") == 4 + 1 and "The distribution in figures" in page


def test_findings_are_listed_and_counted(course):
    edit(course, "ann", findings=[["time limit", "cell 3 <b>"], ["odd file name", "x"]])
    edit(course, "ben", findings=[["time limit", "cell 4"]])
    code, _, page = reported(course)
    (cell,) = parsed(page).select("[aria-label=Findings] tbody tr:first-child td:last-child")
    assert code == 0 and list(cell.stripped_strings) == ["ann: cell 3 <b>", "ben: cell 4"] and len(cell("br")) == 1
    assert run_command("report", "--all", "--course-dir", course)[0] == 0
    (table,) = parsed((course / "reports" / "all_units.html").read_text()).select("[aria-label=Findings]")
    assert ["time limit", "numeric_gradient", "2"] in rows_of(table)


def test_what_students_wrote_is_escaped(planted_class):
    for name in (NAME, "all_units"):
        page = (planted_class / "reports" / f"{name}.html").read_text()
        assert not parsed(page)("b", string=re.compile('"x')) and '<b>"x"' not in page and "<script" not in page
        assert HOSTILE in text_of(page)
    assert "raise ValueError('<script>')" in text_of((planted_class / "reports" / f"{NAME}.html").read_text())


def test_csv_and_parquet_hold_the_same(planted_class):
    from pyarrow import parquet

    table = parquet.read_table(planted_class / "reports" / f"{NAME}.parquet")
    assert table.column_names == list(DATA_COLUMNS)
    whole, texts = table.to_pylist(), data_of(planted_class)
    assert len(whole) == len(texts) == len(CLASS) * len(UNIT.tasks)
    for row, written in zip(whole, texts, strict=True):
        assert written == {key: "" if value is None else shown(value) for key, value in row.items()}
    marks = {(row["student"], row["task"]): row for row in whole}
    assert marks["cleo", "central_difference"]["cluster"] == marks["dan", "central_difference"]["cluster"] == 1
    assert marks["eve", "central_difference"]["mistake"] == "divided by h instead of 2h"
    assert marks["hal", "jacobian"]["state"] == "not answered yet" and marks["gus", "jacobian"]["state"] == "right"
    assert sum(row["points"] for row in whole if row["student"] == "gus") == 10
    assert all(row["seconds"] > 0 and row["isolation"] == "strict" for row in whole)


def test_no_text_of_the_csv_is_a_formula(planted_class):
    assert {row["student"] for row in data_of(planted_class) if "cmd" in row["student"]} == {f"'{HOSTILE}"}
    for formula in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"):
        assert shown(formula) == f"'{formula}"
    assert shown("ann") == "ann" and shown(-1.5) == "-1.5"


def shown(value):
    return text_cell(value) if isinstance(value, str) else str(value)


def test_marks_changed_by_hand_count(course):
    with closing(sqlite3.connect(course / "gradebook.db")) as db:
        cell, notebook = db.execute(
            "select grade.cell_id, grade.notebook_id from grade join base_cell on base_cell.id = grade.cell_id "
            "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
            "join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id "
            "where student_id = 'cleo' and base_cell.name = 'central_difference'"
        ).fetchone()
        where = "where cell_id = ? and notebook_id = ?"
        db.execute(f"update grade set manual_score = 1.25, extra_credit = 0.25 {where}", (cell, notebook))
        db.commit()
    before = (course / "gradebook.db").read_bytes()
    code, _, page = reported(course)
    assert code == 0 and "1 mark changed by hand in nbgrader" in page and "1.5<small>by hand</small>" in page
    assert graded_unit(UNIT, course).by_hand == {("cleo", "central_difference"): 1.5}
    row = next(row for row in data_of(course) if (row["student"], row["task"]) == ("cleo", "central_difference"))
    assert (row["points"], row["graded_points"], row["by_hand"]) == ("1.5", "0.0", "True")
    assert (course / "gradebook.db").read_bytes() == before


def test_a_gradebook_that_is_not_there_is_not_made(course):
    (course / "gradebook.db").unlink()
    code, _, _ = reported(course)
    assert code == 0 and not (course / "gradebook.db").exists()


def test_a_gradebook_that_cannot_be_read_is_told(course):
    (course / "gradebook.db").write_bytes(b"no database at all" * 100)
    code, output, _ = reported(course)
    assert code == 2 and "gradebook" in output and "cannot be used" in output


def test_records_that_cannot_be_read_are_left_out_and_named(course):
    (course / "records" / NAME / "ann.json").write_text("{ not json")
    edit(course, "ben", verdicts={"jacobian": {"points": "many"}})
    edit(course, "eve", seconds=float("nan"))
    code, output, page = reported(course)
    assert code == 1 and "the record ann.json cannot be read" in output
    assert f"{NAME}: 7 students" in page and "ann.json, ben.json, eve.json" in page


def test_a_unit_of_which_no_record_can_be_read_is_told_among_others(course):
    (course / "records" / "tf_tape").mkdir()
    (course / "records" / "tf_tape" / "ann.json").write_text("{ not json")
    code, output = run_command("report", "--all", "--course-dir", course)
    assert code == 1 and "no record of tf_tape that can be read; 1 cannot; grade first" in output
    assert (course / "reports" / f"{NAME}.html").exists()


def test_records_of_older_programs_are_reported(course):
    for path in (course / "records" / NAME).glob("*.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps({key: value for key, value in record.items() if key != "seconds"}))
    code, _, page = reported(course)
    assert code == 0 and "How long it took was not recorded" in page


def test_observations_that_were_not_kept_are_known_by_their_reasons(course):
    edit(course, "cleo", observations=None)
    edit(course, "dan", observations=None)
    code, _, page = reported(course)
    assert code == 0 and "1. 2 students, 0 of 2 points" in text_of(page)


def test_graded_notebooks_that_are_gone(course):
    shutil.rmtree(course / "autograded")
    code, _, page = reported(course)
    assert code == 0 and "The graded notebook is gone" in page and "the same code" not in page


@pytest.mark.parametrize("kept", [["gus"], ["hal"], ["gus", "hal"], ["cleo"]])
def test_small_classes(course, kept):
    """One who has all points, one who answered nothing, both, and one with a wrong answer that has no name."""
    for path in (course / "records" / NAME).glob("*.json"):
        if path.stem not in kept:
            path.unlink()
    code, _, page = reported(course)
    assert code == 0 and "cannot be said" in page and ">nan" not in page and "Nothing to ask about" in page
    code, output = run_command("report", "--all", "--course-dir", course)
    assert code == 0 and "all_units.html" in output


def test_who_was_graded_in_one_task_only_has_no_total(course):
    for path in (course / "records" / NAME).glob("*.json"):
        verdicts = json.loads(path.read_text())["verdicts"]
        edit(course, path.stem, verdicts={"jacobian": verdicts["jacobian"]})
    code, _, page = reported(course)
    assert code == 0 and "10 not graded in every task" in page
    code, _ = run_command("report", "--all", "--course-dir", course)
    assert code == 0 and {row["state"] for row in data_of(course)} >= {"not graded", "right"}


@pytest.mark.parametrize("field", [{"graded": 3}, {"observations": []}, {"seconds": "long"}, {"seconds": 1e999}])
def test_a_record_of_odd_values_is_left_out(field, course):
    edit(course, "gus", **field)
    code, output, _ = reported(course)
    assert code == 1 and "the record gus.json cannot be read" in output


def test_many_with_one_mistake(course):
    """300 copies of one record: one cluster, and nobody to ask."""
    record = json.loads((course / "records" / NAME / "cleo.json").read_text())
    for number in range(300):
        (course / "records" / NAME / f"s{number}.json").write_text(json.dumps(record | {"student": f"s{number}"}))
    code, _, page = reported(course)
    assert code == 0 and "<b>1. 303 students</b>" in page and "and 291 more" in page and len(page) < 2e6


def test_a_page_stays_small_however_long_names_and_answers_are(course):
    """300 students with names of 200 letters that HTML escapes, each wrong in a way of his own in every task."""
    path = course / "records" / NAME / "fay.json"
    record = json.loads(path.read_text())
    notebook = Path(UNIT.assignment) / f"{NAME}.ipynb"
    graded = json.loads((course / "autograded" / "fay" / notebook).read_text())
    for cell in graded["cells"]:
        if cell["id"].startswith("answer_"):
            cell["source"] = "<&>\n" * 5000
    for number in range(300):
        student = f'{number:03}{"<&" * 98}"'
        reason = f"{number}{'<' * 9000}"
        verdicts = {
            task: verdict | {"mistake": None, "parts": [{"name": "all", "state": "not right yet", "reason": reason}]}
            for task, verdict in record["verdicts"].items()
        }
        more = {"student": student, "verdicts": verdicts, "observations": None, "findings": [["odd", reason]]}
        (path.parent / f"s{number}.json").write_text(json.dumps(record | more))
        copy = course / "autograded" / student / notebook
        copy.parent.mkdir(parents=True)
        copy.write_text(json.dumps(graded))
    code, _, page = reported(course)
    assert code == 0 and page.count("<article>") > 50 and len(page.encode()) < 2e6
    code, _ = run_command("report", "--all", "--course-dir", course)
    assert code == 0 and (course / "reports" / "all_units.html").stat().st_size < 2e6


def test_nothing_graded(tmp_path, planted_class):
    code, output = run_command("report", NAME, "--course-dir", tmp_path)
    assert code == 2 and f"grade first: autograder grade {NAME}" in output
    code, output = run_command("report", "--all", "--course-dir", tmp_path)
    assert code == 2 and "no record of any unit" in output
    code, output = run_command("report", "tf_tape", "--course-dir", planted_class)  # graded in another unit only
    assert code == 2 and "no record of tf_tape" in output


@pytest.mark.parametrize("words", [(), (NAME, "--all"), ("no_such_unit",), ("start_here",)])
def test_wrong_use(words, planted_class):
    code, output = run_command("report", *words, "--course-dir", planted_class)
    assert code == 2 and "error:" in output


def test_without_pyarrow_there_is_csv_only(course, monkeypatch):
    shutil.rmtree(course / "reports")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, output, _ = reported(course)
    assert code == 0 and "pip install -e '.[parquet]'" in output
    assert {path.suffix for path in (course / "reports").iterdir()} == {".html", ".csv"}


def test_a_report_imports_no_framework(planted_class, tmp_path):
    code = (
        "heavy = ('tensorflow', 'torch', 'keras', 'sympy', 'matplotlib.pyplot');"
        "import sys; from pathlib import Path; from course.check import load; from autograder.report import writing; "
        f"writing.write_report(load({NAME!r}), Path(sys.argv[1]), Path(sys.argv[2])); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, planted_class, tmp_path], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_columns_are_those_that_are_written(planted_class):
    graded = graded_unit(UNIT, planted_class)
    assert all(list(row) == list(DATA_COLUMNS) for row in data.rows(graded, {}))
