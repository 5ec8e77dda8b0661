"""A teacher's own course, on another subject: one unit in some folder, which is built, audited and graded there."""

import json

import pytest
from programs import SANDBOX, need
from words_course import autograder, make_course

from autograder.course import Course, WrongCourse


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course folder with that unit."""
    return make_course(tmp_path_factory.mktemp("letters"))


def test_a_course_of_one_unit_is_built_audited_and_graded(folder):
    need(*SANDBOX)
    autograder(folder, "build")
    assert (folder / "notebooks" / "00_words" / "words.ipynb").exists()
    assert (folder / "solutions" / "00_words" / "words.ipynb").exists()
    assert "up to date" in autograder(folder, "build", "--check")
    autograder(folder, "audit", "--json", "audit.json")
    found = json.loads((folder / "audit.json").read_text())["words"]["vowels"]
    generated = found.pop("generated")
    assert generated == found.pop("killed") > 0 == found.pop("equivalent")
    assert found == {"points": 2, "mistakes": 1, "rejected": 1, "named": 1, "alternatives": 2, "accepted": 2}
    autograder(folder, "classroom", "words", "--students", "8", "--seed", "2", "--into", "submitted")
    autograder(folder, "grade", "words", "--json", "marks.json")
    truth = json.loads((folder / "submitted" / "truth.json").read_text())
    marks = json.loads((folder / "marks.json").read_text())
    assert marks == truth and len({mark["vowels"]["points"] for mark in marks.values()}) > 1
    assert "nothing to regrade" in autograder(folder, "regrade", "words")


def test_its_answers_cannot_import_their_reference(folder, tmp_path):
    need(*SANDBOX)
    released = json.loads((folder / "notebooks" / "00_words" / "words.ipynb").read_text())
    for cell in released["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "import course.words\nfrom course.words.reference import vowels"
    place = tmp_path / "submitted" / "thief" / "00_words"
    place.mkdir(parents=True)
    (place / "words.ipynb").write_text(json.dumps(released))
    said = autograder(folder, "grade", "words", "--submissions", place.parents[1], "--course-dir", tmp_path,
                      "--json", tmp_path / "marks.json")  # fmt: skip
    assert json.loads((tmp_path / "marks.json").read_text())["thief"]["vowels"]["points"] == 0
    assert "refused import" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("units = [", "course.toml: "),
        ("", "units must be a list of names"),
        ("units = [1]", "units must be a list of names"),
        ('units = ["nothing"]', "there is no unit nothing"),
    ],
)
def test_a_wrong_course_file_is_told_with_its_name(tmp_path, text, said):
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(WrongCourse, match=said):
        Course.in_folder(tmp_path)


def test_a_course_without_a_file_is_told(tmp_path):
    with pytest.raises(WrongCourse, match=r"course\.toml"):
        Course.in_folder(tmp_path)
