"""Which notebooks are submissions: by where they lie, whatever leads to them."""

import pytest

from autograder.interactive.submissions import Submission, submission_at

ANN = "submitted/ann/01_x"
FOLDERS = (ANN, "submitted/bob/01_x", "autograded/ann/01_x", "exchange/gradients/inbound/ann+01_x+time", "mine/deep",
           f"{ANN}/data/submitted/a/b", "Submitted/cy/01_x", "old/resubmitted")  # fmt: skip


@pytest.fixture
def course(tmp_path):
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "x.ipynb").touch()
    (tmp_path / "link.ipynb").symlink_to(tmp_path / ANN / "x.ipynb")
    (tmp_path / "linked").symlink_to(tmp_path / ANN)
    (tmp_path / ANN / "out.ipynb").symlink_to(tmp_path / "mine" / "x.ipynb")
    (tmp_path / "submitted" / "eve").mkdir()
    (tmp_path / "submitted" / "eve" / "01_x").symlink_to(tmp_path / "mine")
    (tmp_path / "submitted" / "dan").symlink_to(tmp_path / "submitted" / "bob")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "whole", "files"),
    [
        (f"{ANN}/x.ipynb", ANN, ANN),
        (f"/{ANN}/x.ipynb/", ANN, ANN),
        (f"{ANN}/new.ipynb", ANN, ANN),
        (f"{ANN}/console-1-f00", ANN, ANN),
        (ANN, ANN, ANN),
        (f"{ANN}/data/x.ipynb", ANN, f"{ANN}/data"),
        (f"{ANN}/data/submitted/a/b/x.ipynb", f"{ANN}/data/submitted/a/b", f"{ANN}/data/submitted/a/b"),
        ("autograded/ann/01_x/x.ipynb", "autograded/ann/01_x", "autograded/ann/01_x"),
        ("Submitted/cy/01_x/x.ipynb", "Submitted/cy/01_x", "Submitted/cy/01_x"),
        ("exchange/gradients/inbound/ann+01_x+time/x.ipynb", *["exchange/gradients/inbound/ann+01_x+time"] * 2),
        (f"mine/../{ANN}/x.ipynb", ANN, ANN),
        (f"mine/deep/../../{ANN}/../01_x/x.ipynb", ANN, ANN),
        ("link.ipynb", ANN, ANN),
        ("linked/x.ipynb", ANN, ANN),
        ("linked", ANN, ANN),
        ("submitted/dan/01_x/x.ipynb", "submitted/bob/01_x", "submitted/bob/01_x"),
        # no files where others' submissions, or what is no submission, would lie beside the notebook
        ("submitted/x.ipynb", "submitted/x.ipynb", None),
        ("submitted/ann/x.ipynb", "submitted/ann/x.ipynb", None),
        ("submitted/ann", "submitted/ann", None),
        ("submitted", "submitted", None),
        ("exchange/gradients/inbound", "exchange/gradients/inbound", None),
        (f"{ANN}/out.ipynb", "mine/x.ipynb", None),
        ("submitted/eve/01_x/x.ipynb", "mine/x.ipynb", None),
        ("SUBMITTED/fay/01_x/x.ipynb", "SUBMITTED/fay/01_x", "SUBMITTED/fay/01_x"),
        ("disk:submitted/ann/x.ipynb", "disk:submitted/ann/x.ipynb", None),
        (f"{ANN}/../../../mine/x.ipynb", "mine/x.ipynb", None),
    ],
)
def test_a_submission_is_found_and_only_its_own_files(course, path, whole, files):
    assert submission_at(course, path) == Submission(course / whole, files and course / files)


@pytest.mark.parametrize(
    "path", ["", "mine", "mine/x.ipynb", "mine/deep/x.ipynb", "old/resubmitted/x.ipynb", "x.ipynb"]
)
def test_what_is_ones_own_is_none(course, path):
    assert submission_at(course, path) is None


def test_a_server_that_was_started_within_one_has_nothing_else(course):
    assert submission_at(course / ANN, "x.ipynb") == Submission(course / ANN, course / ANN)
    assert submission_at(course / "submitted", "") == Submission(course / "submitted")


def test_a_folder_of_that_name_above_a_course_gives_no_notebook_the_whole_course(tmp_path):
    course = tmp_path / "submitted" / "term" / "course"
    (course / ANN).mkdir(parents=True)
    assert submission_at(course, f"{ANN}/x.ipynb") == Submission(course / ANN, course / ANN)


def test_a_path_that_cannot_be_looked_up_is_an_error(course):
    with pytest.raises(ValueError, match="null"):
        submission_at(course, "mine/\0x.ipynb")
