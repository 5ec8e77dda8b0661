"""Grade records: what is graded again and what is kept, and what no record may do."""

import errno
import json
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import run_command, submission
from running import UNIT, contents, edit, records

from autograder import records as module
from autograder.gradebook.writer import GradebookWriter
from autograder.records import Busy, Record, Records
from autograder.writing import write_whole
from course.check import Part, State, Verdict, load

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}


def graded(folder, *words):
    """Exit code and output of a grading, and the names of the records that it wrote."""
    before = records(folder)
    code, output = run_command(
        "grade", UNIT.name, "--submissions", folder / "submitted", "--course-dir", folder, *words
    )
    return code, output, {name for name, when in records(folder).items() if before.get(name) != when}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    for student in ("ada", "bob", "cleo"):
        submission(folder / "submitted", student, RIGHT if student != "bob" else {})
    code, output, written = graded(folder)
    assert code == 0 and written == {"ada.json", "bob.json", "cleo.json"}, output
    return folder


@pytest.fixture
def course(three, tmp_path):
    return Path(shutil.copytree(three, tmp_path / "course"))


def test_only_what_changed_is_graded_again(course):
    assert graded(course)[2] == set()
    shutil.rmtree(course / "submitted" / "bob")
    submission(course / "submitted", "bob", {"jacobian": RIGHT["jacobian"]})
    (course / "submitted" / "cleo" / UNIT.assignment / "notes.txt").write_text("a file beside the notebook")
    code, output, written = graded(course)
    assert code == 0 and written == {"bob.json", "cleo.json"} and "1 unchanged" in output
    assert graded(course, "--again", "--only", "ada", "--only", "bob")[2] == {"ada.json", "bob.json"}


def test_a_submission_that_vanished_keeps_its_marks(course):
    before = contents(course / "gradebook.db")
    shutil.rmtree(course / "submitted" / "ada")
    code, output, written = graded(course)
    assert code == 0 and not written and "ada" not in output and contents(course / "gradebook.db") == before


@pytest.mark.parametrize("text", ["", "{ not json", "[]", "null", '{"student": "ada"}', "[" * 100_000, "\0"])
def test_a_record_that_cannot_be_read_is_made_again(text, three, course):
    (course / "records" / UNIT.name / "ada.json").write_text(text)
    assert Records(course, UNIT).read("ada") is None
    assert [record.student for record in Records(course, UNIT).all()] == ["bob", "cleo"]
    if text == "{ not json":
        code, _, written = graded(course)
        assert code == 0 and written == {"ada.json"}


@pytest.mark.parametrize("field", [{"student": "bob"}, {"unit": "tf_tape"}, {"digest": 3}, {"seeds": {"jacobian": "x"}},
                                   {"verdicts": {"jacobian": {}}}, {"findings": [1]}, {"versions": []}])  # fmt: skip
def test_a_record_that_says_something_else_is_none(field, course):
    edit(course, "ada", **field)
    assert Records(course, UNIT).read("ada") is None


def test_a_record_of_another_version_of_the_program_is_read(course):
    edit(course, "ada", something_new=1)
    path = course / "records" / UNIT.name / "bob.json"
    old = json.loads(path.read_text())
    del old["submitted"], old["missing"]
    path.write_text(json.dumps(old))
    code, output, written = graded(course)
    assert code == 0 and not written and "3 unchanged" in output


def test_one_task_is_added_to_the_record_of_an_unchanged_submission(course):
    before = Records(course, UNIT).read("ada")
    code, output, written = graded(course, "--task", "jacobian", "--again", "--only", "ada")
    after = Records(course, UNIT).read("ada")
    assert code == 0 and written == {"ada.json"} and before and after, output
    assert after.verdicts == before.verdicts and set(after.observations or {}) == set(UNIT.tasks)
    changed = {task for task in UNIT.tasks if after.seeds[task] != before.seeds[task]}
    assert changed == {"jacobian"}


@pytest.mark.parametrize("what", ["submission", "unit"])
def test_one_task_of_something_else_is_graded_with_all_others(what, course):
    """All marks of a student must come from one state of the submission and of the unit."""
    if what == "unit":
        edit(course, "ada", check="of another state")
    else:
        (course / "submitted" / "ada" / UNIT.assignment / "notes.txt").write_text("new")
    assert graded(course, "--task", "jacobian", "--again", "--only", "ada")[0] == 0
    after = Records(course, UNIT).read("ada")
    assert after and set(after.verdicts) == set(after.seeds) == set(UNIT.tasks)
    assert graded(course)[2] == set()


def test_who_was_never_graded_can_be_graded_in_one_task(course):
    submission(course / "submitted", "dan", RIGHT)
    assert graded(course, "--task", "jacobian")[2] == {"dan.json"}
    after = Records(course, UNIT).read("dan")
    assert after and set(after.verdicts) == {"jacobian"}
    assert graded(course)[2] == {"dan.json"}, "then the rest is graded"


