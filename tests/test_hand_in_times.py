"""A submission counts as handed in when its student cannot have chosen, whatever its name and ``timestamp.txt`` say."""

import json
import os
import shutil
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from commands import run_command, submission
from exchanging import CHANGE, LONG_AGO, NAME, ago, contents, minute, seconds
from handing_in import UNIT, came_of
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from waiting import PATIENCE

from autograder.findings import Odd
from autograder.gradebook.handed_in import FILE_SYSTEM, UNCONFIRMED, bound_times, in_words, time_of
from autograder.term.times import last_change

FAR = "2099-01-01 10:00:00.000000 UTC"
NOTEBOOK = f"{UNIT.name}.ipynb"


def findings(came):
    return [str(finding) for finding in came.findings]


def test_an_honest_name_counts_and_nothing_is_odd(exchange):
    name = exchange.hand_in(time=ago(minutes=1)).name
    exchange.collect()
    came = came_of(exchange.collected())
    assert (came.time, came.source, came.findings) == (name.split("+")[2], NAME, ())


@pytest.mark.parametrize("forged", [LONG_AGO, FAR])
def test_a_forged_name_is_a_finding_and_the_file_system_s_time_counts(exchange, forged):
    """Students can choose the name, and the times that a file shows (its mtime), but not when it was last changed."""
    before = time.time()
    folder = exchange.hand_in(time=forged)
    for path in (*folder.iterdir(), folder):
        os.utime(path, (seconds(forged), seconds(forged)))
    log = exchange.collect()
    came = came_of(exchange.collected())
    assert before - 1 <= seconds(came.time) <= time.time() and came.source == CHANGE
    (finding,) = findings(came)
    assert f"its name says {minute(forged)}" in finding and f"timestamp.txt says {minute(forged)}" in finding
    assert f"but the file system has {minute(came.time)} UTC, which counts" in finding and finding in log


@pytest.mark.parametrize("forged", [LONG_AGO, FAR])
def test_a_forged_timestamp_beside_an_honest_name_is_a_finding(exchange, forged):
    name = exchange.hand_in(stamp=forged).name
    exchange.collect()
    came = came_of(exchange.collected())
    assert (came.time, came.source) == (name.split("+")[2], NAME)
    (finding,) = findings(came)
    assert finding.startswith(f"claimed time: its timestamp.txt says {minute(forged)}, but the file system has 20")
    assert contents(exchange.collected()) == {NOTEBOOK: "right", "timestamp.txt": came.time}


def test_a_name_that_a_clock_ahead_wrote_counts_as_the_file_system_s_time_and_is_not_odd(exchange):
    exchange.hand_in(time=ago(minutes=-3))
    exchange.collect()
    came = came_of(exchange.collected())
    assert seconds(came.time) <= time.time() and (came.source, came.findings) == (CHANGE, ())


def test_a_name_in_the_future_does_not_win_for_ever(exchange):
    exchange.hand_in(time=FAR, text="older")
    time.sleep(0.1)
    exchange.hand_in(text="newer")
    exchange.collect()
    assert contents(exchange.collected())[NOTEBOOK] == "newer"


def test_what_was_collected_with_a_time_in_the_future_is_updated(exchange):
    """An earlier version, or nbgrader itself, has believed such a name."""
    exchange.collected().mkdir(parents=True)
    (exchange.collected() / "timestamp.txt").write_text(FAR)
    time.sleep(0.1)
    exchange.hand_in(text="newer")
    exchange.collect(update=True)
    assert contents(exchange.collected())[NOTEBOOK] == "newer"


def test_of_two_that_came_apart_the_later_one_is_taken_whatever_their_names_say(exchange):
    exchange.hand_in(text="older")
    time.sleep(0.1)
    exchange.hand_in(time=LONG_AGO, text="newer, which claims to be older")
    exchange.collect(tolerance=0)
    assert contents(exchange.collected())[NOTEBOOK].startswith("newer")


