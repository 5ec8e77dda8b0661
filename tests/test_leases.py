"""Leases: who has which card, on a machine where anybody may put anything into their folder."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from faked_nvml import NAMES, Faked, parent
from typer.testing import CliRunner
from waiting import PATIENCE, wait_until

from course import cli, gpu
from course.gpu import leases, locked_files

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


def text(path):
    path.write_text("ada has this card")


@pytest.mark.parametrize("plant", [fifo, link, hard_link, directory, text])
def test_what_is_planted_among_the_leases_holds_no_card(eight, tmp_path, plant):
    plant(leases.folder() / "gradients-gpu-GPU-0003.0000")
    listed = CliRunner().invoke(cli.app, ["gpus"])
    assert listed.exit_code == 0 and "leased" not in listed.output, listed.output
    card = gpu.use("auto")
    assert card and card.index == 3 and str(leases.holder("GPU-0003")) == "you"
    assert not (tmp_path / "elsewhere").exists()
    if plant is hard_link:
        assert (tmp_path / "precious").read_text() == "kept"


def test_leases_where_nothing_can_be_written(eight, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
    card = gpu.use("auto")
    assert card and card.index == 3 and "cannot be leased" in capsys.readouterr().err
    assert CliRunner().invoke(cli.app, ["gpus"]).exit_code == 0


def test_a_system_that_does_not_tell_who_locks_is_no_ground_for_leases(eight, monkeypatch, tmp_path):
    (tmp_path / "locks").write_text("1: FLOCK  ADVISORY  WRITE 1 00:00:1 0 EOF\n")
    monkeypatch.setattr(locked_files, "LOCKS", tmp_path / "locks")
    monkeypatch.setattr(locked_files, "_devices", {})
    with pytest.raises(OSError, match="does not tell who holds a lock"):
        leases.take("GPU-0003")


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
        assert leases.holder("GPU-0000") is None and leases.take("GPU-0000")
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
        assert f"(process {owner.pid})" in str(leases.holder("GPU-0000"))
        owner.kill()
        owner.wait()
        assert wait_until(lambda: leases.holder("GPU-0000") is None)  # the child may still be starting
        assert Path(f"/proc/{child}").exists()
    finally:
        os.kill(child, 9)


def test_looking_keeps_nobody_from_taking():
    code = "from course.gpu import leases\nprint(flush=True)\nwhile True: leases.holder('GPU-0000')"
    leases.take("GPU-0000")
    looker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert looker.stdout
    looker.stdout.readline()
    try:
        for _ in range(20):
            leases.give_back()
            assert leases.take("GPU-0000")
    finally:
        looker.kill()
        looker.communicate()


WINDOWS = """
import os, sys
sys.path.insert(0, {tests!r})
import pytest, sysconfig, typer.testing
sysconfig.get_config_vars()  # which reads a file named after the system that it is on
for name in ("O_NOFOLLOW", "O_NONBLOCK", "fchmod", "pread", "getuid", "geteuid", "register_at_fork"):
    delattr(os, name)
sys.modules["fcntl"] = sys.modules["pwd"] = None
sys.platform = "win32"
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
    assert "→ 0: A card, 0.0 of 80.0 GiB used, load 50 %\n" in done.stdout
    assert done.stdout.endswith("used by somebody None you\n"), "the first was given back"


def test_an_account_without_a_name_has_its_number(monkeypatch, machine):
    """As in a container that was started for a number."""
    machine(Faked(pids=[parent()]), Faked())
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    card = gpu.use("auto")
    assert card and card.index == 1 and str(leases.holder("GPU-0001")) == "you"
    assert gpu.find().cards[0].users == (f"uid {os.getuid()}",)
