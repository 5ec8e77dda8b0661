"""Collecting from an exchange in which students made folders by hand: what is theirs comes in, and nothing else."""

import json
import os

import pytest
from exchanging import ME, ago, contents
from handing_in import RELEASE, UNIT, answered, take_in

from autograder.term.copying import copy_own


def test_a_submission_is_taken_only_from_whom_it_names(exchange):
    name = exchange.hand_in("alice").name
    log = exchange.collect()
    assert not (exchange.folder / "submitted").exists()
    assert f"not collected, it belongs to {ME}" in log and f": {name}\n" in log
    assert "No submissions" in log and "check_owner = False" in log
    exchange.collect(check_owner=False)
    assert contents(exchange.collected("alice")) == {f"{UNIT.name}.ipynb": "right", "timestamp.txt": name.split("+")[2]}


def test_what_is_no_submission_does_not_hide_an_older_one(exchange, tmp_path):
    exchange.hand_in()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / f"{UNIT.name}.ipynb").write_text("another student's")
    start = f"{ME}+{UNIT.assignment}+"
    (exchange.inbound / f"{start}{ago()}+link").symlink_to(tmp_path / "secret")
    (exchange.inbound / f"{start}{ago()}+file").write_text("")
    (exchange.inbound / f"{start}some day+r").mkdir()
    log = exchange.collect()
    assert contents(exchange.collected())[f"{UNIT.name}.ipynb"] == "right"
    for why in (f"a symbolic link of {ME}, not a folder", f"a file of {ME}, not a folder", "no time in its name"):
        assert f"not collected, {why}: {start}" in log


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
        assert f"{folder.name}: not collected: {finding}" in log


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
    names = {student: exchange.hand_in(student).name for student in ("alice", "bob", "carol")}
    exchange.collected("bob").parent.mkdir(parents=True)
    exchange.collected("bob").write_text("in the way")
    log = exchange.collect(check_owner=False)
    assert exchange.collected("alice").is_dir() and exchange.collected("carol").is_dir()
    assert f"not collected: {names['bob']}: " in log and "File exists" in log


def test_what_is_too_much_is_left_out_and_named(tmp_path):
    source, into = tmp_path / "from", tmp_path / "into"
    source.mkdir()
    for name in ("a", "b", "c"):
        (source / name).write_text("12345")
    links, left_out = copy_own(source, into, limit=12, check_owner=True)
    assert contents(into) == {"a": "12345", "b": "12345"} and not links
    assert [str(finding) for finding in left_out] == ["file over the limits: c"]
