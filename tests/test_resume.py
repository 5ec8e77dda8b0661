"""A run that is killed or stopped at any instant goes on where it was: nothing lost, nothing twice, nothing left."""

import os
import random
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from programs import SANDBOX, need
from running import (
    FRAGILE,
    KILLER,
    UNIT,
    Deadly,
    Run,
    class_of,
    contents,
    marked_cells,
    points_in,
    points_of,
    records,
    with_line,
)
from sampled import rest
from waiting import PATIENCE, wait_until

from autograder.grading.grade import Grading, grade
from autograder.running.workers import Here

MARKED = marked_cells(UNIT)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A class of 40, graded in one go: its folder, and how long that took. Only some kills wait that long."""
    folder = tmp_path_factory.mktemp("undisturbed")
    truth = class_of(40, folder)
    before = time.monotonic()
    code, output = Run(folder).finish()
    assert code == 0, output
    assert points_of(folder / "gradebook.db") == points_in(truth)
    return folder, time.monotonic() - before


def require_sound(folder):
    """Make sure that, whatever happened, the gradebook is whole, each submission is in it with all its scores or not at
    all, and every submission with a record is in it."""
    database = folder / "gradebook.db"
    if not database.exists() or not database.stat().st_size:
        assert not records(folder)
        return
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        tables = db.execute("select count(*) from sqlite_master where type = 'table'").fetchone()[0]
        assert tables == 0 or db.execute("select count(*) from alembic_version").fetchone() == (1,)
    if not tables:
        assert not records(folder)
        return
    submissions, grades, *_ = contents(database)
    complete = {student for student, *_ in submissions}
    assert len(grades) == MARKED * len(complete) and all(score is not None for _, _, score, *_ in grades)
    for name in records(folder):
        student = name.removesuffix(".json")
        assert student in complete
        assert nbformat.read(folder / "autograded" / student / UNIT.assignment / f"{UNIT.name}.ipynb", as_version=4)


@pytest.mark.parametrize("kills", [1, rest(10)])
def test_killed_at_random_instants(kills, undisturbed, tmp_path):
    original, duration = undisturbed
    chance = random.Random(7)
    folder, finished, progress = tmp_path / "course", 0, []
    for number in range(kills):
        before = records(folder)
        run = Run(folder, submissions=original / "submitted")
        if number % 2:  # at some time, or when so many more are graded
            wait_until(lambda run=run: run.process.poll() is not None, chance.uniform(0, duration))
        else:
            more = len(before) + chance.randint(1, 5)
            wait_until(lambda run=run, more=more: run.process.poll() is not None or len(records(folder)) >= more)
        if run.process.poll() is not None:
            finished += 1
            code, output = run.finish()
            assert code == 0, output
            assert contents(folder / "gradebook.db") == contents(original / "gradebook.db")
            shutil.rmtree(folder)
            continue
        run.kill()
        assert run.none_left(), run.left()
        require_sound(folder)
        after = records(folder)
        assert {name: after.get(name) for name in before} == before, "graded again although it has a record"
        progress.append(len(after))
    before = records(folder)
    code, output = Run(folder, submissions=original / "submitted").finish()
    assert code == 0, output
    assert f"{len(before)} unchanged" in output or not before
    assert contents(folder / "gradebook.db") == contents(original / "gradebook.db")
    assert {name: records(folder)[name] for name in before} == before
    assert len(set(progress)) > min(2, kills // 4), "all kills came before the first result"


@pytest.mark.parametrize(("number", "to_all"), [rest(signal.SIGINT, True), rest(signal.SIGTERM, False)])
def test_stopped_by_a_signal(number, to_all, undisturbed, tmp_path):
    original, _ = undisturbed
    run = Run(tmp_path, submissions=original / "submitted")
    assert wait_until(lambda: len(records(tmp_path)) > 2)
    run.look()
    if to_all:  # as a terminal sends Ctrl-C to all processes of its foreground
        os.killpg(run.process.pid, number)
    else:
        run.process.send_signal(number)
    code, output = run.finish()
    assert code == 130 and len(records(tmp_path)) < 40
    (again,) = re.findall(r"stopped; what is written is kept. Go on with: (autograder grade .*)", output)
    assert shlex.split(again)[1:] == run.words
    assert "Traceback" not in output and "xception" not in output, output
    assert run.none_left(), run.left()
    require_sound(tmp_path)
    done = records(tmp_path)
    code, output = Run(tmp_path, submissions=original / "submitted").finish()
    assert code == 0 and f"{len(done)} unchanged" in output
    assert contents(tmp_path / "gradebook.db") == contents(original / "gradebook.db")


def test_stopped_before_anything_is_ready(undisturbed, tmp_path):
    run = Run(tmp_path, submissions=undisturbed[0] / "submitted")
    assert wait_until(lambda: len(run.look()) > 1)
    os.killpg(run.process.pid, signal.SIGINT)
    code, output = run.finish()
    assert code == 130 and "Traceback" not in output
    assert run.none_left(), run.left()


ASKED = """
import os, re, signal
from pathlib import Path
import psutil
from autograder.bounded import reader
from autograder.running.workers import Here
with Here("numeric_gradient", "strict") as place:
    place.start()
    reader.read_bounded(reader.ReadQuestion("builtins", "abs", (1,)), 1)
    for child in psutil.Process().children():
        blocked = re.search(r"SigBlk:\\s*(\\w+)", Path(f"/proc/{child.pid}/status").read_text())[1]
        hears = os.getpgid(child.pid) == os.getpgid(0) and not int(blocked, 16) >> signal.SIGINT - 1 & 1
        print("hears" if hears else "does not hear", " ".join(child.cmdline()))
