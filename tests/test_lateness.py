"""When a submission was handed in, whose word counts, and what being late costs under the settings of the moment."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import run_command, submission
from pages import parsed
from running import UNIT, contents, records

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
ZERO = "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
DUE, BEFORE, AFTER = "2026-01-01 12:00:00.000000", "2026-01-01 11:00:00 UTC", "2026-01-01 13:00:00 UTC"


def change(course, sql, *values):
    with closing(sqlite3.connect(course / "gradebook.db")) as db, db:
        db.execute(sql, values)


def graded(course, *words):
    code, output = run_command(
        "grade", UNIT.name, "--submissions", course / "submitted", "--course-dir", course, *words
    )
    assert code == 0, output
    return output


def exported(course):
    code, output = run_command("export", UNIT.name, "--to", "csv", "--course-dir", course)
    assert code == 0, output
    rows = [line.split(",") for line in (course / "marks_csv.csv").read_text().splitlines()]
    return {row[0]: float(row[-1]) for row in rows[1:]}


def told(course):
    """The total that each student's feedback page shows."""
    assert run_command("feedback", UNIT.name, "--course-dir", course)[0] == 0
    pages = (course / "feedback").glob(f"*/{UNIT.assignment}/{UNIT.name}.html")
    return {
        page.parts[-3]: float(parsed(page.read_text()).select_one("p.total strong").get_text().split()[0])
        for page in pages
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("late")
    for student, time in {"ada": AFTER, "bob": BEFORE}.items():
        submission(folder / "submitted", student, RIGHT)
        (folder / "submitted" / student / UNIT.assignment / "timestamp.txt").write_text(time)
    graded(folder)
    return folder


@pytest.fixture
def course(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "course"))


FULL = {"ada": UNIT.points, "bob": UNIT.points}


def test_a_due_date_a_penalty_and_an_extension_count_as_soon_as_they_are_set(course):
    """Nothing needs to be graded again, and all readers of marks agree."""
    before = records(course)
    assert exported(course) == told(course) == FULL
    (course / "nbgrader_config.py").write_text(ZERO)
    change(course, "update assignment set duedate = ?", DUE)
    assert exported(course) == told(course) == {"ada": 0, "bob": UNIT.points}
    change(
        course, "update submitted_assignment set extension = ? where student_id = 'ada'", "1970-01-01 02:00:00.000000"
    )
    assert told(course) == exported(course) == FULL
    change(course, "update submitted_assignment set extension = null")
    output = graded(course)
    assert "2 unchanged" in output and "ada: the final mark is 0, not 10" in output
    assert contents(course / "gradebook.db")[0][0][2] == UNIT.points, "nbgrader's own formgrader shows it too"
    change(course, "update assignment set duedate = null")
    assert "final mark" not in graded(course)
    assert contents(course / "gradebook.db")[0][0][2] is None and exported(course) == FULL
    assert records(course) == before


def test_a_mark_by_hand_is_part_of_what_being_late_costs(course):
    (course / "nbgrader_config.py").write_text(ZERO)
    change(course, "update assignment set duedate = ?", DUE)
    assert exported(course)["ada"] == 0
    change(course, "update grade set manual_score = 3, extra_credit = 2")
    assert exported(course)["ada"] == 0, "the whole mark, not what it was when it was graded"


def test_whose_word_counts_is_said(course):
    assert "handed in: 2 times by its own timestamp.txt; a student can have written it" in graded(course)
    record = json.loads((course / "records" / UNIT.name / "ada.json").read_text())
    assert record["submitted"] == AFTER and record["time_from"] == "its own timestamp.txt"


def test_what_the_collector_noted_counts_only_for_what_it_collected(course):
    from handing_in import came_of

    from autograder.findings import Finding, Odd
    from autograder.gradebook.handed_in import UNCONFIRMED, HandedIn, note

    folder = course / "submitted" / "ada" / UNIT.assignment
    noted = HandedIn("2026-01-01 13:00:00.000000 UTC", "the exchange", (Finding(Odd.CLAIMED_TIME, "says another"),))
    note(folder, noted)
    assert came_of(folder).source == UNCONFIRMED, "another submission lies there, with a time of its own"
    (folder / "timestamp.txt").write_text(noted.time)
    assert came_of(folder) == noted
    output = graded(course)
    assert "1 time by the exchange" in output and "ada: claimed time: says another" in output
    (course / "submitted" / ".collected" / "ada" / f"{UNIT.assignment}.json").write_text('{"time": 7}')
    assert came_of(folder).source == UNCONFIRMED