def test_what_ran_unconfined_is_graded_again_where_submissions_are_to_be_confined(course):
    edit(course, "ada", isolation="none")
    assert graded(course, "--isolation", "none")[2] == set()
    page = (course / f"results_{UNIT.name}.html").read_text()
    assert "2 confined" in page and "1 unconfined" in page
    assert graded(course)[2] == {"ada.json"}
    assert "unconfined" not in (course / f"results_{UNIT.name}.html").read_text()


def test_a_run_that_is_stopped_while_it_writes_leaves_no_record_of_before(course, monkeypatch):
    def stop(writer, outcome):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(GradebookWriter, "write", stop)
        assert graded(course, "--again", "--only", "ada")[0] == 130
    assert Records(course, UNIT).read("ada") is None
    assert graded(course)[2] == {"ada.json"}


def test_a_unit_depends_on_what_its_reference_imports_from_others():
    files = {path.parent.name + "/" + path.name for path in module.marking_files(load("softmax_network"))}
    assert {"softmax_network/mistakes.py", "numeric_gradient/reference.py", "check/judging.py"} <= files
    assert not {"tf_tape/reference.py", "numeric_gradient/mistakes.py"} & files


def test_marks_of_an_older_state_of_the_unit_are_kept_and_said_to_be_old(course):
    edit(course, "ada", check="of another state")
    code, output, written = graded(course)
    assert code == 0 and not written and "1 graded before the unit changed" in output
    assert f"autograder regrade {UNIT.name}" in output


def test_wrong_use(course):
    code, output, _ = graded(course, "--only", "zoe")
    assert code == 2 and "holds no submission of numeric_gradient by zoe" in output
    code, output, _ = graded(course, "--task", "nonsense")
    assert code == 2 and "numeric_gradient has no task called 'nonsense'; its tasks are forward_difference" in output
    code, output, _ = graded(course, "--isolation", "some")
    assert code == 2 and "--isolation is 'strict' or 'none', got 'some'" in output
    file = course / "file"
    file.write_text("")
    code, output = run_command("grade", UNIT.name, "--submissions", course / "submitted", "--course-dir", file)
    assert code == 2 and "error: " in output and "Traceback" not in output


def test_two_runs_at_once(course):
    with Records(course, UNIT).alone(), pytest.raises(Busy), Records(course, UNIT).alone():
        pass
    with Records(course, UNIT).alone():
        code, output, _ = graded(course)
    assert code == 2 and "another run is grading in" in output
    assert graded(course)[0] == 0


def test_a_full_disk_ends_the_run_and_nothing_is_lost(course, monkeypatch):
    before = contents(course / "gradebook.db")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("autograder.gradebook.writer.write_whole", full)
        code, output, written = graded(course, "--again")
    assert code == 2 and "No space left on device" in output and "go on: what is graded is kept" in output
    assert not written and contents(course / "gradebook.db") == before
    assert graded(course)[0] == 0


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "as before")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "as before" and list(tmp_path.iterdir()) == [path]


def test_two_who_write_the_same_file_do_not_disturb_each_other(tmp_path):
    path, texts = tmp_path / "file", [letter * 100_000 for letter in "abcd"]

    def write_often(text):
        for _ in range(50):
            write_whole(path, text, lasting=False)
            assert path.read_text() in texts

    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(write_often, texts))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_lasts_has_its_entry_on_the_disk(tmp_path, monkeypatch):
    synced, sync = list[str](), os.fsync

    def tell(descriptor):
        synced.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", tell)
    write_whole(tmp_path / "file", "text")
    assert synced == ["file", "folder"]
    write_whole(tmp_path / "file", "text", lasting=False)
    assert synced == ["file", "folder"]


@pytest.mark.parametrize("name", ["..", ".", "", "../../etc/passwd", "/etc/passwd", "a/b", "a\0b", "a\nb", "é" * 200,
                                  ".hidden", "Zoë Łukasz", "\udcff"])  # fmt: skip
def test_whatever_a_student_is_called_the_record_lies_in_its_folder(name, tmp_path):
    kept = Records(tmp_path, UNIT)
    assert kept.path(name).parent == kept.folder and len(kept.path(name).name.encode()) < 250
    assert kept.path(name) != kept.path(name + "x")
    verdict = Verdict(
        "jacobian", 1.0, 3.0, (Part("one", State.RIGHT), Part("two", State.WRONG, "why")), "a mistake", "a hint"
    )
    record = Record(name, UNIT.name, "d", "c", "strict", "now", {"jacobian": 1}, {"jacobian": verdict}, [("a", "b")])
    kept.write(record)
    assert kept.read(name) == record and list(kept.all()) == [record]


def test_observations_that_are_too_large_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MOST_OBSERVED", 1000)
    record = Record("ada", UNIT.name, "d", "c", "strict", "now", {}, observations={"jacobian": "x" * 1000})
    assert Record.from_json(record.to_json()).observations is None
