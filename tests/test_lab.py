"""``course lab``: a student's own notebooks are never overwritten, and faults are reported in one line."""

import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from autograder.course import NOTEBOOKS, PROJECT
from course import UNITS
from course.cli import app
from course.lab import CannotOpen, bring_notebooks, extensions

RELEASED = PROJECT / NOTEBOOKS


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to start from."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lab(*words):
    done = CliRunner().invoke(app, ["lab", "--no-browser", *words], env={"COLUMNS": "300"})
    return done.exit_code, done.output


def test_notebooks_are_copied_once_and_then_belong_to_the_student(tmp_path):
    assert len(bring_notebooks(RELEASED, tmp_path)) == len(UNITS)
    copy = next(tmp_path.glob("*/numeric_gradient.ipynb"))
    assert copy.read_bytes() == (RELEASED / copy.relative_to(tmp_path)).read_bytes()
    copy.write_text("my answers")
    mine = tmp_path / "00_start_here" / "start_here.new"
    mine.write_text("my notes")
    (tmp_path / "00_start_here" / "start_here.ipynb").unlink()
    assert [path.name for path in bring_notebooks(RELEASED, tmp_path)] == ["start_here.ipynb"]
    assert copy.read_text() == "my answers" and mine.read_text() == "my notes"
    assert not list(tmp_path.glob("*/.*"))


def test_it_can_be_imported_where_there_is_no_unix():
    block = "import sys; sys.modules.update(dict.fromkeys(['fcntl', 'pwd', 'resource', 'termios']))"
    subprocess.run([sys.executable, "-c", f"{block}; import course.cli, course.lab, course.doctor"], check=True)


def test_there_must_be_notebooks(tmp_path):
    with pytest.raises(CannotOpen, match=r"no notebooks in .*; write them with: autograder build"):
        bring_notebooks(tmp_path / "nothing", tmp_path / "work")


def test_an_unknown_unit_is_told_with_the_list_and_nothing_is_written(elsewhere):
    code, said = lab("nonsense")
    assert code == 2 and "no unit is called 'nonsense'; the units are start_here, numeric_gradient" in said
    assert not list(elsewhere.iterdir())


def test_a_port_that_is_taken_is_told_in_a_line(elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = lab("--port", str(port))
    assert code == 2 and len(said.splitlines()) == 1
    assert f"port {port} cannot be used" in said and "leave --port out" in said


def test_a_missing_jupyterlab_is_told_with_the_command_that_installs_it(elsewhere, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    code, said = lab("numeric_gradient")
    assert code == 2 and "JupyterLab is missing" in said and "pip install jupyterlab" in said
    assert len(list(elsewhere.glob("my_work/*/*.ipynb"))) == len(UNITS)


def test_an_extension_that_cannot_be_imported_is_told_and_nothing_is_opened(elsewhere, monkeypatch):
    assert extensions() == ["autograder.interactive.extension"]
    monkeypatch.setitem(sys.modules, "autograder.interactive.extension", None)
    code, said = lab("numeric_gradient")
    assert code == 2 and "autograder.interactive.extension cannot be imported" in said


def test_a_file_in_the_way_is_named(elsewhere):
    (elsewhere / "my_work").write_text("a file")
    code, said = lab()
    assert code == 2 and "my_work" in said and "Traceback" not in said


def test_help_has_an_example():
    assert "Example: course lab numeric_gradient" in lab("--help")[1]