def test_what_was_changed_all_at_once_keeps_the_order_of_its_names(exchange):
    """An administrator has restored the exchange, or changed its modes."""
    for days, text in ((2, "newer"), (3, "older")):
        exchange.hand_in(time=ago(days=days), text=text)
    exchange.collect()
    assert contents(exchange.collected())[NOTEBOOK] == "newer"
    assert came_of(exchange.collected()).source == CHANGE


def test_names_are_believed_of_what_was_restored_but_not_of_what_came_later(exchange):
    restored = exchange.hand_in("alice", time=LONG_AGO)
    until = ago(seconds=-0.05)
    while time.time() < seconds(until) + 0.05:
        time.sleep(0.05)
    exchange.hand_in("bob", time=LONG_AGO)
    exchange.hand_in("carol", time=FAR)
    exchange.collect(check_owner=False, believe_names_until=until)
    alice, bob, carol = (came_of(exchange.collected(name)) for name in ("alice", "bob", "carol"))
    assert (alice.time, alice.source, alice.findings) == (LONG_AGO, NAME, ())
    assert bob.source == carol.source == CHANGE and bob.findings and carol.findings
    shutil.rmtree(exchange.collected("alice"))
    restored.rename(restored.with_name(restored.name.replace(LONG_AGO, FAR)))
    exchange.collect(check_owner=False, believe_names_until=ago())
    assert came_of(exchange.collected("alice")).source == CHANGE, "a time after the restoration is forged"


def test_a_setting_that_is_no_time_is_said(exchange):
    with pytest.raises(AssertionError, match="believe_names_until is no time: 'soon'; write '2026-12-01 09:00 UTC'"):
        exchange.collect(believe_names_until="soon")


def test_of_those_in_time_the_newest_is_taken_by_the_file_system_s_time(exchange):
    exchange.hand_in(text="in time")
    time.sleep(0.1)
    due = datetime.now(UTC).replace(tzinfo=None)
    exchange.due(due)
    time.sleep(0.1)
    exchange.hand_in(time=in_words(due - timedelta(hours=1)), text="late, with a name in time")
    exchange.collect(before_duedate=True, tolerance=0)
    assert contents(exchange.collected())[NOTEBOOK] == "in time"


def test_a_file_changed_afterwards_counts_as_handed_in_then(exchange):
    """The folder itself does not change where a file within it is written anew."""
    folder = exchange.hand_in(time=ago(days=1))
    made = folder.stat().st_ctime
    time.sleep(0.1)
    (folder / NOTEBOOK).write_text("changed")
    assert folder.stat().st_ctime == made
    exchange.collect()
    assert seconds(came_of(exchange.collected()).time) > made


def test_what_is_taken_out_of_an_inner_folder_afterwards_is_a_change_too(tmp_path):
    (tmp_path / "inner" / "deep").mkdir(parents=True)
    (tmp_path / "inner" / "deep" / "gone").write_text("gone")
    before = last_change(tmp_path)
    time.sleep(0.1)
    (tmp_path / "inner" / "deep" / "gone").unlink()
    after = last_change(tmp_path)
    assert before and after and before < after


@pytest.mark.parametrize("stamp", ["some day", "", None])
def test_a_time_that_cannot_be_read_does_not_come_in(exchange, stamp):
    folder = exchange.hand_in()
    (folder / "timestamp.txt").unlink() if stamp is None else (folder / "timestamp.txt").write_text(stamp)
    exchange.collect()
    assert contents(exchange.collected())["timestamp.txt"] == folder.name.split("+")[2]


def test_a_link_in_place_of_the_time_is_not_followed(exchange, tmp_path):
    folder = exchange.hand_in()
    (tmp_path / "secret").write_text(LONG_AGO)
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to(tmp_path / "secret")
    exchange.collect()
    assert not (exchange.collected() / "timestamp.txt").is_symlink()
    assert contents(exchange.collected())["timestamp.txt"] == folder.name.split("+")[2]
    assert not came_of(exchange.collected()).findings


# --- submissions that nobody collected -----------------------------------------------------------

