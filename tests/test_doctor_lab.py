"""``course doctor --lab``: a lab's server, with an account that grades, an exchange and homes, each broken in turn."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from broken import Installation, course

from autograder.course import PROJECT
from course.doctor import classes, looking, server

GRADER = "gradients-test-grader"
CONFIG = """
EXCHANGE = Path("{exchange}")
hub.configure(c, hub.HubCourse(name="gradients", instructors=["ADA"], students=[], folder=Path("{folder}"),
              grader="{grader}", port=9999), exchange=EXCHANGE)
raise SystemExit("this file is read, not run")
"""


@pytest.fixture(scope="module")
def grader():
    """An account with a home that others may read."""
    if os.geteuid() != 0:
        pytest.skip("only root can make accounts")
    command = ["useradd", "--create-home", "-K", "HOME_MODE=0755", GRADER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 9):  # 9: an interrupted run has left it
        pytest.skip(f"accounts cannot be made here: {done.stderr.strip()}")
    yield pwd.getpwnam(GRADER)
    subprocess.run(["userdel", "--remove", GRADER], capture_output=True, check=False)


@pytest.fixture
def lab(grader, monkeypatch):
    """A course's folders, as ``make_course.sh`` makes them, and the hub's configuration that names them."""
    place = Path(tempfile.mkdtemp(prefix="gradients-lab-"))
    place.chmod(0o755)
    exchange, folder = place / "exchange", place / "gradients"
    subprocess.run(
        [PROJECT / "lab" / "make_course.sh", exchange, folder, GRADER], check=True, stdout=subprocess.DEVNULL
    )
    (place / "config.py").write_text(CONFIG.format(exchange=exchange, folder=folder, grader=GRADER))
    monkeypatch.setenv(classes.CONFIG_VARIABLE, str(place / "config.py"))
    monkeypatch.delenv(classes.EXCHANGE_VARIABLE, raising=False)
    yield place
    shutil.rmtree(place)


def test_a_course_as_it_is_made_is_well(lab):
    found = classes.exchange()
    assert found.well and found.found == f"{lab / 'exchange'}, 1 course", found
    found = classes.graders()
    assert found.well and found.found == f"{GRADER} grades gradients", found


BROKEN = {
    "an exchange that not everyone may write to": (
        lambda lab: (lab / "exchange").chmod(0o755), "exchange has mode 755, not 1777", "chmod 1777 "),
    "an inbound that everyone lists": (
        lambda lab: (lab / "exchange/gradients/inbound").chmod(0o777), "inbound has mode 777, not 3733", "chmod 3733 "),
    "feedback that everyone lists": (
        lambda lab: (lab / "exchange/gradients/feedback").chmod(0o755), "feedback has mode 755, not 711", "chmod 711 "),
    "an outbound of somebody else's": (
        lambda lab: os.chown(lab / "exchange/gradients/outbound", 0, 0), f"does not belong to {GRADER}",
        f"chown {GRADER}:"),
    "a link in the place of inbound": (
        lambda lab: ((lab / "exchange/gradients/inbound").rmdir(),
                     (lab / "exchange/gradients/inbound").symlink_to("/etc")), "inbound is no folder", "ls -ld "),
    "no feedback": (
        lambda lab: (lab / "exchange/gradients/feedback").rmdir(), "feedback is missing", "/lab/make_course.sh "),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_exchange(lab, name):
    break_it, wrong, mend = BROKEN[name]
    break_it(lab)
    found = looking.make("course.doctor.classes:exchange")
    assert found.state == "wrong" and wrong in found.found and mend in found.mend, found


def test_the_line_that_mends_the_exchange_does(lab):
    inbound = lab / "exchange" / "gradients" / "inbound"
    inbound.chmod(0o777)
    os.chown(inbound.parent, 0, 0)
    subprocess.run(classes.exchange().mend, shell=True, check=True, stdout=subprocess.DEVNULL)
    assert classes.exchange().well


def test_a_gradebook_that_root_has_made_and_a_folder_that_others_read(lab):
    (lab / "gradients" / "gradebook.db").write_text("")
    (lab / "gradients").chmod(0o755)
    found = classes.graders()
    assert not found.well and "gradebook.db not gradients-test-grader's own" in found.found, found
    assert "others may enter or read" in found.found
    subprocess.run(found.mend, shell=True, check=True)
    assert classes.graders().well


def test_an_account_that_does_not_exist(lab):
    config = lab / "config.py"
    config.write_text(config.read_text().replace(GRADER, "nobody-of-this-name"))
    found = classes.graders()
    assert not found.well and found.found == "there is no account nobody-of-this-name"
    assert found.mend.startswith("useradd --create-home nobody-of-this-name && ")


def test_homes_that_others_may_read_are_named(grader):
    found = server.homes()
    assert not found.well and grader.pw_dir in found.found and grader.pw_dir in found.mend, found


def test_homes_that_will_be_readable(monkeypatch, tmp_path):
    monkeypatch.setattr(server, "LOGIN_DEFS", tmp_path / "login.defs")
    (tmp_path / "login.defs").write_text("UID_MIN 60000\nUID_MAX 60001\nUMASK 022\n")
    found = server.homes()
    assert (
        not found.well and "useradd makes homes that others may read" in found.found and "HOME_MODE 0700" in found.mend
    )
    (tmp_path / "login.defs").write_text("UID_MIN 60000\nUID_MAX 60001\nUMASK 022\nHOME_MODE 0700\n")
    assert server.homes().well


def test_a_python_that_others_cannot_reach(tmp_path):
    (tmp_path / "private").mkdir(mode=0o700)
    python = Installation(tmp_path / "private" / "environment").python
    code, said = course(python, "doctor", "--json", "reach")
    (found,) = json.loads(said)
    assert code == 1 and f"{tmp_path}/private" in found["found"], found
    assert "chmod o+x " in found["mend"] or "/usr/bin/python3 -m venv" in found["mend"]


def test_where_the_exchange_is(monkeypatch, tmp_path):
    monkeypatch.setenv(classes.CONFIG_VARIABLE, "/nowhere")
    monkeypatch.delenv(classes.EXCHANGE_VARIABLE, raising=False)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (tmp_path / "nbgrader_config.py").write_text('c.Exchange.root = os.environ.get("SOME", "/srv/elsewhere")\n')
    assert str(classes.exchange_folder()) == "/srv/elsewhere"
    monkeypatch.setenv(classes.EXCHANGE_VARIABLE, "/srv/named")
    assert str(classes.exchange_folder()) == "/srv/named"
