"""Broken installations: the doctor names what is wrong with each, and the line that mends it. It never dies of one."""

import json
import os
import subprocess
import sys

import pytest
from broken import Installation, course, libseccomp, older_pythons
from programs import need
from sampled import rest

from autograder.course import PROJECT
from course.doctor import looking

DIES = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
REINSTALL, COURSE_AGAIN = "--force-reinstall --no-deps", "pip install -e"
NOT_UTF8 = b"Metadata-Version: 2.1\nName: rich\nVersion: 13\nSummary: \xff\xfe\n"


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path / "environment")


def told(said, *words):
    """That a doctor's output has these words, wherever its lines break, and tells no traceback."""
    assert "Traceback" not in said, said
    line = " ".join(said.split())
    for word in words:
        assert word in line, said


BROKEN_PACKAGES = {
    "no typer": (["packages"], lambda it: it.remove("typer", "typer-*"), "typer is missing", COURSE_AGAIN),
    "no rich": (["packages"], lambda it: it.remove("rich", "rich-*"), "rich is missing", COURSE_AGAIN),
    "no pynvml": (["driver"], lambda it: it.remove("pynvml.py", "nvidia_ml_py-*"), "'pynvml'", COURSE_AGAIN),
    "no numpy": (["packages"], lambda it: it.remove("numpy", "numpy-*"), "numpy is missing", COURSE_AGAIN),
    "no numpy for the notebooks": (
        ["notebooks"],
        lambda it: it.remove("numpy"),
        "No module named 'numpy'",
        f"{REINSTALL} numpy==",
    ),
    "no jupyterlab": (
        ["packages"],
        lambda it: it.remove("jupyterlab", "jupyterlab-*"),
        "jupyterlab is missing",
        COURSE_AGAIN,
    ),
    "no jupyter_core": (
        ["extensions"],
        lambda it: it.remove("jupyter_core"),
        "No module named 'jupyter_core'",
        f"{REINSTALL} jupyter_core==",
    ),
    "no packaging": (
        ["packages"],
        lambda it: it.remove("packaging"),
        "No module named 'packaging'",
        f"{REINSTALL} packaging==",
    ),
    "no nbformat": (
        ["sandbox"],
        lambda it: it.remove("nbformat"),
        "No module named 'nbformat'",
        f"{REINSTALL} nbformat==",
    ),
    "no pyseccomp": (
        ["sandbox"],
        lambda it: it.remove("pyseccomp.py"),
        "No module named 'pyseccomp'",
        "--force-reinstall pyseccomp",
    ),
    "half a pyseccomp": (
        ["sandbox"],
        lambda it: it.write("pyseccomp.py", "class Half("),
        "libseccomp cannot be used",
        "--force-reinstall pyseccomp",
    ),
    "a typer that raises": (
        ["imports"],
        lambda it: (it.only(), it.raising("typer", "raise OSError('no such library')")),
        "typer: OSError: no such library",
        REINSTALL,
    ),
    "a library that crashes": (
        ["imports"],
        lambda it: (it.only(), it.raising("sympy", DIES)),
        "ended by SIGSEGV",
        f"{REINSTALL} sympy==",
    ),
    "a library that exits": (
        ["imports"],
        lambda it: (it.only(), it.raising("psutil", "import sys; sys.exit(3)")),
        "psutil: SystemExit: 3",
        REINSTALL,
    ),
    "a library that ends the process": (
        ["imports"],
        lambda it: (it.only(), it.raising("psutil", "import os; os._exit(0)")),
        "psutil: Python crashed, it ended with status 0",
        f"{REINSTALL} psutil==",
    ),
    "a file of numpy's is missing": (
        ["imports"],
        lambda it: (it.only("numpy"), it.remove("numpy/_core/_multiarray_umath*.so")),
        "numpy: ",
        REINSTALL,
    ),
    "torch without one of its libraries": (
        ["imports"],
        lambda it: (it.only("torch", "numpy"), it.remove("torch/lib/libtorch_cpu.so")),
        "libtorch_cpu.so: cannot open",
        "torch==",
    ),
    "tensorflow without one of its libraries": (
        ["imports"],
        lambda it: (
            it.only("tensorflow", "keras", "numpy"),
            it.write("tensorflow/python/_pywrap_tensorflow_internal.so", ""),
        ),
        "_pywrap_tensorflow_internal.so: file too short",
        "tensorflow==",
    ),
    "metadata that are not UTF-8": (
        ["metadata", "packages"],
        lambda it: (it.remove("rich-*"), it.write("rich-13.dist-info/METADATA", NOT_UTF8)),
        "rich-13.dist-info cannot be read",
        REINSTALL,
    ),
    "entry points that are not UTF-8": (
        ["metadata", "sandbox"],
        lambda it: it.write("odd-1.dist-info/entry_points.txt", b"[\xff]\n"),
        "odd-1.dist-info cannot be read",
        "rm -r odd-1.dist-info",
    ),
    "no metadata": (
        ["metadata", "packages"],
        lambda it: (it.remove("rich-*"), it.write("rich-13.dist-info/RECORD", "")),
        "rich-13.dist-info cannot be read",
        REINSTALL,
    ),
    "two versions of a package": (
        ["metadata"],
        lambda it: it.write("rich-12.dist-info/METADATA", "Metadata-Version: 2.1\nName: rich\nVersion: 12\n"),
        "rich is there twice",
        REINSTALL,
    ),
    "an interrupted update": (
        ["metadata"],
        lambda it: it.write("~orch/__init__.py", ""),
        "~orch is left",
        "rm -r '~orch'",
    ),
}
"""Of each: where to look, how to break it, what must be named, and what mends it."""
AT_ONCE = ("no typer", "no pynvml", "a typer that raises", "a library that crashes", "metadata that are not UTF-8")


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


