"""Assignments that are no units of the course run confined and limited: what students try, and what it gets them."""

import json
import os
import re
import socket

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from plain_course import PYTHON, RIGHT, add_odd, answering, both, hand_in, marks, run
from sampled import rest

from autograder.course import PROJECT

pytestmark = pytest.mark.exhaustive

OURS = PROJECT / "autograder"
SETTINGS = "c = get_config()\nc.ConfinedExecute.limits = {'memory': 500_000_000}\nc.ConfinedExecute.timeout = 15\n"
SPY = """
import glob, json, os, pathlib, socket, sqlite3
def tried(what):
    try:
        return repr(what())[:200]
    except Exception as error:
        return type(error).__name__
print(json.dumps({{
    "gradebook": tried(lambda: open("{root}/gradebook.db").read(1)),
    "marks": tried(lambda: sqlite3.connect("{root}/gradebook.db").execute("update grade set manual_score = 100")),
    "others": tried(lambda: os.listdir("{root}/submitted")),
    "source": tried(lambda: open("{root}/source/odd/first.ipynb", "a")),
    "network": tried(lambda: socket.create_connection(("127.0.0.1", {port}))),
    "grader": tried(lambda: open("{grader}", "a")),
    "secret": os.environ.get("A_SECRET"),
    "hidden": [name for name in glob.glob("*.*") if "root(9)" + " == 3" in pathlib.Path(name).read_text()],
}}))
"""
REFUSED = {"FileNotFoundError", "PermissionError", "OperationalError", "OSError"}


def dying(notebook):
    RIGHT(notebook)
    answering(root="import os\ndef root(x):\n    os._exit(3) if x == 1 else None\n    return x ** 0.5")(notebook)


def spying(root, port):
    spy = SPY.format(root=root, port=port, grader=PROJECT / "autograder" / "in_nbgrader.py")
    return both(RIGHT, lambda notebook: notebook.cells.append(new_code_cell(spy)))


