"""Accounts of their own for tests of a lab, made and removed by root; and processes that they start."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course.gpu import leases

NAMES = tuple(f"gradients-test-{name}" for name in ("ann", "bob", "mal", "cy", "dee", "eva", "flo", "gus", "hal"))
BEGIN = """
import ctypes, fcntl, os, pathlib, pwd, random, sys, tempfile
sys.path[:0] = {folders!r}
from faked_nvml import Faked, install
install([Faked() for _ in range(8)])
from course import gpu
from course.gpu import frameworks, history, leases
frameworks.installed()
leases.queue()
os.setgroups([])
os.setgid({gid})
os.setuid({uid})
ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: else the kernel shows it as root's
"""
"""What a process of theirs does first: it is on a machine with eight cards.

It imports all that it needs as root and then becomes the account, since Python may lie where only root can read it.
"""
FOLDERS = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


@pytest.fixture(scope="module")
def lab_accounts():
    """Nine accounts of this machine. Skips the test where they cannot be made."""
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
def leases_folder(monkeypatch):
    """A folder of leases that is root's, where everyone may come to it."""
    place = Path(tempfile.mkdtemp(prefix="gradients-leases-"))
    place.chmod(0o1777)
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(place))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def run_as(leases_folder):
    """``run_as(account, code)``: a process of an account, and what it prints after GOT. It ends with the test."""
    started = []

    def run(account, code, first=True):
        environment = {
            "PATH": os.environ["PATH"],
            leases.LEASES_VARIABLE: str(leases_folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        begin = BEGIN.format(folders=FOLDERS, uid=account.pw_uid, gid=account.pw_gid)
        process = subprocess.Popen(
            [sys.executable, "-c", begin + code], env=environment, cwd="/", text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process, _got(process) if first else ""

    yield run
    for process in started:
        process.kill()
        process.communicate()


def _got(process):
    """What a process prints after GOT."""
    return next((line[4:].strip() for line in process.stdout if line.startswith("GOT")), "nothing")
