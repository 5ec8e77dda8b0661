"""The accounts of a class, made from a list of names by ``lab/make_accounts.sh``."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from autograder.interactive.hub import LAB

NAMES = ("gradients-test-one", "gradients-test-two")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make accounts")


@pytest.fixture
def removed():
    yield
    for name in NAMES:
        subprocess.run(["userdel", "--remove", name], capture_output=True, check=False)


def make(*files):
    command = [str(LAB / "make_accounts.sh"), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_class_gets_accounts_with_homes_of_their_own(tmp_path, removed):
    names, passwords = tmp_path / "names", tmp_path / "passwords"
    names.write_text("# a class\ngradients-test-one\n-rf\n\n  gradients-test-two  # late\ndaemon\n")
    done = make(names, passwords)
    assert done.returncode == 1 and done.stdout == "2 accounts made, 0 were there, 2 failed\n", done.stderr
    assert "-rf" in done.stderr and "daemon is an account of the system" in done.stderr
    assert [line.split()[0] for line in passwords.read_text().splitlines()] == [*NAMES]
    assert len({line.split()[1] for line in passwords.read_text().splitlines()}) == 2
    assert passwords.stat().st_mode & 0o777 == 0o600
    homes = [Path(pwd.getpwnam(name).pw_dir) for name in NAMES]
    assert [home.stat().st_mode & 0o777 for home in homes] == [0o700, 0o700]

    homes[0].chmod(0o755)
    names.write_text("\n".join(NAMES))
    done = make(names, passwords)
    assert done.returncode == 0 and done.stdout == "0 accounts made, 2 were there, 0 failed\n"
    assert homes[0].stat().st_mode & 0o777 == 0o700 and len(passwords.read_text().splitlines()) == 2


def test_it_says_how_it_is_called(tmp_path):
    assert "usage:" in make().stderr and make().returncode == 2
    assert f"{tmp_path}/nothing cannot be read" in make(tmp_path / "nothing").stderr
