"""Collecting from an exchange in which students made folders by hand: what is theirs comes in, and nothing else."""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path

import pytest
from handing_in import RELEASE, UNIT, answered, came_of, take_in
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader

import autograder
from autograder.gradebook.handed_in import in_words
from autograder.term.collecting import COPYING, copy_own, last_change

ME = getuser()
NOW = datetime.now(UTC)
EARLY, LATE = (in_words(NOW + timedelta(days=days)) for days in (1, 2))  # later than they are made
LONG_AGO = "2026-01-01 10:00:00.000000 UTC"


class Exchange:
    """An exchange, and a course folder with the course's settings to collect into."""

    def __init__(self, folder):
        self.folder, self.root = folder / "course", folder / "exchange"
        self.inbound = self.root / "gradients" / "inbound"
        for made in (self.folder, self.inbound):
            made.mkdir(parents=True)
        self.root.chmod(0o1777)

    def collected(self, student=ME):
        return self.folder / "submitted" / student / UNIT.assignment

    def hand_in(self, student=ME, time=EARLY, text="right"):
        """A folder of ``inbound`` that bears a student's name, made by whoever runs this."""
        folder = self.inbound / f"{student}+{UNIT.assignment}+{time}+random"
        folder.mkdir()
        (folder / f"{UNIT.name}.ipynb").write_text(text)
        (folder / "timestamp.txt").write_text(time)
        return folder

    def collect(self, check_owner=True, trust_names=False):
        """What the log of nbgrader's collecting says."""
        config = PyFileConfigLoader("nbgrader_config.py", str(Path(autograder.__file__).parent)).load_config()
        config.CourseDirectory.root = str(self.folder)
        config.Exchange.root = str(self.root)
        config.ExchangeCollect.check_owner = check_owner
        config.OwnCollect.trust_names = trust_names
        done = NbGraderAPI(CourseDirectory(config=config), config=config).collect(UNIT.assignment)
        assert done["success"], done["error"]
        return done.get("log", "")


@pytest.fixture
def exchange(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader starts alembic by name
    return Exchange(tmp_path)


def seconds(time):
    """A time as nbgrader writes it, in seconds."""
    return datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC).timestamp()


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_submission_is_taken_only_from_whom_it_names(exchange):
    exchange.hand_in("alice", LATE)
    log = exchange.collect()
    assert not (exchange.folder / "submitted").exists()
    assert f"not collected: alice+{UNIT.assignment}+{LATE}+random belongs to {ME}" in log
    assert "No submissions" in log and "check_owner = False" in log
    exchange.collect(check_owner=False)
    assert contents(exchange.collected("alice")) == {f"{UNIT.name}.ipynb": "right", "timestamp.txt": LATE}


def test_what_is_no_submission_does_not_hide_an_older_one(exchange, tmp_path):
    exchange.hand_in()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / f"{UNIT.name}.ipynb").write_text("another student's")
    start = f"{ME}+{UNIT.assignment}+"
    (exchange.inbound / f"{start}{LATE}+link").symlink_to(tmp_path / "secret")
    (exchange.inbound / f"{start}{LATE}+file").write_text("")
    (exchange.inbound / f"{start}some day+r").mkdir()
    log = exchange.collect()
    assert contents(exchange.collected())[f"{UNIT.name}.ipynb"] == "right"
    for why in (
        "+link is a symbolic link, not a folder",
        "+file is a file, not a folder",
        "+r has no time in its name",
    ):
        assert why in log


def test_nothing_comes_in_by_a_link(exchange, tmp_path):
    folder = exchange.hand_in()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "marks").write_text("another student's")
    for name, target in {"file": "secret/marks", "folder": "secret", "submission_secret.txt": "secret/marks"}.items():
        (folder / name).symlink_to(tmp_path / target)
    (folder / "inner").mkdir()
    (folder / "inner" / "link").symlink_to(tmp_path / "secret" / "marks")
    os.link(tmp_path / "secret" / "marks", folder / "hard")
    os.mkfifo(folder / "pipe")
    log = exchange.collect()
    came = {path.relative_to(exchange.collected()).as_posix(): path for path in exchange.collected().rglob("*")}
    links = {"file", "folder", "inner/link"}
    assert {name for name, path in came.items() if path.is_symlink()} == links
    assert set(came) == links | {"inner", f"{UNIT.name}.ipynb", "timestamp.txt"}
    for finding in ("symbolic link: submission_secret.txt", "hard link: hard", "FIFO: pipe"):
        assert f"not collected: {finding}" in log


