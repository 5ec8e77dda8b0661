"""Leases: who has which card, on a machine where anybody may put anything into their folder."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from faked_nvml import NAMES, Faked, parent
from typer.testing import CliRunner
from waiting import PATIENCE, wait_until

from course import cli, gpu
from course.gpu import leases

pytestmark = pytest.mark.usefixtures("new_process")

STUDENT = """
import sys
sys.path.insert(0, {tests!r})
from faked_nvml import Faked, install
install([Faked() for _ in range(8)])
from course import gpu
card = gpu.use("auto")
print("GOT", card.index if card else None, flush=True)
sys.stdin.readline()
"""


def test_nine_students_at_once_get_eight_cards_and_one_that_is_killed_is_free_again(tmp_path):
    code = STUDENT.format(tests=str(Path(__file__).parent))
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}

    def student():
        return subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)  # fmt: skip

    def got(process):
        lines = iter(process.stdout.readline, "")
        return next(line.split()[1] for line in lines if line.startswith("GOT"))

    students = [student() for _ in range(9)]
    try:
        taken = [got(process) for process in students]
        assert sorted(taken) == [*map(str, range(8)), "None"]
        killed = students[taken.index("5")]
        killed.kill()
        killed.wait()
        students.append(student())
        assert got(students[-1]) == "5"
    finally:
        for process in students:
            process.kill()
            process.communicate()


def fifo(path):
    os.mkfifo(path)


def link(path):
    path.symlink_to(path.parent.parent / "elsewhere")


def hard_link(path):
    other = path.parent.parent / "precious"
    other.write_text("kept")
    os.link(other, path)


def directory(path):
    path.mkdir()


@pytest.mark.parametrize("plant", [fifo, link, hard_link, directory])
def test_what_is_planted_among_the_leases_is_left_alone_and_another_card_taken(eight, tmp_path, plant):
    plant(leases.folder() / "GPU-0003")
    with pytest.raises(OSError, match="GPU-0003"):
        leases.take("GPU-0003")
    assert not (tmp_path / "elsewhere").exists()
    if plant is hard_link:
        assert (tmp_path / "precious").read_text() == "kept"
    listed = CliRunner().invoke(cli.app, ["gpus"])
    assert listed.exit_code == 0 and "who has leased it cannot be read" in listed.output, listed.output


def test_a_card_whose_lease_cannot_be_used_is_taken_last(machine, capsys):
    machine(Faked(), Faked(load=50))
    fifo(leases.folder() / "GPU-0000")
    card = gpu.use("auto")
    assert card and card.index == 1 and leases.holder("GPU-0001") == leases.YOU


def test_leases_where_nothing_can_be_written(eight, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
    card = gpu.use("auto")
    assert card and card.index == 3 and "cannot be leased" in capsys.readouterr().err
    assert CliRunner().invoke(cli.app, ["gpus"]).exit_code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_a_folder_that_is_closed_says_how_to_open_it(monkeypatch):
    with tempfile.TemporaryDirectory() as closed:
        monkeypatch.setenv(leases.LEASES_VARIABLE, closed)
        Path(closed).chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(PermissionError, match=f"may not be written to; as its owner: chmod 1777 {closed}"):
                leases.take("GPU-0000")
        finally:
            os.seteuid(0)


def wait_for_end(ready, end):
    ready.set()
    end.wait(PATIENCE)


def test_a_child_that_is_forked_does_not_keep_the_lease():
    context = multiprocessing.get_context("fork")
    ready, end = context.Event(), context.Event()
    assert leases.take("GPU-0000")
    child = context.Process(target=wait_for_end, args=(ready, end))
    child.start()
    try:
        assert ready.wait(PATIENCE)
        leases.give_back()
        assert leases.holder("GPU-0000") == "" and leases.take("GPU-0000")
    finally:
        end.set()
        child.join()


def test_a_killed_process_leaves_no_lease_to_its_children(tmp_path):
    code = """
import multiprocessing, time
from course.gpu import leases
leases.take("GPU-0000")
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(10_000,))
child.start()
print(child.pid, flush=True)
time.sleep(10_000)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    child = int(owner.stdout.readline())
    try:
        assert "process" in leases.holder("GPU-0000")
        owner.kill()
        owner.wait()
        assert wait_until(lambda: leases.holder("GPU-0000") == "")  # the child may still be starting
        assert Path(f"/proc/{child}").exists()
    finally:
        os.kill(child, 9)


def test_looking_keeps_nobody_from_taking(tmp_path):
    """Looking locks the file for a moment."""
    code = "from course.gpu import leases\nprint(flush=True)\nwhile True: leases.holder('GPU-0000')"
    leases.take("GPU-0000")
    looker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert looker.stdout
    looker.stdout.readline()
    try:
        for _ in range(100):
            leases.give_back()
            time.sleep(0.001)
            assert leases.take("GPU-0000")
    finally:
        looker.kill()
        looker.communicate()


def test_what_stands_in_a_lease_cannot_act_on_a_terminal(monkeypatch):
    code = "from course.gpu import leases\nleases.take('GPU-0000', who='\\x1b]0;a title\\x07me\\nGPU 1: free')\ninput()"
    owner = subprocess.Popen([sys.executable, "-c", f"{code}"], stdin=subprocess.PIPE)
    try:
        assert wait_until(lambda: leases.holder("GPU-0000"))
        assert leases.holder("GPU-0000") == "?]0;a title?me?GPU 1: free"
    finally:
        owner.kill()
        owner.wait()


WINDOWS = """
import os, sys
sys.path.insert(0, {tests!r})
import pytest, typer.testing
for name in ("O_NOFOLLOW", "O_NONBLOCK", "fchmod", "pread", "getuid", "geteuid", "register_at_fork"):
    delattr(os, name)
sys.modules["fcntl"] = sys.modules["pwd"] = None
from faked_nvml import Faked, install
from course import cli, gpu
install([Faked(load=50), Faked(pids=[2**30])])
gpu.use("auto")
print(typer.testing.CliRunner().invoke(cli.app, ["gpus"], catch_exceptions=False).output)
print(gpu.use(1), gpu.leases.holder("GPU-0000"), gpu.leases.holder("GPU-0001"))
"""


def test_on_windows_a_card_is_taken_without_a_lock():
    code = WINDOWS.format(tests=str(Path(__file__).parent))
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "GPU 0 (A card) is yours" in done.stdout and "cannot be leased" not in done.stderr, done.stderr
    assert "0: A card, 0.0 of 80.0 GiB used, load 50 %, leased by you\n" in done.stdout
    assert done.stdout.endswith("used by somebody  you\n"), "the first was given back"


def test_an_account_without_a_name_has_its_number(monkeypatch, machine):
    """As in a container that was started for a number."""
    machine(Faked(pids=[parent()]), Faked())
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    card = gpu.use("auto")
    assert card and card.index == 1 and leases.holder("GPU-0001") == leases.YOU
    told = (leases.folder() / "GPU-0001").read_text()
    assert told == f"uid {os.getuid()}, process {os.getpid()}" and gpu.find().cards[0].users == (f"uid {os.getuid()}",)


def test_a_lease_whose_file_cannot_be_written_is_held_all_the_same(monkeypatch):
    def fails():
        raise RuntimeError("no name")

    monkeypatch.setattr("course.gpu.accounts.own_account", fails)
    with pytest.raises(RuntimeError):
        leases.take("GPU-0000")
    assert leases.take("GPU-0000") and leases.holder("GPU-0000") == leases.YOU
