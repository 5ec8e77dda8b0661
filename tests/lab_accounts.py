"""Accounts of their own for tests of a lab, made and removed by root; and processes that they start."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from course.gpu import leases

NAMES = ("gradients-test-ann", "gradients-test-bob", "gradients-test-mal")
BEGIN = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from faked_nvml import Faked, install
install([Faked() for _ in range(8)])
from course import gpu
from course.gpu import leases
"""
"""What a process of theirs does first: it is on a machine with eight cards."""


@pytest.fixture(scope="module")
def accounts():
    """Three accounts of this machine, by their names. Skips the test where they cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("only root can make accounts")
    for name in NAMES:
        done = subprocess.run(
            ["useradd", "--no-create-home", "--shell", "/bin/sh", name], capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 9):  # 9: an interrupted run has left it
            pytest.skip(f"accounts cannot be made here: {done.stderr.strip()}")
    yield [pwd.getpwnam(name) for name in NAMES]
    for name in NAMES:
        subprocess.run(["userdel", name], capture_output=True, check=False)


@pytest.fixture
def folder(tmp_path_factory, monkeypatch):
    """A folder of leases that is root's, where everyone may come to it."""
    import shutil
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="gradients-leases-"))
    place.chmod(0o1777)
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(place))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def run_as(folder):
    """``run_as(account, code)``: a process of that account, which prints a line when it is ready, and is then ended."""
    started = []

    def run(account, code, first=True):
        environment = {"PATH": os.environ["PATH"], leases.LEASES_VARIABLE: str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN + code], env=environment, user=account.pw_uid, group=account.pw_gid,
            extra_groups=[], cwd="/", text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process, next(
            (line[4:].strip() for line in process.stdout if line.startswith("GOT ")), ""
        ) if first else ""

    yield run
    for process in started:
        process.kill()
        process.communicate()