SPOILED = {
    "huge": lambda path: path.write_text("2026" * 10_000_000),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "empty": lambda path: path.write_text(""),
    "no time": lambda path: path.write_text("some day"),
    "a number": lambda path: path.write_text("9" * 400),
    "beyond all years": lambda path: path.write_text("9999-12-31 23:59:59 -1400"),
    "the first year": lambda path: path.write_text("0001-01-01 00:00:00 UTC"),
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a pipe": lambda path: os.mkfifo(path),
    "a folder": lambda path: path.mkdir(),
    "a zone file": lambda path: path.write_text("2026-01-01 10:00:00 /usr/share/zoneinfo/Europe/Berlin"),
    "a zone outside": lambda path: path.write_text("2026-01-01 10:00:00 ../../../etc/localtime"),
}


def nbgraders(folder):
    """What nbgrader takes for the time of a submission once its times are bounded."""
    course = CourseDirectory(config=Config())
    bound_times(course)
    return course.get_existing_timestamp(str(folder))


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_timestamp_is_a_finding_and_ends_nothing(tmp_path, kind):
    folder = tmp_path / "student" / UNIT.assignment
    folder.mkdir(parents=True)
    SPOILED[kind](folder / "timestamp.txt")
    came = came_of(folder)
    assert (came.time, findings(came)) == ("", [f"{Odd.UNREADABLE_TIME}: timestamp.txt"])
    assert nbgraders(folder) is None


def test_a_submission_without_a_timestamp_is_ordinary(tmp_path):
    assert came_of(tmp_path).time == "" and not came_of(tmp_path).findings and nbgraders(tmp_path) is None


@pytest.mark.parametrize("far", [FAR, "9999-12-31 23:59:59 UTC"])
def test_nobody_hands_in_after_the_file_came_here(tmp_path, far):
    (tmp_path / "timestamp.txt").write_text(far)
    came = came_of(tmp_path)
    assert abs(seconds(came.time) - time.time()) < 60 and came.source == FILE_SYSTEM
    assert f"its timestamp.txt says {minute(far)}, but the file system has" in findings(came)[0]
    assert nbgraders(tmp_path) == time_of(came.time)


@pytest.mark.parametrize(
    "text, hour",
    [("2026-01-01 10:00 UTC", 10), ("2026-01-01 10:00 Europe/Berlin", 9), ("2026-01-01 10:00 +0100", 9),
     ("2026-01-01T10:00+01:00", 9), ("2026-01-01 10:00", 10)],
)  # fmt: skip
def test_a_time_in_another_zone_is_read(tmp_path, text, hour):
    (tmp_path / "timestamp.txt").write_text(text)
    assert time_of(text) == nbgraders(tmp_path) == datetime(2026, 1, 1, hour)
    assert (came_of(tmp_path).time, came_of(tmp_path).source) == (text, UNCONFIRMED)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder in which each student's ``timestamp.txt`` is spoiled in another way."""
    folder = tmp_path_factory.mktemp("spoiled")
    for number, kind in enumerate(SPOILED):
        place = submission(folder / "submitted", f"student-{number}", {}).parent
        SPOILED[kind](place / "timestamp.txt")
    (submission(folder / "submitted", "honest", {}).parent / "timestamp.txt").write_text(LONG_AGO)
    return folder


@pytest.mark.exhaustive
def test_no_spoiled_timestamp_ends_formgrader_s_list(formgrader):
    address, _, token = formgrader[1].partition("?token=")
    request = urllib.request.Request(f"{address}/api/submissions/{UNIT.assignment}")
    request.add_header("Authorization", f"token {token}")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        shown = {each["student"]: each["timestamp"] for each in json.load(answer)}
    assert len(shown) == len(SPOILED) + 1 and {name for name, time in shown.items() if time} == {"honest"}


@pytest.mark.exhaustive
def test_no_spoiled_timestamp_ends_a_run(course):
    code, output = run_command("grade", UNIT.name, "--submissions", course / "submitted", "--course-dir", course)
    assert code == 0 and output.count(f"{Odd.UNREADABLE_TIME}: timestamp.txt") == len(SPOILED)
