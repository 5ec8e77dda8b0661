"""From a student's folder to a notebook: which file is graded, what lies beside it, and what is refused."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from handing_in import (
    RELEASE,
    RIGHT,
    UNIT,
    answered,
    cell_of,
    code,
    folder_of,
    found,
    require_sound,
    seen_by_checks,
    taken,
    unanswered,
)

from autograder import intake
from autograder.course import Course, current
from autograder.intake import (
    Finding,
    NoSubmissions,
    NotBuilt,
    choosing,
    find_submissions,
    refused_imports,
    released,
    take_in,
)
from course import UNITS
from course.check import load

NAME = f"{UNIT.name}.ipynb"
TEXT = json.dumps(answered())
WRONG = json.dumps(answered(says="wrong"))


def handed_in(tmp_path, files):
    """The submission of files given by their path."""
    for path, text in files.items():
        (folder_of(tmp_path) / path).parent.mkdir(parents=True, exist_ok=True)
        (folder_of(tmp_path) / path).write_text(text)
    submission = take_in(UNIT, "s", folder_of(tmp_path), RELEASE)
    require_sound(submission)
    return submission


@pytest.mark.parametrize(
    "path",
    ["my answers.ipynb", "Numeric_Gradient.ipynb", "NUMERIC_GRADIENT.IPYNB", "numeric_gradient (1).ipynb",
     "numeric_gradient.ipynb.txt", "numeric_gradient.ipynb.json", "numeric_gradient.json", "numeric_gradient.txt",
     "numeric_gradient", "sub/numeric_gradient.ipynb", "sub/deeper/my answers.ipynb",
     "numeric_gradient.ipynb/numeric_gradient.ipynb"],
)  # fmt: skip
def test_a_notebook_of_another_name_is_found_and_named(tmp_path, path):
    submission = handed_in(tmp_path, {path: TEXT})
    assert submission.findings == [Finding("renamed notebook", path)] and submission.files == {}
    assert seen_by_checks(submission) == RIGHT


def test_the_right_name_comes_first_and_others_are_named(tmp_path):
    submission = handed_in(tmp_path, {NAME: TEXT, "a.ipynb": WRONG, "sub/numeric_gradient.ipynb": WRONG})
    assert submission.findings == [Finding("another notebook", "a.ipynb, sub/numeric_gradient.ipynb")]
    assert seen_by_checks(submission) == RIGHT
    assert set(submission.files) == {"a.ipynb", "sub/numeric_gradient.ipynb"}


def test_the_name_in_other_case_comes_before_other_names(tmp_path):
    submission = handed_in(tmp_path, {"Numeric_gradient.ipynb": TEXT, "A.ipynb": WRONG})
    assert seen_by_checks(submission) == RIGHT
    assert found(submission) == {"renamed notebook", "another notebook"}


def test_of_several_names_that_are_wrong_the_notebook_most_like_the_release_is_taken(tmp_path):
    other = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code("x = 1")]})
    submission = handed_in(tmp_path, {"a.ipynb": other, "b.ipynb": TEXT, "c.ipynb": "{", "d.ipynb": other})
    assert seen_by_checks(submission) == RIGHT
    assert submission.findings == [
        Finding("renamed notebook", "b.ipynb"),
        Finding("another notebook", "a.ipynb, c.ipynb, d.ipynb"),
    ]


def test_of_hundreds_of_notebooks_few_are_read(tmp_path, monkeypatch):
    read, really_read = [], choosing._read

    def counted(folder, path, known):
        read.append(path)
        return really_read(folder, path, known)

    monkeypatch.setattr(choosing, "_read", counted)
    submission = handed_in(tmp_path, {f"{number:03}.ipynb": WRONG for number in range(150)})
    assert len(read) == 11 and submission.readable and len(submission.findings) == 2


def test_a_damaged_notebook_is_replaced_by_another_that_is_like_the_release(tmp_path):
    submission = handed_in(tmp_path, {NAME: TEXT[:1000], "numeric_gradient-Copy1.ipynb": TEXT})
    assert found(submission) == {"damaged notebook", "renamed notebook"}
    assert seen_by_checks(submission) == RIGHT and set(submission.files) == {NAME}


def test_a_damaged_notebook_is_not_replaced_by_just_any_other(tmp_path):
    other = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code("x = 1")]})
    submission = handed_in(tmp_path, {NAME: "", "other.ipynb": other})
    assert submission.findings == [
        Finding("another notebook", "other.ipynb"),
        Finding("unreadable notebook", f"{NAME}: the file is empty: hand in the notebook again"),
    ]


def test_a_solved_copy_beside_the_notebook_as_it_was_released_is_taken(tmp_path):
    copy = "numeric_gradient-Copy1.ipynb"
    submission = handed_in(tmp_path, {NAME: json.dumps(unanswered()), copy: TEXT, "empty.ipynb": ""})
    assert seen_by_checks(submission) == RIGHT
    assert submission.findings == [
        Finding("renamed notebook", copy),
        Finding("another notebook", f"{NAME}, empty.ipynb"),
    ]


def test_of_several_solved_copies_none_is_taken_instead_of_the_right_name(tmp_path):
    submission = handed_in(tmp_path, {NAME: json.dumps(unanswered()), "a.ipynb": TEXT, "b.ipynb": WRONG})
    assert submission.findings == [Finding("another notebook", "a.ipynb, b.ipynb")]


def test_of_wrong_names_the_one_with_answers_is_taken(tmp_path):
    submission = handed_in(tmp_path, {"a.ipynb": json.dumps(unanswered()), "b.ipynb": TEXT})
    assert seen_by_checks(submission) == RIGHT


@pytest.mark.parametrize("name", [NAME, "manual_backprop.ipynb"])
def test_the_notebook_of_another_unit_is_named_and_not_graded(tmp_path, name):
    submission = handed_in(tmp_path, {name: json.dumps(answered(load("manual_backprop")))})
    assert not submission.readable and submission.findings[-1] == Finding("notebook of another unit", "manual_backprop")


def test_beside_the_notebook_of_another_unit_the_right_one_is_found(tmp_path):
    submission = handed_in(tmp_path, {NAME: json.dumps(answered(load("manual_backprop"))), "a.ipynb": TEXT})
    assert seen_by_checks(submission) == RIGHT and found(submission) == {"renamed notebook", "another notebook"}


def test_answers_of_this_unit_are_graded_whatever_unit_the_setup_is_of(tmp_path):
    notebook = answered()
    notebook["cells"].append(code('check = Check("manual_backprop")'))
    cell_of(notebook, "given_setup")["source"] = "x = 1"
    assert taken(tmp_path, notebook).readable


def test_only_damaged_notebooks(tmp_path):
    submission = handed_in(tmp_path, {"a.ipynb": "", "b.ipynb": "{"})
    assert not submission.readable and submission.findings[-1] == Finding(
        "unreadable notebook", "a.ipynb: the file is empty: hand in the notebook again"
    )


def test_an_empty_folder(tmp_path):
    submission = handed_in(tmp_path, {})
    assert submission.findings == [Finding("unreadable notebook", f"{NAME}: there is no such file")]


def a_link(path, outside):
    path.symlink_to(outside)


def a_link_that_leads_nowhere(path, outside):
    path.symlink_to("nowhere")


def a_hard_link(path, outside):
    path.hardlink_to(outside)


def a_fifo(path, outside):
    os.mkfifo(path)


def a_folder(path, outside):
    path.mkdir()


@pytest.mark.skipif(os.name != "posix", reason="needs what POSIX has")
@pytest.mark.parametrize("plant", [a_link, a_link_that_leads_nowhere, a_hard_link, a_fifo, a_folder])
def test_a_notebook_that_is_no_regular_file_is_not_read(tmp_path, plant):
    outside = tmp_path / "outside.ipynb"
    outside.write_text(TEXT)
    plant(folder_of(tmp_path) / NAME, outside)
    submission = take_in(UNIT, "s", folder_of(tmp_path), RELEASE)
    require_sound(submission)
    assert not submission.readable and submission.notebook == RELEASE and submission.files == {}
    (finding,) = submission.findings
    kinds = ("a symbolic link", "a hard link", "a FIFO", "a folder")
    assert finding.name == "unreadable notebook" and finding.detail.removeprefix(f"{NAME}: ") in kinds


@pytest.mark.skipif(os.name != "posix", reason="needs what POSIX has")
def test_beside_a_link_of_the_right_name_another_notebook_is_taken(tmp_path):
    (folder_of(tmp_path) / NAME).symlink_to("my answers.ipynb")
    submission = handed_in(tmp_path, {"my answers.ipynb": TEXT})
    assert found(submission) == {"damaged notebook", "renamed notebook", "symbolic link"}
    assert seen_by_checks(submission) == RIGHT


@pytest.mark.skipif(os.name != "posix", reason="needs what POSIX has")
@pytest.mark.parametrize("which", ["student", "assignment"])
def test_a_folder_that_is_a_link_is_found_and_not_read(tmp_path, which):
    (folder_of(tmp_path) / NAME).write_text(TEXT)
    (folder_of(tmp_path) / "more").write_text("x")
    submitted = tmp_path / "class"
    submitted.mkdir()
    if which == "student":
        (submitted / "eve").symlink_to(tmp_path / "s")
    else:
        (submitted / "eve").mkdir()
        (submitted / "eve" / UNIT.assignment).symlink_to(folder_of(tmp_path))
    ((student, folder),) = find_submissions(UNIT, submitted)
    submission = take_in(UNIT, student, folder, RELEASE)
    require_sound(submission)
    assert not submission.readable and submission.files == {}
    name = "eve" if which == "student" else UNIT.assignment
    assert submission.findings == [Finding("unreadable folder", f"{name}: a symbolic link")]


@pytest.mark.skipif(os.name != "posix", reason="needs what POSIX has")
@pytest.mark.parametrize("name", [b"a\nb", b"a\x1b[2Jb", b"caf\xe9", "a\u202eb".encode()])
def test_a_folder_of_an_odd_name_is_found_and_not_read(tmp_path, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) / UNIT.assignment
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system does not take such a name")
    (folder / NAME).write_text(TEXT)
    ((student, folder),) = find_submissions(UNIT, tmp_path)
    assert student.isprintable() and student.encode()
    submission = take_in(UNIT, student, folder, RELEASE)
    require_sound(submission)
    assert not submission.readable and submission.findings == [Finding("unreadable folder", f"{student}: an odd name")]


def test_who_submitted(tmp_path):
    for student in ("Zoë", "adam smith", "o'neil", "-rf"):
        (tmp_path / student / UNIT.assignment).mkdir(parents=True)
    (tmp_path / "nobody").mkdir()
    (tmp_path / "truth.json").write_text("{}")
    (tmp_path / "file" / "other").mkdir(parents=True)
    (tmp_path / "file" / UNIT.assignment).write_text("not a folder")
    students = [student for student, _ in find_submissions(UNIT, tmp_path)]
    assert students == ["-rf", "Zoë", "adam smith", "file", "o'neil"]
    submission = take_in(UNIT, "file", tmp_path / "file" / UNIT.assignment, RELEASE)
    assert not submission.readable and "not a folder" in str(submission.findings[-1])


def test_nobody_submitted(tmp_path):
    with pytest.raises(NoSubmissions, match="there is no folder"):
        find_submissions(UNIT, tmp_path / "nowhere")
    with pytest.raises(NoSubmissions, match="holds no submission"):
        find_submissions(UNIT, tmp_path)


def test_a_folder_that_nobody_may_enter_is_found(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    look = Path.lstat

    def refuse(path):
        if "closed" in path.parts:
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    ((student, folder),) = find_submissions(UNIT, tmp_path)
    submission = take_in(UNIT, student, folder, RELEASE)
    assert student == "closed" and not submission.readable and "Permission denied" in str(submission.findings[-1])


def test_a_release_that_was_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "current", lambda: Course(tmp_path))
    with pytest.raises(NotBuilt, match="autograder build numeric_gradient"):
        released(UNIT)


def test_files_beside_the_notebook_are_collected_and_what_is_odd_is_named(tmp_path):
    (folder_of(tmp_path) / "timestamp.txt").write_text("2024-01-01")
    (folder_of(tmp_path) / "large").open("wb").truncate(60_000_000)
    submission = handed_in(tmp_path, {NAME: TEXT, "helper.py": "x = 1", "data/a.csv": "1,2"})
    assert submission.files == {"helper.py": b"x = 1", "data/a.csv": b"1,2"}
    assert submission.findings == [Finding("file over the limits", "large")]


def test_files_are_collected_from_beside_an_unreadable_notebook_too(tmp_path):
    submission = handed_in(tmp_path, {NAME: "{", "helper.py": "x = 1"})
    assert not submission.readable and submission.files == {"helper.py": b"x = 1"}


def test_the_digest_changes_with_everything_that_was_submitted(tmp_path):
    states = [{NAME: TEXT}, {NAME: WRONG}, {NAME: "{"}, {NAME: ""}, {"helper.py": "x = 1"}, {"helper.py": "x = 2"},
              {"a": "bc"}, {"a": "b", "c": ""}]  # fmt: skip
    digests = [handed_in(tmp_path, state).digest for state in states]
    assert len(set(digests)) == len(states) and all(len(digest) == 64 for digest in digests)
    (folder_of(tmp_path) / "timestamp.txt").write_text("2024-01-01")
    (folder_of(tmp_path) / "a").touch()
    assert handed_in(tmp_path, {}).digest == digests[-1]


def test_the_digest_does_not_depend_on_where_a_submission_lies(tmp_path):
    assert handed_in(tmp_path / "a", {NAME: TEXT}).digest == handed_in(tmp_path / "b", {NAME: TEXT}).digest


@pytest.mark.parametrize("where", ["choose", "collect", "align"])
@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), MemoryError(), UnicodeError("\ud800\n"), OSError(5, "a")]
)
def test_whatever_goes_wrong_is_a_finding(tmp_path, monkeypatch, where, error):
    def fail(*args):
        raise error

    monkeypatch.setattr(intake, where, fail)
    submission = taken(tmp_path, TEXT)
    require_sound(submission)
    assert not submission.readable and submission.findings[-1].name == "unreadable notebook"


OWN = "course.numeric_gradient"


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("from course.numeric_gradient.reference import jacobian", ["reference"]),
        ("import course.numeric_gradient.reference as r", ["reference"]),
        ("from course.numeric_gradient import reference, mistakes, pictures", ["mistakes", "reference"]),
        ("from course.numeric_gradient import (\n    pictures,\n    reference as r,\n)", ["reference"]),
        ("from course.numeric_gradient.reference import *", ["reference"]),
        ("def f(x):\n    if x:\n        import course.numeric_gradient.mistakes\n", ["mistakes"]),
        ("import importlib\nimportlib.import_module('course.numeric_gradient.reference')", ["reference"]),
        ("__import__('course.numeric_gradient.reference')", ["reference"]),
        ("%time from course.numeric_gradient.reference import jacobian", ["reference"]),
        ("%%time\nfrom course.numeric_gradient import reference", ["reference"]),
        ("x = = 1\nfrom course.numeric_gradient import pictures, reference", ["reference"]),
        ("broken(\nfrom course.numeric_gradient.mistakes import unit", ["mistakes"]),
        ("from course.numeric_gradient.hidden import x", ["hidden"]),
        ("from course.numeric_gradient.pictures import secants", []),
        ("from course.numeric_gradient.check import unit", []),
        ("from course.numeric_gradient import *", []),
        ("# from course.numeric_gradient.reference import jacobian", []),
        ("'''from course.numeric_gradient.reference import jacobian'''", []),
        ("print('course.numeric_gradient.reference')", []),
        ("import numpy as np", []),
        ("", []),
        ("\0", []),
    ],
)
def test_imports_of_the_answers_are_refused(source, refused):
    assert refused_imports(UNIT, source) == [f"{OWN}.{name}" for name in refused]


def test_a_refused_import_is_named_once(tmp_path):
    notebook = answered()
    notebook["cells"][3:3] = [code("from course.numeric_gradient.reference import jacobian")] * 2
    assert taken(tmp_path, notebook).findings == [Finding("refused import", f"{OWN}.reference")]


@pytest.mark.parametrize("name", UNITS)
def test_what_the_release_imports_is_allowed(tmp_path, name):
    unit = load(name)
    release = released(unit)
    for folder in ("notebooks", "solutions"):
        path = current().notebook(unit, folder)
        submission = taken(tmp_path, path.read_bytes(), unit, release)
        require_sound(submission, unit, release)
        assert submission.findings == []
        assert [cell.id for cell in submission.notebook.cells] == [cell.id for cell in release.cells]


def test_the_release_itself_is_left_alone(tmp_path):
    before = nbformat.writes(RELEASE)
    for notebook in (TEXT, "{", json.dumps(unanswered())):
        submission = taken(tmp_path, notebook)
        for cell in submission.notebook.cells:
            cell.source, cell.metadata["changed"] = "changed", True
    assert nbformat.writes(RELEASE) == before