"""


def test_ctrl_c_reaches_the_grader_alone():
    """It reaches no process that the grader starts, not even one that is still starting and cannot ignore it yet."""
    need(*SANDBOX)
    asked = subprocess.run([sys.executable, "-c", ASKED], stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    started = [line for line in asked.stdout.splitlines() if "resource_tracker" not in line]  # which is Python's own
    assert len(started) == 3 and all(line.startswith("does not hear") for line in started), asked.stdout


def graded_by(place, folder):
    results = [result for _, result in grade(Grading(UNIT, folder / "submitted", folder, place=place))]
    return {result.student: result for result in results}


def test_a_fork_server_that_is_killed_is_started_again(tmp_path):
    truth = class_of(12, tmp_path)
    place = Here(UNIT.name, "strict", workers=3)
    killed = 0
    for number, (_, result) in enumerate(grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place))):
        if number in (1, 6) and place.server:
            place.server.process.kill()
            killed += 1
        assert result.verdicts, result.findings
    assert killed == 2 and points_of(tmp_path / "gradebook.db") == points_in(truth)


ANSWERED = """
from running import UNIT, Wordy
from autograder.running.job import Job
if __name__ == "__main__":
    with Wordy(UNIT.name, "strict", workers=1) as place:
        print(len(place.submit(Job(UNIT.name, "{}", {}, {})).result(60).notebook))
"""


def test_no_answer_waits_in_a_pipe_where_a_worker_that_is_killed_would_leave_half_of_it():
    """In a process of its own, since the pool's thread would wait for the other half for ever."""
    folder = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", ANSWERED], cwd=folder, env=os.environ | {"PYTHONPATH": folder},
                          capture_output=True, text=True, timeout=PATIENCE, check=False)  # fmt: skip
    assert done.stdout.strip() == "100000000", done.stderr


def test_what_kills_its_worker_harms_nobody_else(tmp_path):
    truth = class_of(6, tmp_path)
    with_line(tmp_path, "killer", KILLER)
    results = graded_by(Deadly(UNIT.name, "strict", workers=3), tmp_path)
    assert {student for student, result in results.items() if not result.verdicts} == {"killer"}
    assert "not graded: BrokenProcessPool" in str(results["killer"].findings[-1])
    assert points_of(tmp_path / "gradebook.db") == points_in(truth)


def test_a_job_whose_worker_died_is_run_again(tmp_path):
    truth = class_of(6, tmp_path)
    with_line(tmp_path, "fragile", f"{FRAGILE}{tmp_path / 'flag'} #")
    results = graded_by(Deadly(UNIT.name, "strict", workers=3), tmp_path)
    assert results["fragile"].points == UNIT.points and (tmp_path / "flag").exists()
    points = points_of(tmp_path / "gradebook.db")
    assert {key: value for key, value in points.items() if key[0] != "fragile"} == points_in(truth)