CLASS = {
    "an_honest": RIGHT,
    "dying": dying,
    "paying": answering(
        root="import os\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "def root(x):\n    InteractiveShell.instance().displayhook(2.0)\n    import sys, time\n    sys.stdout.flush()\n"
        "    time.sleep(1)\n    os._exit(0)"
    ),
    "greedy": answering(root="def root(x):\n    return bytearray(3_000_000_000)"),
    "flooding": answering(root="def root(x):\n    while x == 9:\n        print('x' * 10_000)\n    return x ** 0.5"),
    "deaf": answering(
        root="import signal, time\ndef root(x):\n    while x == 9:\n"
        "        signal.signal(signal.SIGINT, signal.SIG_IGN)\n        time.sleep(0.1)\n    return x ** 0.5"
    ),
    "with_links": RIGHT,
    "with_a_borrowed_notebook": RIGHT,
    "with_a_pipe": RIGHT,
    "with_a_device": RIGHT,
    "zoe_honest": RIGHT,
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A course folder with honest and hostile submissions of ``odd``, graded, and what nbgrader said."""
    root = tmp_path_factory.mktemp("hostile")
    add_odd(root)
    (root / "nbgrader_config.py").write_text(SETTINGS)
    run(root, "generate_assignment", "odd", config=OURS)
    folders = {student: hand_in(root, "odd", student, edit, root / "release") for student, edit in CLASS.items()}
    (folders["with_links"] / "leak.txt").symlink_to(root / "gradebook.db")
    borrowed = folders["with_a_borrowed_notebook"] / "first.ipynb"
    borrowed.unlink()
    borrowed.symlink_to(folders["an_honest"] / "first.ipynb")
    os.mkfifo(folders["with_a_pipe"] / "notes.txt")
    (folders["with_a_device"] / "notes.txt").symlink_to("/dev/zero")
    with socket.create_server(("127.0.0.1", 0)) as server:
        hand_in(root, "odd", "spying", spying(root, server.getsockname()[1]), root / "release")
        said = run(root, "autograde", "odd", config=OURS, check=False, A_SECRET="known")
    return root, said


def points(root, student):
    """The automatic points of each cell of the first notebook."""
    noted = {key: value for key, value in marks(root).items() if key[:3] == (student, "odd", "first") and len(key) == 4}
    return {key[3]: value[0] for key, value in noted.items()}


def test_honest_submissions_keep_their_marks(hostile):
    root, _ = hostile
    noted = marks(root)
    right = {"test_root": 2, "test_share": 2, "test_word": 1, "test_helper": 1, "test_stage": 1, "essay": None}
    for student in ("an_honest", "zoe_honest", "with_links"):
        assert {name: points(root, student)[name] for name in right} == right
        assert noted[student, "odd", "second", "test_whole"][0] == 3.5


def test_an_answer_reaches_nothing_but_its_own_files(hostile):
    root, _ = hostile
    notebook = nbformat.read(root / "autograded" / "spying" / "odd" / "first.ipynb", as_version=4)
    got = json.loads(notebook.cells[-1].outputs[0].text)
    assert got.pop("secret") is None and got.pop("hidden") == []
    assert set(got.values()) <= REFUSED, got


def test_a_result_shown_before_the_kernel_ends_earns_nothing(hostile):
    root, said = hostile
    assert points(root, "paying")["test_root"] == 0
    assert "paying, first: dead kernel" in said


def test_a_kernel_that_dies_costs_what_comes_after_it(hostile):
    root, said = hostile
    assert points(root, "dying")["test_root"] == 2
    assert [points(root, "dying")[name] for name in ("test_share", "test_word", "test_stage")] == [0, 0, 0]
    assert "dying, first: dead kernel: the kernel died in cell 5" in said


@pytest.mark.parametrize(
    ("student", "finding"),
    [("greedy", "memory limit"), ("flooding", "(output|memory) limit"), ("deaf", "kernel stopped")],
)
def test_a_limit_is_named_and_the_cell_earns_nothing(hostile, student, finding):
    root, said = hostile
    assert points(root, student)["test_root"] == 0
    assert re.search(f"{student}, first: {finding}", said)


def test_nothing_is_read_that_a_link_leads_to(hostile):
    root, said = hostile
    assert not (root / "autograded" / "with_links" / "odd" / "leak.txt").exists()
    assert not (root / "autograded" / "with_a_borrowed_notebook" / "odd").exists()
    assert "symbolic link" in said


@pytest.mark.parametrize("student", ["with_a_pipe", "with_a_device"])
def test_what_cannot_be_copied_is_named(hostile, student):
    root, said = hostile
    assert f"submitted/{student}/odd is not graded: remove notes.txt" in said
    assert not (root / "autograded" / student / "odd").exists()


def test_it_is_said_that_marks_can_be_forged(hostile):
    _, said = hostile
    assert said.count("odd is no unit of the course: its tests run beside the answers") == 1


def other_kernel(folder):
    """A kernel that is another program."""
    place = folder / "kernels" / "other"
    place.mkdir(parents=True)
    argv = ["/bin/false", "{connection_file}"]
    (place / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Other", "language": "other"}))
    return folder


@pytest.mark.parametrize(
    ("settings", "isolation", "runs"),
    [
        rest("", "strict", False),
        rest("", "none", True),
        ("c.ConfinedExecute.unconfined_kernels = ['other']", "strict", True),
    ],
)
def test_another_kernel_runs_only_where_it_is_allowed_and_nbgrader_says_so(tmp_path, settings, isolation, runs):
    root, folder = tmp_path / "course", other_kernel(tmp_path / "jupyter")
    add_odd(root)
    for path in (root / "source" / "odd").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata.kernelspec = PYTHON | {"name": "other"}
        nbformat.write(notebook, path)
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{settings}\n")
    run(root, "generate_assignment", "odd", config=OURS)
    hand_in(root, "odd", "ann", RIGHT, root / "release")
    variables = {"JUPYTER_PATH": str(folder), "GRADIENTS_ISOLATION": isolation}
    said = run(root, "autograde", "odd", config=OURS, check=False, **variables)
    assert ("first of ann runs unconfined, " in said) is runs
    assert ("CannotConfine" in said) is not runs
    assert runs or "c.ConfinedExecute.unconfined_kernels = ['other']" in said


def test_a_notebook_that_names_the_confined_kernel_of_jupyterlab_is_graded_as_any_other(tmp_path):
    add_odd(tmp_path)
    run(tmp_path, "generate_assignment", "odd", config=OURS)

    def named(notebook):
        RIGHT(notebook)
        notebook.metadata.kernelspec = PYTHON | {"name": "gradients-confined"}

    hand_in(tmp_path, "odd", "ann", RIGHT, tmp_path / "release")
    hand_in(tmp_path, "odd", "bob", named, tmp_path / "release")
    run(tmp_path, "autograde", "odd", config=OURS)
    got = marks(tmp_path)
    assert got["bob", "odd"] == got["ann", "odd"]