MADE_FULL = ["--size", "4096", "--tmpfs"]
BROKEN_PLACES = {
    "output in ASCII": (["python"], [], {"PYTHONIOENCODING": "ascii"}, 0, "ok Python", ""),
    "output in ASCII by locale": (
        ["python"],
        [],
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        0,
        "Python",
        "",
    ),
    "no such home": (["home"], [], {"HOME": "/nowhere"}, 1, "/nowhere is not there", "or set HOME"),
    "a home that is read-only": (
        ["home"],
        ["--ro-bind", "{tmp}", "{tmp}"],
        {"HOME": "{tmp}"},
        1,
        "Read-only file system",
        "export HOME=",
    ),
    "a home that is full": (
        ["home"],
        [*MADE_FULL, "{tmp}"],
        {"HOME": "{tmp}"},
        1,
        "it is full",
        "make room there: df -h",
    ),
    "no such TMPDIR": (["temporary_files"], [], {"TMPDIR": "/nowhere"}, 0, "TMPDIR=/nowhere", "export TMPDIR=/tmp"),
    "TMPDIR that is read-only": (
        ["temporary_files"],
        ["--ro-bind", "{tmp}", "{tmp}"],
        {"TMPDIR": "{tmp}"},
        0,
        "Read-only file system",
        "export TMPDIR=/tmp",
    ),
    "TMPDIR that is full": (
        ["temporary_files"],
        [*MADE_FULL, "{tmp}"],
        {"TMPDIR": "{tmp}"},
        1,
        "it is full",
        "make room there: df -h",
    ),
    "nothing that can be written": (
        ["temporary_files", "sandbox"],
        ["--ro-bind", "/", "/", "--dev", "/dev"],
        {},
        1,
        "no folder can be written",
        "mkdir -p ~/tmp && export TMPDIR=~/tmp",
    ),
    "no bubblewrap": (["sandbox"], [], {"PATH": "/nowhere"}, 1, "there is no bwrap", "apt install bubblewrap"),
    "no proxy for the hub": (
        ["proxy"],
        ["--tmpfs", f"{sys.prefix}/proxy", "--setenv", "PATH", "/nowhere"],
        {},
        1,
        "is not on PATH",
        "npm install --global configurable-http-proxy",
    ),
    "no systemd": (["systemd"], ["--tmpfs", "/run"], {}, 0, "systemd does not run here", "systemd.py"),
    "no exchange": (
        ["exchange"],
        [],
        {"GRADIENTS_EXCHANGE": "/nowhere"},
        1,
        "/nowhere is not there",
        "lab/make_course.sh",
    ),
    "a configuration that is none": (
        ["graders"],
        [],
        {"GRADIENTS_HUB_CONFIG": "/etc/passwd"},
        1,
        "SyntaxError",
        "correct line 1 of /etc/passwd",
    ),
    "no configuration": (
        ["graders"],
        [],
        {"GRADIENTS_HUB_CONFIG": "/nowhere"},
        0,
        "no configuration of the hub",
        "GRADIENTS_HUB_CONFIG=FILE",
    ),
}
"""Of each: where to look, options of bubblewrap, the environment, the exit status, what is named, and what mends it."""
PLACES_AT_ONCE = ("output in ASCII", "a home that is full", "nothing that can be written")


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
