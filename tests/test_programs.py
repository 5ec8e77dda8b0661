"""On a machine without some programs, their tests are skipped, and the command that installs them is shown or run."""

import os
import subprocess
import sys
from pathlib import Path

import programs
import pytest
from sampled import rest

from autograder.course import PROJECT

SCRIPT = PROJECT / "tests" / "programs.py"
NEEDING = ["test_kernels.py::test_descriptors_and_folders_do_not_pile_up", "test_class_lists.py", "test_grade.py"]
"""Tests of which some need the sandbox and some do not."""


@pytest.fixture
def without(tmp_path):
    """An environment whose PATH has all commands except some."""

    def environment(*names, **more):
        folder = tmp_path / "bin"
        folder.mkdir()
        for command in (path for place in os.get_exec_path() for path in Path(place).glob("*")):
            if command.name not in names and not (folder / command.name).is_symlink():
                (folder / command.name).symlink_to(command)
        return {name: value for name, value in os.environ.items() if name != "CI"} | {"PATH": str(folder)} | more

    return environment


def test_what_was_skipped_is_said_with_the_line_that_installs_it(without):
    done = subprocess.run(
        [sys.executable, SCRIPT], env=without("bwrap", "npm"), capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert "skipped, since bubblewrap is missing: the tests of grading in a sandbox" in lines
    assert "skipped, since npm is missing: the tests of a running hub" in lines
    assert lines[-1].startswith("To run them too: sudo apt install bubblewrap ") and "nodejs npm" in lines[-1]
    assert not any("namespaces" in line or "proxy" in line for line in lines), "told of a part of what is missing"


@pytest.mark.parametrize("ci", [{}, rest({"CI": "true"})])
def test_tests_that_need_what_is_missing_are_skipped_and_fail_in_ci(without, ci):
    words = [str(PROJECT / "tests" / name) for name in NEEDING]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env=without("bwrap", **ci),
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    last = done.stdout.splitlines()[-1]
    assert done.returncode == bool(ci) and " passed" in last, done.stdout[-3000:]
    assert (" skipped" in last, " failed" in last) == (not ci, bool(ci)) and "bubblewrap is missing" in done.stdout


@pytest.mark.exhaustive
def test_without_libseccomp_a_class_is_graded_unconfined_and_else_it_is_said_what_is_missing(tmp_path):
    programs.need("bubblewrap", "namespaces", "libseccomp")
    library = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places = {line.split(" => ")[1] for line in library.splitlines() if "libseccomp.so" in line}
    hidden = [word for place in places for word in ("--ro-bind", "/dev/null", os.path.realpath(place))]

    def autograder(*words):
        command = ["bwrap", "--dev-bind", "/", "/", *hidden, sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    autograder("autograder", "classroom", "numeric_gradient", "--students", "2", "--into", "submitted")
    code, said = autograder("autograder", "grade", "numeric_gradient")
    assert code == 2 and "libseccomp cannot be used" in said and "libseccomp2" in said
    code, said = autograder("course", "doctor")
    assert code == 1 and "libseccomp cannot be used" in said
    code, said = autograder("autograder", "grade", "numeric_gradient", "--isolation", "none")
    assert code == 0 and "class mean" in said


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Something is missing, and apt-get and sudo only write down how they are called: ``sudo(allowed)`` makes one."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def command(name, script):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/called\n{script}\n')
        (folder / name).chmod(0o755)

    command("apt-get", "")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(programs, "packages", lambda: ["bubblewrap"])
    return command, lambda: (tmp_path / "called").read_text() if (tmp_path / "called").exists() else ""


INSTALLS = "apt-get install -y -qq --no-install-recommends bubblewrap"


def test_root_installs_what_is_missing(recorded, monkeypatch, capfd):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    programs.install()
    assert INSTALLS in recorded[1]() and "Installing with apt: bubblewrap" in capfd.readouterr().out


@pytest.mark.parametrize("allowed", [True, False])
def test_others_do_so_by_sudo_if_it_asks_for_no_password(recorded, monkeypatch, allowed):
    command, called = recorded
    command("sudo", '[ "$1" = -n ] && shift && exec "$@"' if allowed else "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    programs.install()
    assert "sudo -n true" in called() and (INSTALLS in called()) == allowed
