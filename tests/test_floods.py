"""What a student can flood the exchange with: the work and the log are bounded, and nobody else notices."""

import os

import pytest
from exchanging import ME, ago, contents
from handing_in import UNIT, came_of

from autograder.intake.files import MAX_ENTRIES
from autograder.term import collecting

NOTEBOOK = f"{UNIT.name}.ipynb"


@pytest.fixture
def looked_at(monkeypatch):
    """The submissions that collecting looks into, one after another."""
    seen = []
    times_of = collecting.times_of

    def counted(folder, *more):
        seen.append(folder.name)
        return times_of(folder, *more)

    monkeypatch.setattr(collecting, "times_of", counted)
    return seen


def flood(exchange, number, student=ME, **more):
    for mark in range(number):
        exchange.hand_in(student, mark=str(mark), **more)


def lines_about(log, words):
    return [line for line in log.splitlines() if words in line]


@pytest.mark.parametrize("name", ["", "2026-01-01 10:00:00.000000 UTC", "2099-01-01 10:00:00.000000 UTC"])
def test_of_a_thousand_submissions_a_few_are_looked_at_and_one_line_says_so(exchange, looked_at, name):
    exchange.hand_in("alice", text="alice's")
    flood(exchange, 1203, time=name)
    exchange.hand_in(text="the newest")
    log = exchange.collect(check_owner=False)
    assert contents(exchange.collected())[NOTEBOOK] == "the newest"
    assert contents(exchange.collected("alice"))[NOTEBOOK] == "alice's"
    (line,) = lines_about(log, f"{ME}: ")
    assert f"{ME}: 1,204 submissions of {UNIT.assignment}, the newest was taken" in line
    assert len(looked_at) == 20 + 1 + 2, "and each that is copied once more"
    assert len(log.splitlines()) < 10


def test_how_many_are_looked_at_can_be_set(exchange, looked_at):
    flood(exchange, 5)
    assert f"{ME}: 5 submissions" not in exchange.collect()
    looked_at.clear()
    assert f"{ME}: 5 submissions" in exchange.collect(most_submissions=2) and len(looked_at) == 2


def test_a_thousand_folders_in_others_names_are_one_line(exchange, looked_at):
    exchange.hand_in(text="mine")
    for number in range(1000):
        exchange.hand_in(f"student-{number}")
    log = exchange.collect()
    assert contents(exchange.collected())[NOTEBOOK] == "mine" and len(looked_at) == 2
    (line,) = lines_about(log, "not collected")
    assert f"it belongs to {ME}" in line and line.endswith(" and 995 more")
    assert {path.name for path in (exchange.folder / "submitted").iterdir()} == {".collected", ME}


def test_folders_without_a_time_hide_nothing_and_are_one_line(exchange):
    exchange.hand_in(text="mine")
    flood(exchange, 15, time="some day")
    log = exchange.collect()
    assert contents(exchange.collected())[NOTEBOOK] == "mine"
    assert len(lines_about(log, "not collected, no time in its name")) == 1


def too_many_files(folder):
    (folder / "many").mkdir()
    for number in range(MAX_ENTRIES + 2000):
        (folder / "many" / str(number)).touch()


def deep(folder):
    at = os.open(folder, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("deep", dir_fd=at)
        inner = os.open("deep", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)


def long_names(folder):
    for number in range(300):
        (folder / f"{number}{'x' * 250}"[:255]).mkdir()


def wide(folder):
    for number in range(300):
        (folder / str(number) / "inner").mkdir(parents=True)
        (folder / str(number) / "inner" / "file").touch()


def big(folder):
    for number in range(3):
        with (folder / f"big-{number}").open("wb") as file:
            file.truncate(10**12)


def pipes(folder):
    for number in range(1000):
        os.mkfifo(folder / f"pipe-{number}")


@pytest.mark.parametrize("fill", [too_many_files, deep, long_names, wide, big, pipes])
def test_a_submission_full_of_something_is_collected_as_far_as_the_limits_go(exchange, fill):
    folder = exchange.hand_in()
    fill(folder)
    exchange.hand_in("alice", text="alice's")
    log = exchange.collect(check_owner=False)
    assert (exchange.collected() / NOTEBOOK).read_text() == "right" and not came_of(exchange.collected()).findings
    assert (exchange.collected("alice") / NOTEBOOK).read_text() == "alice's"
    assert len(log.splitlines()) < 12
    assert sum(1 for _ in exchange.collected().rglob("*")) <= 2 * MAX_ENTRIES


def test_a_submission_that_is_still_written_counts_when_its_copy_was_made(exchange, monkeypatch):
    """A student changes a file while it is collected: what was copied may be of that moment."""
    folder = exchange.hand_in(time=ago(minutes=4))
    copy = collecting.copy_own

    def copy_and_change(*words, **more):
        (folder / NOTEBOOK).write_text("changed")
        return copy(*words, **more)

    monkeypatch.setattr(collecting, "copy_own", copy_and_change)
    exchange.collect(tolerance=1)
    assert contents(exchange.collected())[NOTEBOOK] == "changed"
    assert came_of(exchange.collected()).time > ago(minutes=1)
