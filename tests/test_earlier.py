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
from nbgrader.api import Gradebook
from once import made_once
from running import UNIT, points_of

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


def test_marks_for_the_notebook_of_that_time_are_not_mixed_with_others(graded_on):
    """The unit has another task since, and nbgrader knows one set of cells for an assignment."""
    code, output = json.loads((graded_on / "said.json").read_text())
    assert code == 2 and "with other cells" in output and "assignment remove" in output
    assert exported(graded_on) == MARKS


def test_all_are_graded_again_once_nbgrader_has_forgotten_those_marks(graded_on):
    with Gradebook(f"sqlite:///{graded_on / 'gradebook.db'}") as book:
        book.remove_assignment(UNIT.assignment)
    code, output = command("grade", graded_on, UNIT.name, "--submissions", graded_on / "submitted", "--again")
    assert code == 0, output
    points = points_of(graded_on / "gradebook.db")
    assert {task for _, task in points} == set(UNIT.tasks)
    assert sum(mark for (student, _), mark in points.items() if student == "noether") == 10
    record = json.loads(Path(graded_on / "records" / UNIT.name / "student-01.json").read_text())
    assert record["check"] == fingerprint(UNIT)
