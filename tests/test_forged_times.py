"""Students with accounts of their own hand in with nbgrader's own command, and then forge what they can."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

import pytest
from commands import run_command, submission
from exchanging import minute
from handing_in import UNIT, came_of
from nbgrader.api import Gradebook
from nbgrading import nbgrader

from autograder.course import PROJECT
from autograder.interactive.hub import LAB

SUBMIT = """
import os
from nbgrader.apps import submitapp
from nbgrader.exchange import default
import nbgrader.plugins, nbgrader.exchange, asyncio, pathlib
os.setgroups([])
os.setgid({gid})
os.setuid({uid})
submitapp.SubmitApp.launch_instance({words!r})
"""
"""Python may lie where only root can read it. So what the command imports is imported by root."""
PAST, FUTURE = "2026-01-01 10:00:00.000000 UTC", "2099-01-01 10:00:00.000000 UTC"
UNWANTED = 1203
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "gradients"
c.Exchange.root = {root!r}
c.LateSubmissionPlugin.penalty_method = "zero"
"""


STAMP = 'cd "$1"; chmod u+w timestamp.txt; printf %s "$2" > timestamp.txt; touch -d "$2" timestamp.txt'
RENAME = 'mv "$1" "$2"; touch -d "$3" "$2"'
COPY = 'for n in $(seq "$2"); do cp -r "$1" "$1$n"; done'


class Students:
    """They hand in the right answers to a unit, each from a home of their own."""

    def __init__(self, folder, accounts):
        folder.chmod(0o755)
        self.folder, self.accounts = folder, accounts
        self.exchange, self.course = folder / "exchange", folder / "gradients"
        subprocess.run([LAB / "make_course.sh", self.exchange, self.course, getuser()], check=True, capture_output=True)
        (self.course / "nbgrader_config.py").write_text(CONFIG.format(root=str(self.exchange)))
        self.inbound, outbound = (self.exchange / "gradients" / name for name in ("inbound", "outbound"))
        shutil.copytree(PROJECT / "notebooks" / UNIT.assignment, outbound / UNIT.assignment)

    def submit(self, account):
        """The folder in which a student's submission lies, as ``nbgrader submit`` has made it."""
        home = self.folder / "homes" / account.pw_name
        if not home.exists():
            answers = {task: UNIT.reference_source(task) for task in UNIT.tasks}
            made = submission(self.folder / "made", account.pw_name, answers)
            shutil.copytree(made.parent, home / UNIT.assignment)
            subprocess.run(["chown", "-R", account.pw_name, home], check=True)
        words = [UNIT.assignment, "--course=gradients", f"--Exchange.root={self.exchange}", f"--Exchange.cache={home}"]
        code = SUBMIT.format(uid=account.pw_uid, gid=account.pw_gid, words=words)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "USER": account.pw_name}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        before = set(self.inbound.iterdir())
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        (folder,) = set(self.inbound.iterdir()) - before
        return folder

    def run(self, account, script, *words):
        """Run a shell's script as a student."""
        become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        subprocess.run([*become, "sh", "-ec", script, "sh", *map(str, words)], check=True)

    def forge(self, account, folder, named="", stamped=""):
        """Have a student give a folder and its ``timestamp.txt`` other times."""
        if stamped:
            self.run(account, STAMP, folder, stamped)
        if named:
            forged = "+".join([account.pw_name, UNIT.assignment, named, "forged"])
            self.run(account, RENAME, folder, folder.with_name(forged), named)

    def came(self, account):
        return came_of(self.course / "submitted" / account.pw_name / UNIT.assignment)


@pytest.fixture
def students(lab_accounts):
    folder = Path(tempfile.mkdtemp(prefix="gradients-exchange-"))  # where every account may come to it
    yield Students(folder, lab_accounts)
    shutil.rmtree(folder)


@pytest.mark.exhaustive
def test_lateness_counts_by_the_file_system_s_time_whatever_students_forge(students):
    """From ``nbgrader submit`` to the marks: honest, a past name, a future name, a stamp only, and a flood."""
    honest, past, future, stamp, flooding = students.accounts[:5]
    students.submit(honest)
    students.forge(future, students.submit(future), named=FUTURE, stamped=FUTURE)
    students.forge(stamp, students.submit(stamp), stamped=PAST)
    due = datetime.now(UTC).replace(tzinfo=None)
    time.sleep(1)
    students.forge(past, students.submit(past), named=PAST, stamped=PAST)
    students.run(flooding, COPY, students.submit(flooding), UNWANTED)

    log = nbgrader(students.course, "collect", UNIT.assignment)
    assert f"{flooding.pw_name}: {UNWANTED + 1:,} submissions of {UNIT.assignment}, the newest was taken" in log
    assert len([line for line in log.splitlines() if flooding.pw_name in line]) < 4
    came = {account.pw_name: students.came(account) for account in students.accounts[:5]}
    assert {name for name, each in came.items() if each.findings} == {each.pw_name for each in (past, future, stamp)}
    late = {name for name, each in came.items() if each.time > f"{due}"}
    assert late == {past.pw_name, flooding.pw_name}

    code, output = run_command(
        "grade", UNIT.name, "--submissions", students.course / "submitted", "--course-dir", students.course
    )
    assert code == 0, output
    for account, forged in ((past, PAST), (future, FUTURE)):
        said = f"its name says {minute(forged)} and its timestamp.txt says {minute(forged)}"
        found = minute(came[account.pw_name].time)
        assert f"{account.pw_name}: claimed time: {said}, but the file system has {found} UTC, which counts" in output
    database = f"sqlite:///{students.course / 'gradebook.db'}"
    with closing(Gradebook(database, "gradients")) as book:
        book.update_or_create_assignment(UNIT.assignment, duedate=due)
    assert run_command("export", UNIT.name, "--to", "csv", "--course-dir", students.course)[0] == 0
    rows = [line.split(",") for line in (students.course / "marks_csv.csv").read_text().splitlines()[1:]]
    assert {row[0] for row in rows if float(row[-1]) == 0} == late
    nbgrader(students.course, "autograde", UNIT.assignment, f"--student={past.pw_name}", "--force")
    with closing(Gradebook(database, "gradients")) as book:
        counted = book.find_submission(UNIT.assignment, past.pw_name)
        assert counted.total_seconds_late > 0 and counted.late_submission_penalty == UNIT.points

    students.submit(future)
    nbgrader(students.course, "collect", UNIT.assignment, "--update")
    again = students.came(future)
    assert again.time > came[future.pw_name].time and not again.findings, "a name in the future does not win for ever"