def test_the_intake_refuses_the_links_by_name(exchange, tmp_path):
    (tmp_path / "answers.py").write_text("another student's")
    folder = exchange.hand_in(text=json.dumps(answered()))
    (folder / "answers.py").symlink_to(tmp_path / "answers.py")
    exchange.collect()
    taken = take_in(UNIT, ME, exchange.collected(), RELEASE)
    assert "symbolic link: answers.py" in map(str, taken.findings) and not taken.files


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_s_stays_where_it_is(exchange):
    folder = exchange.hand_in()
    (folder / "notes").write_text("another student's")
    os.chown(folder / "notes", 65534, 65534)
    log = exchange.collect()
    assert set(contents(exchange.collected())) == {f"{UNIT.name}.ipynb", "timestamp.txt"}
    assert "not collected: file of " in log and ": notes" in log


def test_one_that_cannot_be_collected_does_not_stop_the_others(exchange):
    for student in ("alice", "bob", "carol"):
        exchange.hand_in(student)
    exchange.collected("bob").parent.mkdir(parents=True)
    exchange.collected("bob").write_text("in the way")
    log = exchange.collect(check_owner=False)
    assert exchange.collected("alice").is_dir() and exchange.collected("carol").is_dir()
    assert f"not collected: bob+{UNIT.assignment}+{EARLY}+random: " in log and "File exists" in log


@pytest.mark.parametrize("forged", [LONG_AGO, "some day", "", None])
def test_the_time_that_a_submission_claims_for_itself_does_not_come_in(exchange, forged):
    stamp = exchange.hand_in() / "timestamp.txt"
    stamp.unlink() if forged is None else stamp.write_text(forged)
    exchange.collect()
    assert contents(exchange.collected()) == {f"{UNIT.name}.ipynb": "right", "timestamp.txt": EARLY}
    came = came_of(exchange.collected())
    assert (came.time, came.source) == (EARLY, "the name of its folder in the exchange")


def test_a_link_in_place_of_the_time_is_not_followed(exchange, tmp_path):
    folder = exchange.hand_in()
    (tmp_path / "secret").write_text(LONG_AGO)
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to(tmp_path / "secret")
    exchange.collect()
    assert not (exchange.collected() / "timestamp.txt").is_symlink()
    assert contents(exchange.collected())["timestamp.txt"] == EARLY


def test_a_folder_made_later_than_its_name_says_was_handed_in_when_it_was_made(exchange):
    """Students can choose the name, and the times that a file shows (its mtime), but not when it was last changed."""
    folder = exchange.hand_in(time=LONG_AGO)
    for path in (*folder.iterdir(), folder):
        os.utime(path, (seconds(LONG_AGO), seconds(LONG_AGO)))
    log = exchange.collect()
    came = came_of(exchange.collected())
    assert NOW.timestamp() <= seconds(came.time) <= time.time()
    assert came.source == "the last change to its folder in the exchange"
    assert f"its name says {LONG_AGO}, but it was last changed at {came.time}, which counts" in log


def test_a_file_changed_afterwards_counts_as_handed_in_then(exchange):
    """The folder itself does not change where a file within it is written anew."""
    name = in_words(NOW - COPYING - timedelta(days=1))
    folder = exchange.hand_in(time=name)
    made = folder.stat().st_ctime
    time.sleep(0.1)
    (folder / f"{UNIT.name}.ipynb").write_text("changed")
    assert folder.stat().st_ctime == made
    exchange.collect()
    assert seconds(came_of(exchange.collected()).time) > made


def test_what_is_taken_out_of_an_inner_folder_afterwards_is_a_change_too(tmp_path):
    for name in ("kept", "gone"):
        (tmp_path / "inner" / "deep").mkdir(parents=True, exist_ok=True)
        (tmp_path / "inner" / "deep" / name).write_text(name)
    before = last_change(tmp_path)
    time.sleep(0.1)
    (tmp_path / "inner" / "deep" / "gone").unlink()
    after = last_change(tmp_path)
    assert before and after and before < after


def test_of_two_the_newer_one_is_taken_by_when_it_was_changed(exchange):
    exchange.hand_in(time=in_words(NOW - timedelta(days=30)), text="older")
    time.sleep(0.1)
    exchange.hand_in(time=LONG_AGO, text="newer, which claims to be older")
    exchange.collect()
    assert contents(exchange.collected())[f"{UNIT.name}.ipynb"].startswith("newer")


def test_an_exchange_that_was_copied_can_be_believed(exchange):
    exchange.hand_in(time=LONG_AGO)
    exchange.collect(trust_names=True)
    assert came_of(exchange.collected()).time == LONG_AGO


def test_what_is_too_much_is_left_out_and_named(tmp_path):
    source, into = tmp_path / "from", tmp_path / "into"
    source.mkdir()
    for name in ("a", "b", "c"):
        (source / name).write_text("12345")
    links, left_out = copy_own(source, into, limit=12, check_owner=True)
    assert contents(into) == {"a": "12345", "b": "12345"} and not links
    assert [str(finding) for finding in left_out] == ["file over the limits: c"]
