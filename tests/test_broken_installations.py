"""Broken installations: the doctor names what is wrong with each, and the line that mends it. It never dies of one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from breakages import AT_ONCE, BROKEN_PACKAGES, BROKEN_PLACES, DIES, PLACES_AT_ONCE
from broken import Installation, course, libseccomp, older_pythons
from programs import need
from sampled import rest

from autograder.course import PROJECT
from course.doctor import looking


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path / "environment")


def told(said, *words):
    """That a doctor's output has these words, wherever its lines break, and tells no traceback."""
    assert "Traceback" not in said, said
    line = " ".join(said.split())
    for word in words:
        assert word in line, said


@pytest.mark.parametrize("name", [name if name in AT_ONCE else rest(name) for name in BROKEN_PACKAGES])
def test_a_broken_package_is_named_and_the_other_looks_are_made(installation, name):
    looks, break_it, wrong, mend = BROKEN_PACKAGES[name]
    break_it(installation)
    code, said = course(installation.python, "doctor", *looks, "own_folders")
    print(said)
    told(said, wrong, mend, "✓ folders in the home")
    assert code == 1


def folder_of(tmp_path, *commands):
    """A folder of commands for PATH with these of this machine's only."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for command in commands:
        (folder / command).symlink_to(need("bubblewrap"))
    return folder


@pytest.mark.parametrize("name", [name if name in PLACES_AT_ONCE else rest(name) for name in BROKEN_PLACES])
def test_a_broken_machine_is_named_and_the_other_looks_are_made(tmp_path, name):
    looks, inside, environment, status, wrong, mend = BROKEN_PLACES[name]
    code, said = course(
        sys.executable, "doctor", *looks, "library_path",
        inside=[word.format(tmp=tmp_path) for word in inside],
        environment={key: value.format(tmp=tmp_path) for key, value in environment.items()},
    )  # fmt: skip
    print(said)
    told(said, wrong, mend, "path of CUDA's libraries: nothing hides them")
    assert code == status


@pytest.mark.exhaustive
def test_an_account_without_a_name_and_a_home():
    number = ["--unshare-user", "--uid", "54321", "--gid", "54321"]
    code, said = course(sys.executable, "doctor", "home", "own_folders", "library_path", inside=number, unset=["HOME"])
    told(said, "this account has none", "export HOME=", "✓ path of CUDA's libraries")
    assert code == 1


@pytest.mark.exhaustive
def test_a_folder_that_this_account_may_not_read_is_not_to_be_opened_to_others(tmp_path):
    """What is secret, such as a grader's folder, is looked at as root."""
    (tmp_path / "gradients").mkdir(mode=0o000)
    config = f'HubCourse(name="gradients", folder=Path("{tmp_path}/gradients"), grader="root")'
    (tmp_path / "config.py").write_text(config)
    number = ["--unshare-user", "--uid", "54321", "--gid", "54321"]
    environment = {"GRADIENTS_HUB_CONFIG": str(tmp_path / "config.py")}
    code, said = course(sys.executable, "doctor", "graders", "library_path", inside=number, environment=environment)
    told(said, "graders: cannot be looked at: PermissionError", "look as root (sudo ", "✓ path of CUDA's libraries")
    assert code == 1 and "chmod" not in said


@pytest.mark.exhaustive
def test_packages_that_this_account_may_not_read(installation):
    installation.remove("packaging")
    installation.write("packaging/__init__.py", "")
    (installation.site / "packaging").chmod(0o000)
    number = ["--unshare-user", "--uid", "54321", "--gid", "54321"]
    code, said = course(installation.python, "doctor", "packages", "library_path", inside=number)
    (installation.site / "packaging").chmod(0o700)
    print(said)
    told(said, "packages: cannot be looked at:", "packaging", "✓ path of CUDA's libraries")
    assert code == 1


