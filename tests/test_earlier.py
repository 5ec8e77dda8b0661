"""A course that an earlier version graded goes on: gradebook, records and graded notebooks are read and written.

``earlier.zip`` is the course folder of version 0.1 of 29 November 2026, before the rooms of ``autograder/`` were
named for the steps of a submission: four students of a made-up class, one of them late, one mark given by hand; and
a notebook that was cut off.
"""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from commands import run_command, submission
from once import made_once
from running import UNIT, contents, points_of

from autograder.course import PROJECT
from autograder.records import fingerprint

MARKS = {"broken": 0, "student-01": 5.25, "student-02": 0, "student-03": 3.4, "student-04": 4.4}
"""As that version exported them: the first has a mark by hand, the second was late."""


@pytest.fixture
def course(tmp_path):
    with zipfile.ZipFile(PROJECT / "tests" / "earlier.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


def command(name, folder, *words):
    return run_command(name, *words, "--course-dir", folder)


def by_hand(state):
    return [(student, task, mark) for student, task, _, mark, _ in state[1] if mark is not None]


def exported(folder):
    code, output = command("export", folder, "--to", "csv")
    assert code == 0, output
    with (folder / "marks_csv.csv").open(newline="") as file:
        return {row["student"]: float(row[UNIT.name]) for row in csv.DictReader(file)}


def test_its_marks_are_exported(course):
    assert exported(course) == MARKS


def test_its_records_are_explained_reported_and_given_back(course):
    code, output = command("explain", course, "student-01", UNIT.name, "--submissions", course / "submitted")
    assert "not divided by the step" in output and "the unit has changed" in output, output
    code, output = command("report", course, UNIT.name)
    page = (course / "reports" / f"{UNIT.name}.html").read_text()
    assert code == 0 and "half a step to each side" in page, output
    code, output = command("feedback", course, UNIT.name)
    pages = list((course / "feedback").glob(f"*/{UNIT.assignment}/*.html"))
    assert code == 0 and len(pages) == len(MARKS), output


@pytest.fixture(scope="module")
def graded_on(tmp_path_factory):
    """The course with one more student, graded by this version, and all that had been in it before."""

    def make(folder):
        with zipfile.ZipFile(PROJECT / "tests" / "earlier.zip") as archive:
            archive.extractall(folder)
        submission(folder / "submitted", "noether", {name: UNIT.reference_source(name) for name in UNIT.tasks})
        code, output = command("grade", folder, UNIT.name, "--submissions", folder / "submitted")
        (folder / "said.json").write_text(json.dumps([code, output]))

    return made_once(tmp_path_factory, "graded-on", make)


def test_who_hands_in_later_is_graded_into_the_same_gradebook(graded_on):
    code, output = json.loads((graded_on / "said.json").read_text())
    assert code == 0 and "unchanged since" not in output, "the unit has changed"
    assert exported(graded_on) == MARKS | {"student-01": 4.75, "student-03": 3, "student-04": 3.9, "noether": 10}


def test_all_are_graded_again(graded_on):
    """A mark given by hand stays; how late a student was is known."""
    before = contents(graded_on / "gradebook.db")
    code, output = command("regrade", graded_on, UNIT.name, "--submissions", graded_on / "submitted", "--all", "--yes")
    after = contents(graded_on / "gradebook.db")
    assert code == 0 and "6 graded again; no mark changes" in output, output  # grading has done it
    assert [(student, late) for student, _, late in after[0]] == [(student, late) for student, _, late in before[0]]
    assert by_hand(after) == by_hand(before) == [("student-01", "jacobian", 0.25)]
    assert {task for _, task in points_of(graded_on / "gradebook.db")} == set(UNIT.tasks)
    record = json.loads(Path(graded_on / "records" / UNIT.name / "student-01.json").read_text())
    assert record["check"] == fingerprint(UNIT)
