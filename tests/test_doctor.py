"""``course doctor``: what it finds, and that it says how to mend it."""

import json
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from course.cli import app


def doctor(*words, path=None):
    return CliRunner().invoke(app, ["doctor", *words], env={"COLUMNS": "200", **({"PATH": path} if path else {})})


def test_a_whole_installation_is_well():
    done = doctor("--json")
    assert done.exit_code == 0, done.output
    found = {one["name"]: one for one in json.loads(done.output)}
    assert all(one["well"] for one in found.values()) and "seccomp" in found["sandbox for grading"]["found"]


def test_a_missing_sandbox_is_named_with_the_command_that_installs_it(tmp_path):
    done = doctor(path=str(tmp_path))
    assert done.exit_code == 1 and "✗ sandbox for grading" in done.output and "apt install bubblewrap" in done.output


def test_the_command_has_help_with_an_example():
    command = Path(sys.executable).with_name("course")
    shown = subprocess.run([command, "doctor", "--help"], capture_output=True, text=True, check=True).stdout
    assert "Example: course doctor" in shown