@pytest.mark.exhaustive
def test_folders_of_somebody_else_in_a_home(tmp_path):
    (tmp_path / ".jupyter").mkdir(mode=0o500)
    number = ["--unshare-user", "--uid", "54321", "--gid", "54321"]
    environment = {"HOME": str(tmp_path)}
    code, said = course(sys.executable, "doctor", "own_folders", "extensions", inside=number, environment=environment)
    told(said, f"cannot be written: {tmp_path}/.jupyter", "sudo chown -R")
    assert code == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_without_libseccomp(tmp_path, kind):
    need("bubblewrap", "namespaces", "libseccomp")
    inside = [word for place in libseccomp() for word in ("--ro-bind", os.devnull, place)]
    environment = {}
    if kind == "missing":  # as far as anybody can find
        inside += ["--ro-bind", os.devnull, "/etc/ld.so.cache"]
        environment = {"PATH": str(folder_of(tmp_path, "bwrap"))}
    code, said = course(sys.executable, "doctor", "sandbox", "library_path", inside=inside, environment=environment)
    print(said)
    told(said, "libseccomp cannot be used", "apt install libseccomp2", "✓ path of CUDA's libraries")
    assert code == 1


@pytest.mark.exhaustive
def test_unconfined_nothing_of_libseccomp_is_imported(installation, tmp_path):
    installation.raising("pyseccomp", DIES)
    autograder = [installation.python, "-m", "autograder"]
    class_of_one = [*autograder, "classroom", "numeric_gradient", "--students", "1", "--into", "submitted"]
    subprocess.run(class_of_one, cwd=tmp_path, check=True, capture_output=True)
    grade = [*autograder, "grade", "numeric_gradient", "--isolation", "none"]
    done = subprocess.run(grade, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "class mean" in " ".join(done.stdout.split()), done.stderr


@pytest.mark.exhaustive
def test_a_library_of_the_system_that_hides_another(installation, tmp_path):
    installation.only("numpy", "scipy")
    (tmp_path / "libstdc++.so.6").write_bytes(b"")
    environment = {"LD_LIBRARY_PATH": str(tmp_path)}
    code, said = course(installation.python, "doctor", "imports", "own_folders", environment=environment)
    print(said)
    told(said, "libstdc++.so.6: file too short", "unset LD_LIBRARY_PATH", "✓ folders in the home")
    assert code == 1


@pytest.mark.exhaustive
def test_a_program_whose_output_is_not_utf8(tmp_path):
    program = tmp_path / "configurable-http-proxy"
    program.write_bytes(b"#!/bin/sh\nprintf 'no \\377\\376 node\\n'; exit 3\n")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    code, said = course(sys.executable, "doctor", "proxy", environment=environment)
    told(said, "does not run: no", "node", "npm install --global")
    assert code == 1


@pytest.mark.exhaustive
def test_an_old_python_is_told_in_a_line():
    pythons = older_pythons()
    if not pythons:
        pytest.skip("there is no older Python")
    for python in pythons:
        code, said = course(python, "doctor", environment={"PYTHONPATH": str(PROJECT)})
        told(said, "the course needs Python 3.11, 3.12 or 3.13", "make setup PYTHON=")
        assert code == 1 and len(said.splitlines()) == 2


@pytest.mark.parametrize("command", ["course", "autograder"])
def test_other_commands_say_that_a_package_is_missing_and_how_to_look(installation, command):
    installation.remove("typer", "typer-*")
    done = subprocess.run([installation.python, "-m", command, "--help"], capture_output=True, text=True, cwd="/")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: No module named 'typer'") and "-m course doctor" in done.stderr


@pytest.mark.parametrize("more", [[], rest(["--json"])])
def test_an_output_that_is_full(more):
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "course", "doctor", "own_folders", *more]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd="/")
    assert done.returncode == 1 and done.stderr == "error: output cannot be written: No space left on device\n"


def test_what_the_doctor_does_not_look_at_is_wrong_use():
    code, said = course(sys.executable, "doctor", "nonsense")
    assert code == 2 and said.startswith("error: the doctor does not look at nonsense, but at python, packages, ")


def test_without_typer_it_prints_json_too(installation):
    installation.remove("typer", "typer-*")
    code, said = course(installation.python, "doctor", "--json", "packages")
    (found,) = json.loads(said)
    assert code == 1 and found["state"] == "wrong" and found["mend"]


def test_a_look_that_hangs_is_told_and_the_others_are_made(monkeypatch):
    monkeypatch.setattr(looking, "LONGEST_LOOK", 3.0)
    monkeypatch.setattr(looking, "NEWS_SECONDS", 0.1)
    waited = []
    looks = ["signal:pause", "course.doctor.gpus:library_path"]
    found = list(looking.make_apart(looks, lambda *told: waited.append(told)))
    assert [one.state for one in found] == ["wrong", "well"]
    assert found[0].name == "pause" and "no answer within 3 seconds" in found[0].found and found[0].mend
    assert waited and waited[0][0] == "pause"
